import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hrtime } from 'node:process'
import { addressOfPrivateKey, encodeCharter } from '#protocol'
import { startAnvil } from '../node/chain/anvil.ts'
import { foundNetwork } from '../node/founding.ts'
import { makeBill } from './mesh/bills.ts'
import type { Order, Report } from './mesh/messages.ts'
import type { BenchOptions, BenchResult } from './results.ts'

const AUDITORS = 4
const BILL_BYTES = 10_000
/** Bills of the throughput run; enough for some seconds of steady state. */
const FLOOD_BILLS = 2_000
/** Submissions on their way to one auditor at a time, as a busy client would have. */
const FLOOD_WINDOW = 32
const PACED_BILLS_PER_S = 10
const PACED_BILLS = 200
const LIMIT_MS = 180_000

function nowMs(): number {
  return Number(hrtime.bigint() / 1_000n) / 1_000
}

/** One auditor process and what it has said. */
class Auditor {
  readonly #process: ChildProcess
  readonly #waiting = new Map<string, (report: Report) => void>()
  readonly certifiedAtMs = new Map<string, number>()
  onCertified: () => void = () => undefined

  constructor() {
    this.#process = fork(new URL('./mesh/auditor.ts', import.meta.url), {
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

/** Time of a submission, and the CID it got. */
type Submitted = { readonly cid: string; readonly sentAtMs: number; readonly auditor: Auditor }

async function submit(auditor: Auditor, id: number, visibility: 'public' | 'sealed'): Promise<Submitted> {
  const sentAtMs = nowMs()
  const report = await auditor.ask({ kind: 'submit', id, bytes: makeBill(id, BILL_BYTES), visibility }, String(id))
  if (report.kind !== 'submitted') throw new Error(`bill ${id} was refused: ${JSON.stringify(report)}`)
  return { cid: report.cid, sentAtMs, auditor }
}

async function untilCertified(auditors: readonly Auditor[], count: number, what: string): Promise<void> {
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

async function cpuMsOf(auditors: readonly Auditor[]): Promise<number> {
  const reports = await Promise.all(auditors.map(async (auditor) => auditor.ask({ kind: 'report' }, 'peers')))
  return reports.reduce((sum, report) => sum + (report.kind === 'peers' ? report.cpuMs : 0), 0)
}

/** Bills per second that all auditors certify, and processor time of all of them together for one bill. */
type Flood = { readonly billsPerS: number; readonly cpuMsPerBill: number }

async function flood(auditors: readonly Auditor[], visibility: 'public' | 'sealed', firstId: number): Promise<Flood> {
  const cpuBeforeMs = await cpuMsOf(auditors)
  const before = auditors[0]?.certifiedAtMs.size ?? 0
  const begunMs = nowMs()
  let next = 0
  const work = async (auditor: Auditor): Promise<void> => {
    while (next < FLOOD_BILLS) await submit(auditor, firstId + next++, visibility)
  }
  await Promise.all(auditors.flatMap((auditor) => Array.from({ length: FLOOD_WINDOW }, async () => work(auditor))))
  await untilCertified(auditors, before + FLOOD_BILLS, 'flood')
  const billsPerS = (FLOOD_BILLS * 1_000) / (nowMs() - begunMs)
  return { billsPerS, cpuMsPerBill: ((await cpuMsOf(auditors)) - cpuBeforeMs) / FLOOD_BILLS }
}

async function paced(
  auditors: readonly Auditor[],
  visibility: 'public' | 'sealed',
  firstId: number,
): Promise<number[]> {
  const before = auditors[0]?.certifiedAtMs.size ?? 0
  const submissions: Promise<Submitted>[] = []
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const number = submissions.length
      const auditor = auditors[number % auditors.length]
      if (auditor !== undefined) submissions.push(submit(auditor, firstId + number, visibility))
      if (submissions.length < PACED_BILLS) return
      clearInterval(timer)
      resolve()
    }, 1_000 / PACED_BILLS_PER_S)
  })
  const sent = await Promise.all(submissions)
  await untilCertified(auditors, before + PACED_BILLS, 'paced')
  return sent
    .map(({ cid, sentAtMs, auditor }) => (auditor.certifiedAtMs.get(cid) ?? Infinity) - sentAtMs)
    .toSorted((a, b) => a - b)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

async function startMesh(folder: string): Promise<{ auditors: Auditor[]; stop: () => Promise<void> }> {
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
    }
    const report = await auditor.ask({ kind: 'start', init }, 'started')
    if (report.kind === 'started') listen.push(...report.listen.slice(0, 1))
  }
  const stop = async (): Promise<void> => {
    await Promise.all(auditors.map(async (auditor) => auditor.stop()))
    await anvil.stop()
  }
  return { auditors, stop }
}

async function untilMeshed(auditors: readonly Auditor[]): Promise<number> {
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

/**
 * Four auditors in processes of their own, block stores on disk, an Anvil to anchor to: how many bills a second all four
 * certify, and how long one takes at a steady pace.
 */
export async function benchMesh(options: BenchOptions): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kwitness-bench-'))
  const mesh = await startMesh(folder)
  try {
    const rssBytes = await untilMeshed(mesh.auditors)
    options.progress(`${AUDITORS} auditors are up; warming up`)
    await paced(mesh.auditors, 'public', 1_000_000)
    options.progress(`${PACED_BILLS} public bills at ${PACED_BILLS_PER_S}/s`)
    const latencies = await paced(mesh.auditors, 'public', 2_000_000)
    options.progress(`${PACED_BILLS} sealed bills at ${PACED_BILLS_PER_S}/s`)
    const sealedLatencies = await paced(mesh.auditors, 'sealed', 3_000_000)
    options.progress(`${FLOOD_BILLS} public bills as fast as they go`)
    const publicFlood = await flood(mesh.auditors, 'public', 4_000_000)
    options.progress(`${FLOOD_BILLS} sealed bills as fast as they go`)
    const sealedFlood = await flood(mesh.auditors, 'sealed', 5_000_000)
    return [
      { name: 'certified_bills_per_s', value: publicFlood.billsPerS, unit: 'bills/s' },
      { name: 'certified_sealed_bills_per_s', value: sealedFlood.billsPerS, unit: 'bills/s' },
      { name: 'cpu_per_bill', value: publicFlood.cpuMsPerBill, unit: 'ms, all four' },
      { name: 'cpu_per_sealed_bill', value: sealedFlood.cpuMsPerBill, unit: 'ms, all four' },
      { name: 'p50_ms', value: quantile(latencies, 0.5), unit: 'ms' },
      { name: 'p99_ms', value: quantile(latencies, 0.99), unit: 'ms' },
      { name: 'sealed_p50_ms', value: quantile(sealedLatencies, 0.5), unit: 'ms' },
      { name: 'sealed_p99_ms', value: quantile(sealedLatencies, 0.99), unit: 'ms' },
      { name: 'idle_auditor_rss', value: rssBytes / 1e6, unit: 'MB' },
    ]
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
