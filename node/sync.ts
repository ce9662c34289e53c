import type { Logger } from 'pino'
import {
  decodeSyncRecord,
  decodeSyncRequest,
  encodeSyncRecord,
  encodeSyncRequest,
  equalBytes,
  errorCodeOf,
  LIMITS,
  SYNC_OPEN,
  SYNC_RECORDS,
  toHex,
} from '#protocol'
import type {
  Announcement,
  Certificate,
  Equivocation,
  ReviewNotice,
  ReviewRequest,
  SyncRecord,
  SyncRequest,
  Vote,
  Withdrawal,
} from '#protocol'
import type { ProposalRecord, Store } from '#storage'
import { chainKey } from './ledger.ts'
import type { PeerView, RequestOptions } from './network/types.ts'
import type { Polls } from './polls.ts'
import { isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'
import type { WithdrawalBook } from './withdrawals/withdrawal-book.ts'

/** Rounds with one peer in a row: a node that was away for long catches up without waiting for the timer. */
const ROUNDS = 32
/** Withdrawals in one answer, of all sponsors; the next exchange brings more. */
const SYNC_WITHDRAWALS = 64
/** Longest exchange with one peer. */
const EXCHANGE_TIMEOUT_MS = 30_000

/** How far a peer's withdrawals of each sponsor were read, by address in hex: also those that this node could not take. */
type WithdrawalsRead = Map<string, number>

/** What the sync asks of the network. */
interface SyncNetwork {
  peers(): PeerView[]
  request(peerId: string, protocol: string, bytes: Uint8Array, options: RequestOptions): AsyncIterable<Uint8Array>
}

/** What the sync needs. */
export type SyncInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly polls: Polls
  readonly network: SyncNetwork
  readonly protocol: string
  readonly intervalMs: number
  readonly take: {
    readonly batch: (announcement: Announcement, certificate: Certificate | undefined) => Promise<void>
    readonly vote: (vote: Vote) => Promise<void>
    readonly proposal: (proposal: ProposalRecord) => Promise<void>
    readonly equivocation: (proof: Equivocation) => Promise<void>
    readonly review: (request: ReviewRequest, notices: readonly ReviewNotice[]) => Promise<void>
    readonly withdrawal: (withdrawal: Withdrawal) => Promise<void>
  }
  /** Bills that people must read, and who has. */
  readonly reviews: { digest(): Uint8Array; records(): Iterable<SyncRecord> }
  readonly withdrawals: Pick<WithdrawalBook, 'knownUpTo' | 'after'>
  readonly log: Logger
}

/**
 * Anti-entropy: on connect and on a timer a node tells each peer of its committee what it has, and gets what it lacks.
 * Whatever gossip loses comes this way; that alone would suffice (DESIGN 9).
 */
export class Sync {
  readonly #init: SyncInit
  readonly #stopped = new AbortController()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #chains = new Map<string, { knownUpTo: number; open: Set<number> }>()
  /** By peer, where reading its withdrawals goes on when the last exchange with it had too few rounds. */
  readonly #halfRead = new Map<string, WithdrawalsRead>()
  #timer: NodeJS.Timeout | undefined

  constructor(init: SyncInit) {
    this.#init = init
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const peer of this.#init.network.peers()) this.with(peer)
    }, this.#init.intervalMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped.abort()
    await Promise.allSettled(this.#underWay.values())
  }

