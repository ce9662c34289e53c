import type { Logger } from 'pino'
import { errorCodeOf } from '#protocol'
import type { Announcement, Certificate, GossipMessage } from '#protocol'
import type { Archive, ProposalRecord, Store } from '#storage'
import type { FetchBlocks } from '../batch-loader.ts'
import { AnchorWatcher } from '../chain/anchor-watcher.ts'
import type { WatchState } from '../chain/anchor-watcher.ts'
import { pause } from '../chain/pause.ts'
import { RegistryClient } from '../chain/registry-client.ts'
import type { WatchCursor } from '../chain/watch-cursor.ts'
import type { Ledger } from '../ledger.ts'
import type { Meters } from '../meters.ts'
import type { RegionContext } from '../region-context.ts'
import type { BillChanges } from '../service/bill-changes.ts'
import { AnchorDesk } from './anchor-desk.ts'
import { ChainFollower } from './chain-follower.ts'
import type { AnchorHead, SignedAnchor } from './proposal-book.ts'
import { Transmitter } from './transmitter.ts'
import type { AnchorPace } from './transmitter.ts'

/** The chain as an operator names it. */
export type ChainInit = { readonly rpcUrl: string; readonly finalityDepth?: number }

/** What anchoring needs. */
export type AnchoringInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Pick<Archive, 'getBlock' | 'hasBill' | 'putBlock'>
  readonly flushBlocks: () => Promise<void>
  readonly fetch: FetchBlocks
  readonly peersFor: (member: Uint8Array) => readonly string[]
  readonly ledger: Ledger
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly adopt: (announcement: Announcement, certificate: Certificate) => Promise<void>
  readonly changes: Pick<BillChanges, 'note'>
  readonly chain: ChainInit
  readonly payerKey: Uint8Array | undefined
  readonly pace: AnchorPace
  readonly nowMs: () => number
  readonly meters: Pick<Meters, 'anchored' | 'paid'>
  readonly log: Logger
}

/** How anchoring stands, for health and metrics. */
export type AnchoringHealth = {
  readonly state: { readonly ok: boolean; readonly reason?: string }
  /** Certified claims without anchor, and how long the oldest batch of them waits. */
  readonly lag: { readonly claims: number; readonly oldestMs: number }
}

const CURSOR_KEY = new TextEncoder().encode('watch cursor')
/** Development chains make a block a second; a look each second keeps the terminal lively and a public endpoint calm. */
const WATCH_POLL_MS = 1_000

// Intervals, turns and waits: a wall clock that is set back would hold anchors up by as much.
const nowMonotonicMs = (): number => performance.now()

/** From certified batches to final anchors: desk, transmitter, and what the chain says. */
export class Anchoring {
  readonly #init: AnchoringInit
  readonly #desk: AnchorDesk
  readonly #follower: ChainFollower
  readonly #transmitter: Transmitter
  readonly #watcher: AnchorWatcher
  readonly #client: RegistryClient
  #chain: AnchoringHealth['state'] = { ok: false, reason: 'not asked yet' }
  #lag: AnchoringHealth['lag'] = { claims: 0, oldestMs: 0 }
  #waitingSinceMs = 0

