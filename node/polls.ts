import { concatBytes, digestOf, equalBytes, isBitSet, merkleRoot, toHex, verifyVote } from '#protocol'
import type { Certificate, Vote } from '#protocol'
import { Tally } from '#consensus'
import type { Store } from '#storage'
import { isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'

/** What a vote changed. */
export type VoteEffect = 'ignored' | 'counted' | 'certified' | 'split'

/** Batches that nobody has announced here yet, and that one member has voted on: more of its votes are not kept. */
const UNKNOWN_POLLS = 64
/** Polls kept in memory: open batches of all sponsors; the oldest is dropped and comes back by sync. */
const OPEN_POLLS = 4_096

/**
 * Counts the region's votes on batches that are not certified. Votes are kept, so that a restart loses none; those on
 * batches that nobody can certify are what tells a sponsor that was away.
 */
export class Polls {
  readonly #context: RegionContext
  readonly #store: Store
  readonly #polls = new Map<string, Tally>()
  /** For each voter, the batches unknown here that it voted on. */
  readonly #unknown = new Map<string, Set<string>>()

  constructor(context: RegionContext, store: Store) {
    this.#context = context
    this.#store = store
  }

  /** Reads the votes that were kept before the last stop. */
  async load(): Promise<void> {
    for await (const [, vote] of this.#store.votes.entries()) this.#poll(digestOf(vote.content.batch)).add(vote)
  }

  #poll(digest: Uint8Array): Tally {
    const key = toHex(digest)
    let tally = this.#polls.get(key)
    if (tally === undefined) {
      tally = new Tally(this.#context.committee.length)
      this.#polls.set(key, tally)
      for (const oldest of this.#polls.keys()) {
        if (this.#polls.size <= OPEN_POLLS) break
        this.#polls.delete(oldest)
      }
    }
    return tally
  }

  /**
   * Counts a vote from anybody.
   *
   * @param isKnown whether the batch was announced here: votes on others may be made up, so they are few and not stored.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when it is not its voter's.
   */
  async add(vote: Vote, isKnown: boolean): Promise<VoteEffect> {
    const { content } = vote
    const { region, epoch } = this.#context
    if (content.region !== region.name || content.epoch !== epoch || content.round !== 0) return 'ignored'
    if (!isMember(this.#context, vote.voter)) return 'ignored'
    const digest = digestOf(content.batch)
    if (this.#polls.get(toHex(digest))?.has(vote.voter) === true) return 'ignored'
    verifyVote(this.#context.domain, vote)
    if (!isKnown && !this.#mayVoteUnknown(vote.voter, digest)) return 'ignored'
    const tally = this.#poll(digest)
    const before = tally.outcome().kind
    if (!tally.add(vote)) return 'ignored'
    if (isKnown) {
      await this.#store.commit([this.#store.votes.put(concatBytes([digest, vote.voter]), vote)], { durable: false })
    }
    const { kind } = tally.outcome()
    return kind === before || kind === 'open' ? 'counted' : kind
  }

  /** Certificate of a batch, if the votes at hand make one; with the leaves, one whose bitmap gives its root. */
  findCertificate(digest: Uint8Array, leaves?: readonly Uint8Array[]): Certificate | undefined {
    const tally = this.#polls.get(toHex(digest))
    const outcome = leaves === undefined ? tally?.outcome() : tally?.outcome((vote) => isBitmapTrue(vote, leaves))
    return outcome?.kind === 'certified' ? outcome.certificate : undefined
  }

  /** True if no content can reach a quorum any more. */
  isSplit(digest: Uint8Array): boolean {
    return this.#polls.get(toHex(digest))?.outcome().kind === 'split'
  }

  /** The count of a batch, while it is open, claim by claim: votes whose bitmap was changed on the way are left out. */
  countClaims(digest: Uint8Array, leaves: readonly Uint8Array[]): Tally {
    const tally = new Tally(this.#context.committee.length)
    for (const vote of this.votesOn(digest)) if (isBitmapTrue(vote, leaves)) tally.add(vote)
    return tally
  }

  /** This node's own vote among those counted. */
  hasOwnVote(digest: Uint8Array): boolean {
    return this.#polls.get(toHex(digest))?.has(this.#context.address) ?? false
  }

  #mayVoteUnknown(voter: Uint8Array, digest: Uint8Array): boolean {
    const batches = this.#unknown.get(toHex(voter)) ?? new Set()
    this.#unknown.set(toHex(voter), batches)
    if (batches.size >= UNKNOWN_POLLS) return false
    batches.add(toHex(digest))
    return true
  }

  /** A batch was announced: votes on it no longer count as votes on something unknown. */
  know(digest: Uint8Array): void {
    for (const batches of this.#unknown.values()) batches.delete(toHex(digest))
  }

  /** Forgets a batch that is certified. */
  close(digest: Uint8Array): void {
    this.#polls.delete(toHex(digest))
    this.know(digest)
  }

  /** Votes at hand on a batch, own one included. */
  votesOn(digest: Uint8Array): Vote[] {
    return this.#polls.get(toHex(digest))?.votes() ?? []
  }

  /** True for the address of this node. */
  isOwn(address: Uint8Array): boolean {
    return equalBytes(address, this.#context.address)
  }
}

// Nobody signs the bitmap, so that whoever passes a vote on can change it; the root beside it is signed.
function isBitmapTrue(vote: Vote, leaves: readonly Uint8Array[]): boolean {
  const accepted = leaves.filter((_, i) => isBitSet(vote.bitmap, i))
  return equalBytes(merkleRoot(accepted), vote.content.acceptedRoot)
}
