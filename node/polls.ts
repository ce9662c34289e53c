import { concatBytes, digestOf, equalBytes, toHex, verifyVote } from '#protocol'
import type { Certificate, Vote } from '#protocol'
import { Tally } from '#consensus'
import type { Store } from '#storage'
import { isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'

/** What a vote changed. */
export type VoteEffect = 'ignored' | 'counted' | 'certified' | 'split'

/** Polls kept in memory: open batches of all sponsors; the oldest is dropped and comes back by sync. */
const OPEN_POLLS = 4_096

/** Counts the region's votes on batches that are not certified yet. Votes are kept, so that a restart loses none. */
export class Polls {
  readonly #context: RegionContext
  readonly #store: Store
  readonly #polls = new Map<string, Tally>()

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
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when it is not its voter's.
   */
  async add(vote: Vote): Promise<VoteEffect> {
    const { content } = vote
    const { region, epoch } = this.#context
    if (content.region !== region.name || content.epoch !== epoch || content.round !== 0) return 'ignored'
    if (!isMember(this.#context, vote.voter)) return 'ignored'
    const digest = digestOf(content.batch)
    const tally = this.#poll(digest)
    if (tally.has(vote.voter)) return 'ignored'
    verifyVote(this.#context.domain, vote)
    const before = tally.outcome().kind
    if (!tally.add(vote)) return 'ignored'
    await this.#store.commit([this.#store.votes.put(concatBytes([digest, vote.voter]), vote)], { durable: false })
    const { kind } = tally.outcome()
    return kind === before || kind === 'open' ? 'counted' : kind
  }

  /** Certificate of a batch, if the votes at hand make one. */
  findCertificate(digest: Uint8Array): Certificate | undefined {
    const outcome = this.#polls.get(toHex(digest))?.outcome()
    return outcome?.kind === 'certified' ? outcome.certificate : undefined
  }

  /** The count of a batch, while it is open. */
  findTally(digest: Uint8Array): Tally | undefined {
    return this.#polls.get(toHex(digest))
  }

  /** This node's own vote among those counted. */
  hasOwnVote(digest: Uint8Array): boolean {
    return this.#polls.get(toHex(digest))?.has(this.#context.address) ?? false
  }

  /** Forgets a batch that is certified or abandoned. */
  close(digest: Uint8Array): void {
    this.#polls.delete(toHex(digest))
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