  constructor(init: AnchoringInit) {
    this.#init = init
    const { context, store, chain, log } = init
    const head = (): AnchorHead => this.head()
    this.#desk = new AnchorDesk({ ...init, head, nowMonotonicMs })
    this.#follower = new ChainFollower({ ...init, desk: this.#desk })
    const client = new RegistryClient({
      rpcUrl: chain.rpcUrl,
      domain: context.domain,
      ...(init.payerKey === undefined ? {} : { payer: { key: init.payerKey } }),
      ...(chain.finalityDepth === undefined ? {} : { finalDepthBlocks: chain.finalityDepth }),
    })
    this.#client = client
    this.#transmitter = new Transmitter({
      context,
      desk: this.#desk,
      pace: init.pace,
      head,
      send: init.payerKey === undefined ? undefined : async (signed, signal) => this.#send(client, signed, signal),
      countUnanchored: async () => this.#countUnanchored(),
      nowMonotonicMs,
      log,
    })
    this.#watcher = new AnchorWatcher({
      rpcUrl: chain.rpcUrl,
      domain: context.domain,
      region: context.region.name,
      fromBlock: context.charter.chain.fromBlock ?? 0,
      pollMs: WATCH_POLL_MS,
      ...(chain.finalityDepth === undefined ? {} : { finalDepthBlocks: chain.finalityDepth }),
      cursors: {
        // Written by `save` below and by nothing else.
        load: async () => (await store.meta.find(CURSOR_KEY)) as WatchCursor | undefined,
        save: async (cursor) => store.commit([store.meta.put(CURSOR_KEY, cursor)], { durable: false }),
      },
      listener: {
        onAnchored: async (seen) => {
          const before = this.head().seq
          this.#noteBehind(seen.seq)
          await this.#follower.onAnchored(seen)
          if (this.head().seq > before) init.meters.anchored()
        },
        onFinal: async ({ seq }) => this.#follower.onFinal(seq),
        onReorged: async ({ seq }) => this.#follower.onReorged(seq),
      },
      onState: (state) => this.#note(state),
    })
  }

  /** Head of the region that this node has followed the chain to. */
  head(): AnchorHead {
    return this.#follower.head
  }

  async load(): Promise<void> {
    await this.#follower.load()
  }

  async start(): Promise<void> {
    await this.#watcher.start()
    this.#transmitter.start()
  }

  async stop(): Promise<void> {
    // At the same time: what the transmitter and the watcher wait for may be the desk's, which ends it.
    await Promise.all([this.#desk.stop(), this.#transmitter.stop(), this.#watcher.stop()])
  }

  health(): AnchoringHealth {
    return { state: this.#chain, lag: this.#lag }
  }

  /** Address of the payer; `undefined` without one. */
  get payer(): Uint8Array | undefined {
    return this.#client.payer
  }

  /** What the payer has, and what gas costs now. @throws {ChainError} when the endpoint does not answer. */
  async askPayer(signal: AbortSignal): Promise<{ readonly balanceWei: bigint; readonly gasPriceWei: bigint }> {
    const [balanceWei, gasPriceWei] = await Promise.all([
      this.#client.payerBalanceWei({ signal }),
      this.#client.gasPriceWei({ signal }),
    ])
    return { balanceWei, gasPriceWei }
  }

  /** Takes an anchor's signatures from sync; the proposal is checked behind. @throws as {@link takeSignature}. */
  async take(proposal: ProposalRecord): Promise<void> {
    this.#desk.take(proposal)
  }

  /**
   * Takes one signature from gossip: it is verified now, so that the message can be passed on; checking the whole
   * proposal goes on behind.
   *
   * @returns false for an anchor that is not the next one of this region.
   * @throws {AnchoringError | ProtocolError} when it is not its member's.
   */
  takeSignature(message: Extract<GossipMessage, { kind: 'anchor-signature' }>): boolean {
    const { anchor, signer, signature } = message
    return this.#desk.take({ anchor, signatures: [{ signer, signature }] })
  }

  async #send(client: RegistryClient, signed: SignedAnchor, signal: AbortSignal): Promise<void> {
    const { log } = this.#init
    const { seq, claims } = signed.anchor
    log.info({ seq, claims }, 'anchor sent')
    const result = await client.submitAnchor(signed.anchor, signed.signatures, { signal })
    if (result.outcome === 'anchored') this.#init.meters.paid({ gas: result.gasUsed, wei: result.feeWei ?? 0n })
    log.info({ seq, outcome: result.outcome }, 'anchor answered')
    // The follower moves the head; until it has, the same anchor would be found signed and be sent again.
    await this.#followed(seq, signal)
  }

  async #followed(seq: number, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#init.pace.stageMs)])
    while (this.head().seq < seq && !limit.aborted) await pause(WATCH_POLL_MS / 4, limit).catch(() => undefined)
  }

  async #countUnanchored(): Promise<number> {
    const { store } = this.#init
    const now = nowMonotonicMs()
    let claims = 0
    for await (const [, accepted] of store.unanchored.entries()) claims += accepted
    if (claims === 0) this.#waitingSinceMs = 0
    else if (this.#waitingSinceMs === 0) this.#waitingSinceMs = now
    this.#lag = { claims, oldestMs: claims === 0 ? 0 : now - this.#waitingSinceMs }
    return claims
  }

  // The endpoint answers. What was said before the first look, or while the endpoint was down, is not so any more; the look may
  // take long, when this node was away for long.
  #noteBehind(seq: number): void {
    if (this.#chain.ok) return
    this.#chain = { ok: false, reason: `ERR_ANCHOR_BATCH: batches of anchor ${seq} are being brought here` }
  }

  #note(state: WatchState): void {
    const before = this.#chain.ok
    if (state.state === 'following') {
      this.#chain = { ok: true }
      // What failed may have failed because of the chain: no need to wait for the next try.
      if (!before) this.#transmitter.retryNow()
    } else {
      const reason = `${errorCodeOf(state.error)}: ${state.error instanceof Error ? state.error.message : 'failed'}`
      this.#chain = { ok: false, reason }
      if (before) this.#init.log.warn({ reason }, 'chain cannot be followed; certificates go on, anchors wait')
    }
  }
}
