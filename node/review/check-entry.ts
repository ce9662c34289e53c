import { claimIdOf, equalBytes } from '#protocol'
import type { Claim, ReviewEntry } from '#protocol'
import type { Reason, Store } from '#storage'
import type { CID } from 'multiformats/cid'
import { buildClaim, regionOf } from '../examiner.ts'
import type { Examiner } from '../examiner.ts'
import { NodeError } from '../node-error.ts'
import { refusalReason } from '../reasons.ts'
import type { RegionContext } from '../region-context.ts'
import { judgeSupersession } from '../supersession.ts'

/** What an entry is checked with. */
export type EntryComponents = {
  readonly context: RegionContext
  readonly store: Pick<Store, 'claims' | 'superseded'>
  readonly examiner: Pick<Examiner, 'examineReviewed'>
}

/** The bill that was read. */
export type ReadBill = { readonly bill: CID; readonly plainHash: Uint8Array }

/** Holder and salt are no part of a claim's id. */
const ANY_32 = new Uint8Array(32)

/**
 * Refuses an entry that no quorum could certify, so that none agrees on it: every bill of it must give a claim of this
 * region, no two of them for one day of one metering point, and may replace only a certified claim of its own metering point.
 *
 * @throws {NodeError} ERR_REVIEW_FACTS.
 */
export async function checkEntry(components: EntryComponents, entry: ReviewEntry, read: ReadBill): Promise<void> {
  const reason = await findFault(components, entry, read)
  if (reason === undefined) return
  throw new NodeError(`${reason.message} [${reason.code}]`, { code: 'ERR_REVIEW_FACTS', reason: reason.code })
}

async function findFault(
  { context, store, examiner }: EntryComponents,
  entry: ReviewEntry,
  { bill, plainHash }: ReadBill,
): Promise<Reason | undefined> {
  const examination = examiner.examineReviewed(entry)
  if (examination.kind === 'refused') return examination.reason
  const [unclaimed] = examination.unclaimed
  if (unclaimed !== undefined) return unclaimed.reason
  const { name } = context.region
  const claims: Claim[] = []
  for (const examined of examination.bills) {
    if (regionOf(context, examined) !== name) {
      return { code: 'ERR_REGION_OTHER', message: `the place is not in ${name}` }
    }
    const { ordinal } = examined
    const claim = buildClaim(context, { bill, plainHash, ordinal, holder: ANY_32, salt: ANY_32 }, examined)
    // DESIGN 8: a metering point's day is counted once; the second claim would wait for ever, or be refused.
    if (claims.some((earlier) => isOverlap(earlier, claim))) {
      return { code: 'ERR_CLAIM_OVERLAP', message: 'two bills of the entry have a day of one metering point in common' }
    }
    claims.push(claim)
    const barred = await judgeSupersession(store, claim, claimIdOf(context.domain, name, claim))
    if (barred?.code === 'ERR_CLAIM_ABSTAINED') {
      return { code: 'ERR_CLAIM_SUPERSEDES', message: 'no certified claim with the id in supersedes is known here' }
    }
    if (barred !== undefined) return refusalReason(barred.code, barred.heldBy)
  }
  return undefined
}

function isOverlap(a: Claim, b: Claim): boolean {
  return equalBytes(a.pointTag, b.pointTag) && a.startDay < b.endDay && b.startDay < a.endDay
}
