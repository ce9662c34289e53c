import { encodeCanonical, equalBytes, isBitSet, orderBytes, quorumOf, toHex } from '#protocol'
import type { Certificate, Refusal, Vote } from '#protocol'

/** Where the count of one batch stands. `split`: no content can reach the quorum any more. */
export type TallyOutcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  | { readonly kind: 'split' }

/**
 * Counts the votes on one batch. Votes reach it verified and from committee members; the first vote of a member counts,
 * a second with other content does not (and is proof that the member lied, kept by the caller).
 */
export class Tally {
  readonly #members: number
  readonly #votes = new Map<string, Vote>()

  constructor(members: number) {
    this.#members = members
  }

  /** @returns false if the member had voted before. */
  add(vote: Vote): boolean {
    const voter = toHex(vote.voter)
    if (this.#votes.has(voter)) return false
    this.#votes.set(voter, vote)
    return true
  }

  /** True if the member has voted. */
  has(voter: Uint8Array): boolean {
    return this.#votes.has(toHex(voter))
  }

  votes(): Vote[] {
    return [...this.#votes.values()]
  }

  /**
   * Certificate from the quorum of lowest addresses among votes of equal content, if there is one.
   *
   * @param fits whether a bitmap gives the content's accepted root. Nobody signs the bitmap, so that whoever passes on a
   * vote could change it: without the leaves at hand one with the right count is taken, and checked later.
   */
  outcome(fits: (vote: Vote) => boolean = hasRightCount): TallyOutcome {
    const quorum = quorumOf(this.#members)
    const groups = new Map<string, Vote[]>()
    for (const vote of this.#votes.values()) {
      const content = toHex(encodeCanonical(vote.content))
      groups.set(content, [...(groups.get(content) ?? []), vote])
    }
    const largest = [...groups.values()].reduce<Vote[]>((a, b) => (b.length > a.length ? b : a), [])
    if (largest.length < quorum) {
      const outstanding = this.#members - this.#votes.size
      return largest.length + outstanding >= quorum ? { kind: 'open' } : { kind: 'split' }
    }
    const fitting = largest.find(fits)
    if (fitting === undefined) return { kind: 'open' }
    const signers = largest.toSorted((a, b) => orderBytes(a.voter, b.voter)).slice(0, quorum)
    const signatures = signers.map((vote) => vote.signature)
    return { kind: 'certified', certificate: { content: fitting.content, bitmap: fitting.bitmap, signatures } }
  }

  /** True if so many accept claim `index` that a quorum for it alone is in these votes. */
  isAgreed(index: number): boolean {
    const accepting = this.votes().filter((vote) => isBitSet(vote.bitmap, index))
    return accepting.length >= quorumOf(this.#members)
  }

  /** True if so many refuse claim `index` that it can never reach a quorum in this batch. */
  isRefused(index: number): boolean {
    const refusing = this.votes().filter((vote) => !isBitSet(vote.bitmap, index))
    return refusing.length > this.#members - quorumOf(this.#members)
  }

  /** The reason that most refusals of claim `index` give. */
  reasonFor(index: number): Refusal | undefined {
    const reasons = this.votes().flatMap((vote) => vote.refusals.filter((refusal) => refusal.index === index))
    const count = (code: string): number => reasons.filter((refusal) => refusal.code === code).length
    return reasons.toSorted((a, b) => count(b.code) - count(a.code))[0]
  }

  /** True if the member's vote is counted with other content than this. */
  contradicts(vote: Vote): boolean {
    const counted = this.#votes.get(toHex(vote.voter))
    return counted !== undefined && !equalBytes(encodeCanonical(counted.content), encodeCanonical(vote.content))
  }
}

/** True if a vote's bitmap has as many bits as its content accepts claims. */
function hasRightCount(vote: Vote): boolean {
  let bits = 0
  for (const byte of vote.bitmap) for (let rest = byte; rest > 0; rest &= rest - 1) bits += 1
  return bits === vote.content.accepted
}
