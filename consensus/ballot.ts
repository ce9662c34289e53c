import { encodeBitmap, merkleRoot } from '#protocol'
import type { Announcement, Refusal, VoteContent } from '#protocol'

/** What an auditor found of one claim of a batch, in batch order. */
export type Finding = {
  readonly leaf: Uint8Array
  /** Location-based grams CO2e. */
  readonly grams: bigint
  /** Why the claim is not accepted; absent if it is. */
  readonly refusal?: Omit<Refusal, 'index'>
}

/** A vote without its signature. */
export type Ballot = {
  readonly content: VoteContent
  readonly bitmap: Uint8Array
  readonly refusals: readonly Refusal[]
}

/** The ballot that follows from the findings: honest auditors with equal findings fill in equal ballots. */
export function fillBallot(announcement: Announcement, round: number, findings: readonly Finding[]): Ballot {
  const accepted = findings.filter((finding) => finding.refusal === undefined)
  const refusals = findings.flatMap((finding, index) =>
    finding.refusal === undefined ? [] : [{ index, ...finding.refusal }],
  )
  return {
    content: {
      region: announcement.region,
      epoch: announcement.epoch,
      round,
      batch: announcement.batch,
      acceptedRoot: merkleRoot(accepted.map((finding) => finding.leaf)),
      accepted: accepted.length,
      totalGrams: accepted.reduce((sum, finding) => sum + finding.grams, 0n).toString(),
    },
    bitmap: encodeBitmap(findings.length, (i) => findings[i]?.refusal === undefined),
    refusals,
  }
}
