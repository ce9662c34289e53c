import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeBill } from './mesh/bills.ts'
import { AUDITORS, cpuMsOf, nowMs, quantile, startMesh, untilCertified, untilMeshed } from './mesh/region.ts'
import type { Auditor } from './mesh/region.ts'
import type { BenchOptions, BenchResult } from './results.ts'

const BILL_BYTES = 10_000
/** Bills of the throughput run; enough for some seconds of steady state. */
const FLOOD_BILLS = 2_000
/** Submissions on their way to one auditor at a time, as a busy client would have. */
const FLOOD_WINDOW = 32
const PACED_BILLS_PER_S = 10
const PACED_BILLS = 200

/** Time of a submission, and the CID it got. */
type Submitted = { readonly cid: string; readonly sentAtMs: number; readonly auditor: Auditor }

async function submit(auditor: Auditor, id: number, visibility: 'public' | 'sealed'): Promise<Submitted> {
  const sentAtMs = nowMs()
  const report = await auditor.ask({ kind: 'submit', id, bytes: makeBill(id, BILL_BYTES), visibility }, String(id))
  if (report.kind !== 'submitted') throw new Error(`bill ${id} was refused: ${JSON.stringify(report)}`)
  return { cid: report.cid, sentAtMs, auditor }
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
