import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { hrtime } from 'node:process'
import type { ApiKeyRecord } from '#api'
import { addressOfPrivateKey, encodeCharter } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import { foundNetwork } from '../../node/founding.ts'
import type { Order, Report } from './messages.ts'

/** Auditors of a mesh. */
export const AUDITORS = 4
const LIMIT_MS = 180_000

/** The machine's monotonic clock in ms, the same for all processes. */
export function nowMs(): number {
  return Number(hrtime.bigint() / 1_000n) / 1_000
}

/** One auditor process and what it has said. */
export class Auditor {
  readonly #process: ChildProcess
  readonly #waiting = new Map<string, (report: Report) => void>()
  readonly certifiedAtMs = new Map<string, number>()
  onCertified: () => void = () => undefined
  /** Base URL of its API, if it serves one. */
  url = ''

  constructor() {
    this.#process = fork(new URL('./auditor.ts', import.meta.url), {
      // As in the first line of node/main.js.
      execArgv: ['--max-semi-space-size=4'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#process.on('message', (report: Report) => this.#hear(report))
  }

  #hear(report: Report): void {
    if (report.kind === 'certified') {
      for (const cid of report.cids) if (!this.certifiedAtMs.has(cid)) this.certifiedAtMs.set(cid, report.atMs)
      this.onCertified()
      return
    }
    const key = 'id' in report ? String(report.id) : report.kind
    const resolve = this.#waiting.get(key)
    this.#waiting.delete(key)
    resolve?.(report)
  }

  async ask(order: Order, answer: string): Promise<Report> {
    return new Promise((resolve) => {
      this.#waiting.set(answer, resolve)
      this.#process.send(order)
    })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.send({ kind: 'stop' } satisfies Order)
    await exited
  }
}

/** Waits until every auditor has certified so many bills. @throws {Error} after three minutes. */
export async function untilCertified(auditors: readonly Auditor[], count: number, what: string): Promise<void> {
  const isDone = (): boolean => auditors.every((auditor) => auditor.certifiedAtMs.size >= count)
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not all certified within ${LIMIT_MS} ms`)), LIMIT_MS)
    const look = (): void => {
      if (!isDone()) return
      clearTimeout(timer)
      resolve()
    }
    for (const auditor of auditors) auditor.onCertified = look
    look()
  })
}

/** Processor time of all auditors so far, in ms. */
export async function cpuMsOf(auditors: readonly Auditor[]): Promise<number> {
  const reports = await Promise.all(auditors.map(async (auditor) => auditor.ask({ kind: 'report' }, 'peers')))
  return reports.reduce((sum, report) => sum + (report.kind === 'peers' ? report.cpuMs : 0), 0)
}

/** Value below which a share of ascending values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Running auditors. */
export type Mesh = { readonly auditors: readonly Auditor[]; readonly stop: () => Promise<void> }

/**
 * Founds a region and starts its auditors, each in a process of its own.
 *
 * @param folder where their data directories go.
 * @param apiKeys with them each auditor serves its HTTP API on a free port.
 */
export async function startMesh(folder: string, apiKeys?: readonly ApiKeyRecord[]): Promise<Mesh> {
  const anvil = await startAnvil({ blockTimeS: 1 })
  const [deployerKey, ...payerKeys] = anvil.fundedKeys
  if (deployerKey === undefined) throw new Error('Anvil has no funded keys')
  const keys = Array.from({ length: AUDITORS }, () => new Uint8Array(randomBytes(32)))
  const { charter, secrets } = await foundNetwork({
    name: 'bench',
    rpcUrl: anvil.rpcUrl,
    chainId: anvil.chainId,
    deployerKey,
    regions: [{ name: 'north-america', jurisdictions: ['US'], auditors: keys.map(addressOfPrivateKey) }],
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  })
  const auditors = keys.map(() => new Auditor())
  const listen: string[] = []
  for (const [i, auditor] of auditors.entries()) {
    const privateKey = keys[i]
    const payerKey = payerKeys[i]
    const own = secrets[0]
    if (privateKey === undefined || payerKey === undefined || own === undefined) throw new Error('missing key')
    const init = {
      dataDir: join(folder, String(i)),
      charter: encodeCharter(charter),
      region: 'north-america',
      privateKey,
      payerKey,
      regionSecret: own.pointSecret,
      archiveKeys: own.archiveKeys,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [...listen],
      chain: { rpcUrl: anvil.rpcUrl },
      anchor: { intervalMs: 5_000, maxClaims: 10_000, stageMs: 10_000 },
      batch: { lingerMs: 100 },
      sync: { intervalMs: 5_000 },
      ...(apiKeys === undefined ? {} : { apiKeys }),
    }
    const report = await auditor.ask({ kind: 'start', init, servesApi: apiKeys !== undefined }, 'started')
    if (report.kind !== 'started') continue
    listen.push(...report.listen.slice(0, 1))
    auditor.url = report.url ?? ''
  }
  const stop = async (): Promise<void> => {
    await Promise.all(auditors.map(async (auditor) => auditor.stop()))
    await anvil.stop()
  }
  return { auditors, stop }
}

/** Waits until the auditors see each other. @returns memory of the largest in bytes. */
export async function untilMeshed(auditors: readonly Auditor[]): Promise<number> {
  let rssBytes = 0
  for (const auditor of auditors) {
    for (let tries = 0; ; tries += 1) {
      const report = await auditor.ask({ kind: 'report' }, 'peers')
      if (report.kind === 'peers' && report.alive === AUDITORS) {
        rssBytes = Math.max(rssBytes, report.rssBytes)
        break
      }
      if (tries > 200) throw new Error('auditors do not find each other')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return rssBytes
}
