import { equalBytes } from '#protocol'
import type { Claim, Refusal } from '#protocol'
import type { ClaimRecord, Store, Write } from '#storage'

/** Claims that replaced each other one after the other; a bill is corrected a few times at most. */
const MAX_SUCCESSORS = 64

type Records = Pick<Store, 'claims' | 'superseded'>

/**
 * Why a claim may not be accepted for what it replaces, or for what replaced it; undefined if nothing is in the way.
 *
 * DESIGN 8: a corrected bill names the claim that it replaces. That one must be certified here, of the same metering point,
 * and replaced by nobody else. One that is not known here may be known to others: this auditor abstains.
 */
export async function judgeSupersession(
  { claims, superseded }: Records,
  claim: Claim,
  claimId: Uint8Array,
): Promise<Omit<Refusal, 'index'> | undefined> {
  const by = await superseded.find(claimId)
  if (by !== undefined) return { code: 'ERR_CLAIM_SUPERSEDED', heldBy: by }
  if (claim.supersedes === undefined) return undefined
  const replaced = await claims.find(claim.supersedes)
  if (replaced === undefined || replaced.state === 'proposed') return { code: 'ERR_CLAIM_ABSTAINED' }
  if (!equalBytes(replaced.claim.pointTag, claim.pointTag)) return { code: 'ERR_CLAIM_SUPERSEDES' }
  const other = await superseded.find(claim.supersedes)
  if (other === undefined || equalBytes(other, claimId)) return undefined
  return { code: 'ERR_CLAIM_SUPERSEDES', heldBy: other }
}

/** The write that goes into the commit which makes a claim certified: what it replaces is replaced from then on. */
export function supersede({ superseded }: Records, claim: Claim, claimId: Uint8Array): Write[] {
  return claim.supersedes === undefined ? [] : [superseded.put(claim.supersedes, claimId)]
}

/** The claim that stands for one that was replaced; undefined if it was not, or the last one is not known here. */
export async function findSuccessor(
  { claims, superseded }: Records,
  claimId: Uint8Array,
): Promise<ClaimRecord | undefined> {
  let last: Uint8Array | undefined
  for (let steps = 0; steps < MAX_SUCCESSORS; steps += 1) {
    const next = await superseded.find(last ?? claimId)
    if (next === undefined) break
    last = next
  }
  return last === undefined ? undefined : claims.find(last)
}
