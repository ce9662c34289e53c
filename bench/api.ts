import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApiKey } from '#api'
import { readForAWhile } from './api/reads.ts'
import { submitPaced } from './api/submissions.ts'
import { cpuMsOf, quantile, startMesh, untilCertified, untilMeshed } from './mesh/region.ts'
import type { Auditor } from './mesh/region.ts'
import type { BenchOptions, BenchResult } from './results.ts'

const BILL_BYTES = 10_000
const BILLS_PER_S = 100
const DURATION_S = 60
/** Bills before the first measured one: code is compiled, connections are open. */
const WARM_UP_BILLS = 300
const READ_CONNECTIONS = 32
const READ_MS = 10_000
/** Bills that are read in turn: more than one, few enough to be what a client polls. */
const READ_BILLS = 100

/** 202s at a pace, all certified at the end. */
async function sustained(
  auditors: readonly Auditor[],
  key: string,
  run: { visibility: 'public' | 'sealed'; firstNumber: number; bills: number },
): Promise<{ cids: readonly string[]; tookMs: readonly number[]; cpuMsPerBill: number }> {
  const before = auditors[0]?.certifiedAtMs.size ?? 0
  const cpuBeforeMs = await cpuMsOf(auditors)
  const urls = auditors.map(({ url }) => url)
  const common = { urls, key, billsPerS: BILLS_PER_S, billBytes: BILL_BYTES }
  const { cids, tookMs, refused } = await submitPaced({ ...common, ...run })
  if (refused.size > 0) throw new Error(`bills were refused: ${JSON.stringify([...refused])}`)
  if (new Set(cids).size !== run.bills) throw new Error('answers do not name one bill each')
  await untilCertified(auditors, before + run.bills, `${run.visibility} bills`)
  const lost = cids.filter((cid) => !auditors.every(({ certifiedAtMs }) => certifiedAtMs.has(cid)))
  if (lost.length > 0) throw new Error(`${lost.length} bills with a 202 were not certified: ${lost[0]}`)
  return { cids, tookMs, cpuMsPerBill: ((await cpuMsOf(auditors)) - cpuBeforeMs) / run.bills }
}

/** Reads of one auditor, the others idle. */
async function reads(url: string, key: string, cids: readonly string[]): Promise<BenchResult[]> {
  const some = cids.slice(0, READ_BILLS)
  const common = { url, connections: READ_CONNECTIONS, durationMs: READ_MS }
  const headers = [`authorization: Bearer ${key}`]
  const paths = some.map((cid) => `/v1/bills/${cid}`)
  await readForAWhile({ ...common, paths, headers, durationMs: 2_000 })
  const bills = await readForAWhile({ ...common, paths, headers })
  const raw = some.map((cid) => `/ipfs/${cid}?format=raw`)
  await readForAWhile({ ...common, paths: raw, durationMs: 1_000 })
  const blocks = await readForAWhile({ ...common, paths: raw })
  return [
    { name: 'reads_per_s', value: bills.readsPerS, unit: 'bill states/s, one node' },
    { name: 'read_p99_ms', value: quantile(bills.tookMs, 0.99), unit: 'ms' },
    { name: 'blocks_per_s', value: blocks.readsPerS, unit: 'raw blocks of 10 kB/s, one node' },
  ]
}

/**
 * Four auditors that serve their APIs: 202s at a steady pace for a minute, every one of them certified in the end, and reads
 * on one auditor.
 */
export async function benchApi(options: BenchOptions): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kwitness-bench-'))
  const { text: key, record } = createApiKey({
    id: randomBytes(6),
    secret: randomBytes(32),
    account: 'bench',
    scopes: ['bills:write', 'bills:read'],
    createdAt: new Date().toISOString(),
  })
  const mesh = await startMesh(folder, [record])
  try {
    await untilMeshed(mesh.auditors)
    const { auditors } = mesh
    const bills = BILLS_PER_S * DURATION_S
    options.progress('four auditors are up; warming up')
    await sustained(auditors, key, { visibility: 'public', firstNumber: 1_000_000, bills: WARM_UP_BILLS })
    await sustained(auditors, key, { visibility: 'sealed', firstNumber: 2_000_000, bills: WARM_UP_BILLS })
    const results: BenchResult[] = []
    let own: readonly string[] = []
    for (const [visibility, firstNumber] of [
      ['public', 3_000_000],
      ['sealed', 4_000_000],
    ] as const) {
      options.progress(`${bills} ${visibility} bills at ${BILLS_PER_S}/s`)
      const { cids, tookMs, cpuMsPerBill } = await sustained(auditors, key, { visibility, firstNumber, bills })
      // Bills went to the auditors in turn: these are the first one's.
      if (visibility === 'public') own = cids.filter((_, index) => index % auditors.length === 0)
      results.push(
        { name: `${visibility}_202_p50_ms`, value: quantile(tookMs, 0.5), unit: `ms, ${bills} bills, none lost` },
        { name: `${visibility}_202_p99_ms`, value: quantile(tookMs, 0.99), unit: 'ms' },
        { name: `${visibility}_cpu_per_bill`, value: cpuMsPerBill, unit: 'ms, all four' },
      )
    }
    options.progress('reads on one auditor')
    return [...results, ...(await reads(auditors[0]?.url ?? '', key, own))]
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
