import { toHex } from '#protocol'
import type { Reason } from '#storage'

/** What refusal codes of the committee mean, for whoever submitted the bill. */
const MESSAGES: Readonly<Record<string, string>> = {
  ERR_CLAIM_OVERLAP: 'another claim holds (part of) this period of the metering point',
  ERR_CLAIM_DUPLICATE: 'the same claim stands earlier in the batch',
  ERR_CLAIM_FIGURES: 'the committee finds other figures in this bill',
  ERR_CLAIM_REGION: 'the bill belongs to another region',
  ERR_CLAIM_ORDINAL: 'the file has fewer bills than claimed',
  ERR_CLAIM_SUPERSEDED: 'another claim has replaced this one',
  ERR_CLAIM_SUPERSEDES: 'the claim that it would replace is of another metering point, or was replaced already',
  ERR_CLAIM_ABSTAINED: 'too many auditors could not read the bill, or have not entered it',
  ERR_REVIEW_DIFFERS: 'people of other auditors read something else in this bill',
  ERR_REVIEW_NOT_NEEDED: 'extraction reads this bill: no person has to',
}

/** Refusals that people can mend: the bill waits for them, and is not rejected. */
export const REVIEWABLE: ReadonlySet<string> = new Set([
  'ERR_CLAIM_ABSTAINED',
  'ERR_CLAIM_SUPERSEDES',
  'ERR_REVIEW_DIFFERS',
])

/** Reason of a refused claim; `heldBy` names the claim in its way. */
export function refusalReason(code: string, heldBy?: Uint8Array): Reason {
  return {
    code,
    message: MESSAGES[code] ?? 'the committee refused this claim',
    ...(heldBy === undefined ? {} : { heldBy: toHex(heldBy) }),
  }
}