  /** Exchanges with one peer, unless that is under way. */
  with(peer: PeerView): void {
    if (this.#stopped.signal.aborted || this.#underWay.has(peer.peerId)) return
    if (!isMember(this.#init.context, peer.address)) return
    const run = this.#exchange(peer.peerId)
      .catch((cause: unknown) => {
        this.#init.log.debug({ peer: peer.peerId, code: errorCodeOf(cause) }, 'sync ended early')
      })
      .finally(() => this.#underWay.delete(peer.peerId))
    this.#underWay.set(peer.peerId, run)
  }

  async #exchange(peerId: string): Promise<void> {
    const { network, protocol } = this.#init
    let asked = ''
    // Of this peer and exchange alone: what a liar makes up keeps no honest peer's from being read.
    const read = this.#halfRead.get(peerId) ?? new Map<string, number>()
    this.#halfRead.delete(peerId)
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await this.#whatWeHave(read)
      // The same question again would bring the same answer: what it brought is still being audited.
      const question = JSON.stringify(request)
      if (question === asked) return
      asked = question
      const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)])
      const options = { signal, maxFrames: SYNC_RECORDS * 3, maxFrameBytes: LIMITS.gossipBytes * 4 }
      let received = 0
      for await (const frame of network.request(peerId, protocol, encodeSyncRequest(request), options)) {
        received += 1
        const record = decodeSyncRecord(frame)
        await this.#takeOrRefuse(record, peerId)
        if (record.kind === 'withdrawal') this.#noteRead(read, record.withdrawal)
      }
      if (received === 0) return
    }
    this.#halfRead.set(peerId, read)
  }

  #noteRead(read: WithdrawalsRead, { sponsor, seq }: Withdrawal): void {
    if (!isMember(this.#init.context, sponsor)) return
    const name = toHex(sponsor)
    read.set(name, Math.max(read.get(name) ?? 0, seq))
  }

  // A record that this node refuses ends nothing: an honest peer passes on what a liar told it, and others follow.
  async #takeOrRefuse(record: SyncRecord, peer: string): Promise<void> {
    try {
      await this.#take(record)
    } catch (cause) {
      this.#init.log.debug({ peer, kind: record.kind, code: errorCodeOf(cause) }, 'sync record refused')
    }
  }

  async #whatWeHave(read: WithdrawalsRead): Promise<SyncRequest> {
    const { context, store } = this.#init
    const chains = []
    for (const sponsor of context.committee) chains.push(await this.#lookAlong(sponsor))
    let anchoredUpTo = 0
    for await (const [, record] of store.anchors.entries({ reverse: true, limit: 1 })) anchoredUpTo = record.anchor.seq
    return {
      region: context.region.name,
      epoch: context.epoch,
      chains,
      anchoredUpTo,
      reviews: this.#init.reviews.digest(),
      withdrawals: context.committee.map((sponsor) => ({
        sponsor,
        // Past those that this node has no room for: a later one may be what it needs.
        knownUpTo: Math.max(this.#init.withdrawals.knownUpTo(sponsor), read.get(toHex(sponsor)) ?? 0),
      })),
    }
  }

  // Chains only grow and a settled batch stays settled: each look goes on where the last one ended, and looks again only
  // at what was open. Of too many open batches (a liar's) the newest are asked for.
  async #lookAlong(sponsor: Uint8Array): Promise<SyncRequest['chains'][number]> {
    const { context, store } = this.#init
    const name = sponsor.join()
    const chain = this.#chains.get(name) ?? { knownUpTo: 0, open: new Set<number>() }
    this.#chains.set(name, chain)
    for (const seq of chain.open) {
      const digest = await store.chains.find(chainKey(context.epoch, sponsor, seq))
      const record = digest === undefined ? undefined : await store.batches.find(digest)
      if (record !== undefined && record.state !== 'announced') chain.open.delete(seq)
    }
    for await (const [, digest] of store.chains.entries({
      from: chainKey(context.epoch, sponsor, chain.knownUpTo + 1),
      below: chainKey(context.epoch, sponsor, Number.MAX_SAFE_INTEGER),
    })) {
      const record = await store.batches.find(digest)
      if (record === undefined) break
      const { seq } = record.announcement
      const firstMissing = Math.max(chain.knownUpTo + 1, seq - SYNC_OPEN)
      for (let missing = firstMissing; missing < seq; missing += 1) chain.open.add(missing)
      if (record.state === 'announced') chain.open.add(seq)
      chain.knownUpTo = seq
    }
    const newest = [...chain.open].toSorted((a, b) => a - b).slice(-SYNC_OPEN)
    chain.open = new Set(newest)
    return { sponsor, knownUpTo: chain.knownUpTo, open: newest }
  }

  async #take(record: SyncRecord): Promise<void> {
    const { take } = this.#init
    if (record.kind === 'batch') {
      await take.batch(record.announcement, record.certificate ?? undefined)
      for (const vote of record.votes) await take.vote(vote)
    } else if (record.kind === 'anchor') {
      const { anchor, manifest, signatures } = record
      await take.proposal({ anchor, manifest, signatures })
    } else if (record.kind === 'withdrawal') {
      await take.withdrawal(record.withdrawal)
    } else if (record.kind === 'review') {
      await take.review(record.request, record.notices)
    } else {
      await take.equivocation(record.equivocation)
    }
  }

  /** Answers a peer: the open batches that it names and those beyond what it knows, then open anchor proposals. */
  async *answer(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    const { context, store } = this.#init
    const request = decodeSyncRequest(bytes)
    if (request.region !== context.region.name || request.epoch !== context.epoch) return
    // First: who knows what is withdrawn does not look for its bytes.
    yield* this.#withdrawalsFor(request)
    let left = SYNC_RECORDS
    // A share each, so that one sponsor with a broken chain cannot keep the others' batches out of every answer.
    const share = Math.max(1, Math.floor(SYNC_RECORDS / context.committee.length))
    for (const sponsor of context.committee) {
      const asked = request.chains.find((chain) => equalBytes(chain.sponsor, sponsor))
      for (const seq of (asked?.open ?? []).slice(0, Math.ceil(share / 2))) {
        const digest = await store.chains.find(chainKey(context.epoch, sponsor, seq))
        const record = digest === undefined ? undefined : await this.#recordOf(digest)
        if (record === undefined) continue
        left -= 1
        yield record
      }
      for await (const [, digest] of store.chains.entries({
        from: chainKey(context.epoch, sponsor, (asked?.knownUpTo ?? 0) + 1),
        below: chainKey(context.epoch, sponsor, Number.MAX_SAFE_INTEGER),
        limit: share,
      })) {
        const record = await this.#recordOf(digest)
        if (record === undefined) continue
        left -= 1
        yield record
      }
    }
    // All that is known of open reviews, when it is not the same: there are few, and they stay open for days.
    const { reviews } = this.#init
    if (request.reviews !== undefined && !equalBytes(request.reviews, reviews.digest()))
      for (const record of reviews.records()) yield encodeSyncRecord(record)
    if (left <= 0) return
    for await (const [, proposal] of store.proposals.entries({ limit: left })) {
      if (proposal.anchor.seq <= request.anchoredUpTo) continue
      yield encodeSyncRecord({
        kind: 'anchor',
        anchor: proposal.anchor,
        manifest: proposal.manifest,
        signatures: [...proposal.signatures],
      })
    }
  }

  async *#withdrawalsFor(request: SyncRequest): AsyncGenerator<Uint8Array> {
    const { committee } = this.#init.context
    const share = Math.max(1, Math.floor(SYNC_WITHDRAWALS / committee.length))
    for (const sponsor of committee) {
      const asked = request.withdrawals?.find((it) => equalBytes(it.sponsor, sponsor))
      if (asked === undefined) continue
      for await (const withdrawal of this.#init.withdrawals.after(sponsor, asked.knownUpTo, share)) {
        yield encodeSyncRecord({ kind: 'withdrawal', withdrawal })
      }
    }
  }

  async #recordOf(digest: Uint8Array): Promise<Uint8Array | undefined> {
    const { store, polls } = this.#init
    const record = await store.batches.find(digest)
    if (record === undefined) return undefined
    const { announcement, certificate } = record
    const votes = certificate === undefined ? polls.votesOn(digest) : []
    return encodeSyncRecord({ kind: 'batch', announcement, certificate: certificate ?? null, votes })
  }
}
