import type { Logger } from 'pino'
import { equalBytes, errorCodeOf } from '#protocol'
import { transmitterDelayMs, transmitterOrder } from '#consensus'
import type { RegionContext } from '../region-context.ts'
import type { AnchorDesk } from './anchor-desk.ts'
import type { AnchorHead, ProposalBook, SignedAnchor } from './proposal-book.ts'

/** Looks at the clock this often; also the shortest time between two looks at whether a quorum has signed. */
const TICK_MS = 250
/** Longest pause between tries while anchors cannot be sent: a dead endpoint or an empty payer gets no load, an operator no flood. */
const BACKOFF_MAX_MS = 15_000

/** How often and how large anchors are. */
export type AnchorPace = {
  /** An anchor is due this long after the region's last one, on the clock of each node. */
  readonly intervalMs: number
  /** ... or when this many claims wait. */
  readonly maxClaims: number
  /** Advantage of one stage of the rotation over the next. */
  readonly stageMs: number
}

/** What the transmitter needs. */
export type TransmitterInit = {
  readonly context: Pick<RegionContext, 'domain' | 'region' | 'committee' | 'address'>
  readonly desk: Pick<AnchorDesk, 'propose'> & { readonly book: Pick<ProposalBook, 'findSigned' | 'hasOwn'> }
  readonly pace: AnchorPace
  readonly head: () => AnchorHead
  /** Sends an anchor and waits until the chain has it or refuses it; absent on nodes without a payer. */
  readonly send: ((signed: SignedAnchor, signal: AbortSignal) => Promise<void>) | undefined
  readonly countUnanchored: () => Promise<number>
  /** A clock that never goes back. */
  readonly nowMonotonicMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/**
 * Sends anchors: the first of the rotation when one is due, others after their stage if the chain has not moved. All of
 * them look at the chain first (through `head`), so that normally one transaction is paid for.
 */
export class Transmitter {
  readonly #init: TransmitterInit
  readonly #stopped = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #movedAtMs = 0
  #seq = -1
  #hasWork = false
  /** Since when a proposal of the next place has this node's signature, and no quorum's. */
  #openSinceMs: number | undefined
  /** Code of what the last try failed with, and when the next one is. */
  #failing: { readonly code: string; readonly backoffMs: number; readonly retryAtMs: number } | undefined

  constructor(init: TransmitterInit) {
    this.#init = init
  }

  start(): void {
    this.#movedAtMs = this.#init.nowMonotonicMs()
    this.#timer = setInterval(() => {
      if (this.#isBusy) return
      this.#isBusy = true
      this.#loop = this.#tick()
        .catch((cause: unknown) => this.#failed(cause))
        .finally(() => {
          this.#isBusy = false
        })
    }, TICK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped.abort()
    await this.#loop
  }

  /** Tries again with the next look at the clock, whatever failed before. */
  retryNow(): void {
    if (this.#failing !== undefined) this.#failing = { ...this.#failing, backoffMs: 0, retryAtMs: 0 }
  }

  // The operator is told once what fails, and once that it works again.
  #failed(cause: unknown): void {
    if (this.#stopped.signal.aborted) return
    const { log, nowMonotonicMs } = this.#init
    const code = errorCodeOf(cause)
    const backoffMs = Math.min(Math.max(2 * (this.#failing?.backoffMs ?? 0), 2 * TICK_MS), BACKOFF_MAX_MS)
    if (code !== this.#failing?.code) log.warn({ code, err: cause }, 'anchor not sent; it is tried again')
    this.#failing = { code, backoffMs, retryAtMs: nowMonotonicMs() + backoffMs }
  }

  async #tick(): Promise<void> {
    const { context, pace, head, nowMonotonicMs } = this.#init
    const { seq } = head()
    const now = nowMonotonicMs()
    const waiting = await this.#init.countUnanchored()
    if (seq !== this.#seq || waiting > 0 !== this.#hasWork) {
      // Work that arrives after an idle time is due one interval after the last anchor, not at once for everybody.
      if (seq !== this.#seq || now - this.#movedAtMs > pace.intervalMs) this.#movedAtMs = now
      if (seq !== this.#seq) this.#openSinceMs = undefined
      this.#seq = seq
      this.#hasWork = waiting > 0
    }
    if (waiting === 0 || now < (this.#failing?.retryAtMs ?? 0)) return
    const order = transmitterOrder(context.domain.networkId, context.region.name, seq + 1, context.committee)
    const position = order.findIndex((member) => equalBytes(member, context.address))
    const isFull = waiting >= pace.maxClaims
    const dueAtMs = this.#movedAtMs + (isFull ? 0 : pace.intervalMs) + transmitterDelayMs(position, pace.stageMs)
    await this.#takeTurn(now, now >= dueAtMs)
  }

  // DESIGN 11: stages. A proposal that has had no quorum for a stage, whoever made it, blocks nothing: every member whose
  // turn has come makes its own then, until one is signed. What others sign for one place does no harm: the chain takes one.
  async #takeTurn(now: number, isDue: boolean): Promise<void> {
    const { desk, pace, send } = this.#init
    if (!(await desk.book.hasOwn())) this.#openSinceMs = undefined
    else this.#openSinceMs ??= now
    if (!isDue) return
    const signed = await desk.book.findSigned()
    if (signed !== undefined) {
      if (send !== undefined) await send(signed, this.#stopped.signal)
    } else if (this.#openSinceMs === undefined || now - this.#openSinceMs >= pace.stageMs) {
      await desk.propose()
      this.#openSinceMs = now
    }
    this.#succeeded()
  }

  #succeeded(): void {
    if (this.#failing !== undefined) this.#init.log.info({}, 'anchors are sent again')
    this.#failing = undefined
  }
}
