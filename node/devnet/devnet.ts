import { setTimeout as delay } from 'node:timers/promises'
import { createSandbox } from '#audit'
import { loadDatasets } from '#datasets'
import type { Charter } from '#protocol'
import { ApiClient } from '../cli/client.ts'
import { CliError } from '../cli/cli-error.ts'
import { CLI_SANDBOX } from '../cli/with-examiner.ts'
import { Examiner } from '../examiner.ts'
import { AuditorProcess } from './auditor-process.ts'
import { runBill } from './bill-run.ts'
import type { BillProgress } from './bill-run.ts'
import type { DevnetBill } from './bills.ts'
import { startChain } from './chain.ts'
import type { DevnetChain } from './chain.ts'
import { POLL_MS, START_TIMEOUT_MS } from './constants.ts'
import { directoryOf, writeDirectories } from './directories.ts'
import { planRegions } from './plan.ts'
import type { PlannedAuditor, PlannedRegion } from './plan.ts'
import type { DevnetRegionName } from './regions.ts'

/** Options of a {@link Devnet}. */
export type DevnetInit = {
  /** Folder for data directories, logs and the charter. */
  readonly root: string
  readonly regions: readonly DevnetRegionName[]
  /** Auditors of each region. */
  readonly auditors: number
}

/** What a devnet tells while it works. */
export type DevnetView = {
  /** What is being waited for. */
  phase(text: string): void
  bill(progress: BillProgress): void
  /** An auditor ended that should run. */
  died(failure: CliError): void
}

type Member = { readonly planned: PlannedAuditor; readonly process: AuditorProcess; readonly client: ApiClient }
type RunningRegion = { readonly planned: PlannedRegion; readonly members: readonly Member[] }

/** A whole network on this machine: a chain, and one process for each auditor. */
export class Devnet {
  readonly #init: DevnetInit
  readonly #view: DevnetView
  readonly #stopped = new AbortController()
  readonly #signal: AbortSignal
  #chain: DevnetChain | undefined
  #processes: AuditorProcess[] = []
  #regions: RunningRegion[] = []

  constructor(init: DevnetInit, view: DevnetView, signal: AbortSignal) {
    this.#init = init
    this.#view = view
    this.#signal = AbortSignal.any([signal, this.#stopped.signal])
  }

  /** Number of auditors. */
  get size(): number {
    return this.#processes.length
  }

  get charter(): Charter {
    return this.#running.charter
  }

  get rpcUrl(): string {
    return this.#running.anvil.rpcUrl
  }

  /** Directory and API of an auditor that a person may use for a try. */
  get firstAuditor(): { readonly dir: string; readonly api: string; readonly region: string } | undefined {
    const region = this.#regions[0]
    const member = region?.members[0]
    if (region === undefined || member === undefined) return undefined
    return { dir: directoryOf(this.#init.root, member.planned), api: member.client.url, region: region.planned.name }
  }

  get #running(): DevnetChain {
    if (this.#chain === undefined) throw new TypeError('the devnet is not started')
    return this.#chain
  }

  /**
   * Starts the chain and all auditors at once; returns when they run, not yet when they are connected.
   *
   * @throws {CliError} ERR_DEVNET_PROCESS; {ChainError}. Call {@link stop} also after a failure.
   */
  async start(): Promise<void> {
    const { root, regions, auditors } = this.#init
    this.#view.phase('starting the chain')
    const planned = await planRegions(regions, auditors)
    this.#chain = await startChain(planned, this.#signal)
    this.#view.phase('making keys and data directories')
    const { charter, anvil, deployed } = this.#chain
    const apiKeys = await writeDirectories(root, { regions: planned, charter, rpcUrl: anvil.rpcUrl })
    this.#signal.throwIfAborted()
    this.#view.phase(`starting ${planned.length * auditors} auditors`)
    this.#regions = planned.map((region) => ({
      planned: region,
      members: region.auditors.map((auditor) => this.#spawn(auditor, apiKeys.get(auditor.name))),
    }))
    const deadline = AbortSignal.any([this.#signal, AbortSignal.timeout(START_TIMEOUT_MS)])
    await Promise.all([deployed, ...this.#processes.map(async (process) => process.waitUntilStarted(deadline))])
  }

  #spawn(planned: PlannedAuditor, key: string | undefined): Member {
    const process = new AuditorProcess(planned.name, directoryOf(this.#init.root, planned))
    this.#processes.push(process)
    const url = `http://127.0.0.1:${planned.apiPort}`
    return { planned, process, client: new ApiClient({ url, key, signal: this.#signal }) }
  }

  async #watch(process: AuditorProcess): Promise<void> {
    await process.exited
    if (!this.#signal.aborted) this.#view.died(await process.describeEnd())
  }

  /**
   * Submits bills to the auditors of their regions in turn, and follows each until it is final and verified. A region's
   * bills are submitted as soon as its auditors are all connected.
   */
  async run(bills: readonly DevnetBill[]): Promise<BillProgress[]> {
    const sandbox = createSandbox(CLI_SANDBOX)
    try {
      const examiner = new Examiner(sandbox, await loadDatasets())
      const results = await Promise.all(
        this.#regions.map(async (region) => {
          const ours = bills.filter((bill) => bill.region === region.planned.name)
          await this.#waitForMesh(region)
          this.#view.phase('waiting for votes, anchors and finality')
          return Promise.all(ours.map(async (bill, index) => this.#runBill(region, { bill, index }, examiner)))
        }),
      )
      return results.flat()
    } finally {
      await sandbox.close()
    }
  }

  async #runBill(
    region: RunningRegion,
    { bill, index }: { readonly bill: DevnetBill; readonly index: number },
    examiner: Examiner,
  ): Promise<BillProgress> {
    const member = region.members[index % region.members.length]
    if (member === undefined) throw new TypeError('a region has auditors')
    return runBill({
      bill,
      auditor: member.planned.name,
      client: member.client,
      charter: this.charter,
      secrets: region.planned.secrets,
      rpcUrl: this.rpcUrl,
      examiner,
      onChange: (progress) => this.#view.bill(progress),
      signal: this.#signal,
    })
  }

  async #waitForMesh({ planned, members }: RunningRegion): Promise<void> {
    this.#view.phase('waiting for the auditors to find each other')
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
    await Promise.all(
      members.map(async (member) => {
        for (;;) {
          const alive = await this.#countAlive(member)
          if (alive >= members.length) return
          if (deadline.aborted) {
            const message = `${member.planned.name} reaches ${alive} of ${members.length} auditors of ${planned.name}`
            throw new CliError(message, { code: 'ERR_CLI_TIMEOUT', state: 'starting' })
          }
          await delay(POLL_MS, undefined, { signal: this.#signal })
        }
      }),
    )
    for (const { process } of members) void this.#watch(process)
  }

  async #countAlive({ process, client }: Member): Promise<number> {
    try {
      return (await client.getHealth()).committee.alive
    } catch (thrown) {
      // A refused connection is often the first sign of an end that is told a moment later.
      await Promise.race([process.exited, delay(POLL_MS, undefined, { ref: false })])
      throw process.isRunning ? thrown : await process.describeEnd()
    }
  }

  /** Stops everything and waits for it. May be called again, and at any time. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#processes.map(async (process) => process.stop()))
    await this.#chain?.anvil.stop()
  }
}
