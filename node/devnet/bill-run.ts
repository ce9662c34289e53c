import { setTimeout as delay } from 'node:timers/promises'
import type { BillStatus } from '#api'
import { CodedError } from '#protocol'
import type { Charter, Check } from '#protocol'
import { totalGrams, isStuck } from '../cli/bill-lines.ts'
import type { ApiClient } from '../cli/client.ts'
import type { Examiner } from '../examiner.ts'
import type { RegionSecrets } from '../region-keys.ts'
import { verifyProof } from '../verify.ts'
import type { DevnetBill } from './bills.ts'
import { POLL_MS, STALL_MS } from './constants.ts'

/** A bill on its way; a new value for each change. */
export type BillProgress = {
  readonly bill: DevnetBill
  /** Name of the auditor that it was submitted to. */
  readonly auditor: string
  readonly status?: BillStatus
  /** All checks of all proofs passed, and the grams are those that were expected; absent before. */
  readonly isVerified?: boolean
  /** Why it is not verified. */
  readonly failure?: string
}

/** What a bill is run with. */
export type BillRunInit = {
  readonly bill: DevnetBill
  readonly auditor: string
  readonly client: ApiClient
  readonly charter: Charter
  readonly secrets: RegionSecrets
  readonly rpcUrl: string
  readonly examiner: Examiner
  readonly onChange: (progress: BillProgress) => void
  readonly signal: AbortSignal
}

/** Submits a bill, follows it until it is final, and verifies it as a stranger would: with proof file, bill and chain. */
export async function runBill(init: BillRunInit): Promise<BillProgress> {
  let progress: BillProgress = { bill: init.bill, auditor: init.auditor }
  const tell = (change: Partial<BillProgress>): BillProgress => {
    progress = { ...progress, ...change }
    init.onChange(progress)
    return progress
  }
  try {
    const { file, bytes, visibility, place } = init.bill
    const received = await init.client.submitBill({
      bytes,
      visibility,
      file: file.split('/').at(-1) ?? file,
      place,
    })
    tell({ status: received })
    const final = await follow(init, received, (status) => tell({ status }))
    const failure = final.state === 'final' ? await verify(init, final) : describe(final)
    return tell({ isVerified: failure === undefined, ...(failure === undefined ? {} : { failure }) })
  } catch (thrown) {
    if (init.signal.aborted || !(thrown instanceof CodedError)) throw thrown
    return tell({ isVerified: false, failure: thrown.message })
  }
}

async function follow(
  init: BillRunInit,
  received: BillStatus,
  onChange: (status: BillStatus) => void,
): Promise<BillStatus> {
  let last = received
  let stalled = AbortSignal.timeout(STALL_MS)
  while (last.state !== 'final' && !isStuck(last) && !stalled.aborted) {
    await delay(POLL_MS, undefined, { signal: init.signal })
    const status = await init.client.getBill(last.cid)
    if (status.state !== last.state) {
      stalled = AbortSignal.timeout(STALL_MS)
      onChange(status)
    }
    last = status
  }
  return last
}

function describe({ state, reason }: BillStatus): string {
  return reason === undefined ? `it is still ${state}` : `${state}: ${reason.message} (${reason.code})`
}

/** The first thing that is wrong. */
async function verify(init: BillRunInit, status: BillStatus): Promise<string | undefined> {
  const { bill, client, charter, secrets, rpcUrl, examiner, signal } = init
  for (const { ordinal, gramsCO2e } of status.claims) {
    const expected = bill.expectedGrams?.[ordinal]
    if (expected !== undefined && expected !== gramsCO2e)
      return `claim ${ordinal} has ${gramsCO2e} g, not ${expected} g`
    const { checks } = await verifyProof({
      proof: await client.readProof(status.cid, ordinal),
      charter,
      bill: {
        bytes: bill.bytes,
        examiner,
        sealedIdentities: secrets.archiveKeys.map(({ identity }) => identity),
        regionSecret: secrets.pointSecret,
      },
      rpcUrl,
      signal,
    })
    const failed = checks.find((check) => !check.ok) ?? findUnchecked(checks)
    if (failed !== undefined) return `${failed.name}: ${failed.detail}`
  }
  return status.claims.length === 0 ? 'it has no claims' : undefined
}

/**
 * What may stay unchecked here: the CID of a sealed file, which only its ciphertext has, and the batch block, which ties
 * undisclosed claims to their bill; these are disclosed.
 */
const OPTIONAL_CHECKS = ['bill-cid', 'batch-entry']

/** With chain, bill and keys at hand nothing else may be left out. */
function findUnchecked(checks: readonly Check[]): Check | undefined {
  return checks.find((check) => check.skipped === true && !OPTIONAL_CHECKS.includes(check.name))
}

/** Grams of a bill's claims, as decimal text; `undefined` before there are any. */
export function gramsOf(progress: BillProgress): string | undefined {
  const { status } = progress
  return status === undefined || status.claims.length === 0 ? undefined : totalGrams(status).toString()
}
