import type { Logger } from 'pino'
import { equalBytes, errorCodeOf } from '#protocol'
import { transmitterDelayMs, transmitterOrder } from '#consensus'
import type { RegionContext } from '../region-context.ts'
import type { AnchorDesk, AnchorHead, SignedAnchor } from './anchor-desk.ts'

/** Looks at the clock this often; also the shortest time between two looks at whether a quorum has signed. */
const TICK_MS = 250

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
  readonly context: RegionContext
  readonly desk: AnchorDesk
  readonly pace: AnchorPace
  readonly head: () => AnchorHead
  /** Sends an anchor and waits until the chain has it or refuses it; absent on nodes without a payer. */
  readonly send: ((signed: SignedAnchor, signal: AbortSignal) => Promise<void>) | undefined
  readonly countUnanchored: () => Promise<number>
  readonly nowMs: () => number
  readonly log: Logger
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

  constructor(init: TransmitterInit) {
    this.#init = init
  }

  start(): void {
    this.#movedAtMs = this.#init.nowMs()
    this.#timer = setInterval(() => {
      if (this.#isBusy) return
      this.#isBusy = true
      this.#loop = this.#tick()
        .catch((cause: unknown) => {
          if (this.#stopped.signal.aborted) return
          this.#init.log.warn({ code: errorCodeOf(cause), err: cause }, 'anchor not sent; it is tried again')
        })
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

  async #tick(): Promise<void> {
    const { context, desk, pace, head, send, nowMs } = this.#init
    const { seq } = head()
    const now = nowMs()
    const waiting = await this.#init.countUnanchored()
    if (seq !== this.#seq || waiting > 0 !== this.#hasWork) {
      // Work that arrives after an idle time is due one interval after the last anchor, not at once for everybody.
      if (seq !== this.#seq || now - this.#movedAtMs > pace.intervalMs) this.#movedAtMs = now
      this.#seq = seq
      this.#hasWork = waiting > 0
    }
    if (waiting === 0) return
    const order = transmitterOrder(context.domain.networkId, context.region.name, seq + 1, context.committee)
    const position = order.findIndex((member) => equalBytes(member, context.address))
    const isFull = waiting >= pace.maxClaims
    const dueAtMs = this.#movedAtMs + (isFull ? 0 : pace.intervalMs) + transmitterDelayMs(position, pace.stageMs)
    if (now < dueAtMs) return
    const signed = await desk.findSigned()
    if (signed !== undefined && send !== undefined) await send(signed, this.#stopped.signal)
    else if (signed === undefined && !(await desk.hasProposal())) await desk.propose()
  }
}
