import { hrtime } from 'node:process'
import { createSandbox, extractBill } from '#audit'
import type { Sandbox } from '#audit'
import { loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import { encodeProof, verifyProofOffline } from '#protocol'
import type { Charter, Claim } from '#protocol'
import { computeBillCid } from '../node/bill-cid.ts'
import { buildClaim, Examiner } from '../node/examiner.ts'
import { hashFile } from '../node/hash-file.ts'
import { verifyProof } from '../node/verify.ts'
import { foundRegion, hashOf, makeProofs } from '../test/support/region-fixture.ts'
import type { RegionFixture } from '../test/support/region-fixture.ts'
import { makeBill } from './mesh/bills.ts'
import type { BenchOptions, BenchResult } from './results.ts'

/** Proofs that are verified again and again; nothing is kept between two verifications. */
const PROOFS = 64
/** Bills of a full batch, so that paths are as long as they get; each is recomputed once, since an examiner keeps results. */
const BILLS = 512
const BILL_BYTES = 10_000
const MEASURE_MS = 4_000

type Sample = { readonly proof: Uint8Array; readonly bill: Uint8Array }

/** Proofs per second on one thread: what file and charter show; then with each bill's figures computed again. */
export async function benchVerify({ progress }: BenchOptions): Promise<BenchResult[]> {
  const { signal } = new AbortController()
  const region = foundRegion()
  const { charter } = region
  const factors = await loadDatasets()
  progress(`making ${BILLS} bills and proofs`)
  const samples = await makeSamples(region, factors, signal)
  progress('verifying proofs')
  const proofs = samples.slice(0, PROOFS).map(({ proof }) => proof)
  verifyFor(charter, proofs, MEASURE_MS / 4)
  const offline = verifyFor(charter, proofs, MEASURE_MS)
  progress('verifying proofs and recomputing their bills')
  const sandbox = createSandbox({ workers: 1, memoryMb: 256, timeoutMs: 60_000 })
  try {
    const recomputed = await recompute(charter, samples, new Examiner(sandbox, factors), signal)
    return [
      { name: 'proofs_per_s', value: offline, unit: '1/s' },
      { name: 'proofs_with_recompute_per_s', value: recomputed, unit: '1/s' },
    ]
  } finally {
    await sandbox.close()
  }
}

function elapsedS(since: bigint): number {
  return Number(hrtime.bigint() - since) / 1e9
}

function verifyFor(charter: Charter, proofs: readonly Uint8Array[], durationMs: number): number {
  const started = hrtime.bigint()
  let count = 0
  while (elapsedS(started) * 1_000 < durationMs) {
    for (const proof of proofs) {
      const { ok, checks } = verifyProofOffline({ proof, charter })
      if (!ok) throw new Error(`a good proof was refused: ${JSON.stringify(checks)}`)
    }
    count += proofs.length
  }
  return count / elapsedS(started)
}

async function recompute(
  charter: Charter,
  samples: readonly Sample[],
  examiner: Examiner,
  signal: AbortSignal,
): Promise<number> {
  const started = hrtime.bigint()
  for (const { proof, bill } of samples) {
    const { ok, checks } = await verifyProof({ proof, charter, bill: { bytes: bill, examiner }, signal })
    if (!ok) throw new Error(`a good proof was refused: ${JSON.stringify(checks)}`)
  }
  return samples.length / elapsedS(started)
}

// In this thread, without the sandbox: the bills are our own.
async function makeSamples(region: RegionFixture, factors: Datasets, signal: AbortSignal): Promise<Sample[]> {
  const here: Sandbox = {
    extract: (bytes) => Promise.resolve(extractBill(bytes)),
    close: () => Promise.resolve(),
  }
  const examiner = new Examiner(here, factors)
  const bills = Array.from({ length: BILLS }, (_, i) => makeBill(i, BILL_BYTES))
  const claims: Claim[] = []
  for (const bytes of bills) {
    const plainHash = hashFile(bytes)
    const declaredPlace = { country: 'US', state: 'CA' }
    const examination = await examiner.examine(bytes, plainHash, declaredPlace, signal)
    const examined = examination.kind === 'facts' ? examination.bills[0] : undefined
    if (examined === undefined) throw new Error(`a sample bill gives no facts: ${JSON.stringify(examination)}`)
    const holder = hashOf('holder')
    const parts = { bill: await computeBillCid(bytes), plainHash, ordinal: 0, declaredPlace, holder, salt: plainHash }
    claims.push(buildClaim({ regionSecret: hashOf('secret') }, parts, examined))
  }
  const { proofs } = makeProofs(region, claims)
  return proofs.map((proof, i) => ({ proof: encodeProof(proof), bill: bills[i] ?? new Uint8Array() }))
}
