import type { Logger } from 'pino'
import {
  decodeReviewOpening,
  encodeReviewOpening,
  equalBytes,
  errorCodeOf,
  isOpeningTrue,
  REVIEW_OPENING_BYTES,
  toHex,
} from '#protocol'
import type { ReviewNotice, ReviewOpening } from '#protocol'
import type { PeerView, RequestOptions } from '../network/types.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import { WorkLanes } from '../work-lanes.ts'
import type { ReviewBook } from './review-book.ts'

/** Openings asked for at a time of one auditor: one that does not answer holds up nobody else's. */
const ASKED_AT_A_TIME = 4
/** Longest that one auditor may take to open one commitment. */
const ASK_TIMEOUT_MS = 10_000

/** What the openings need of the network. */
interface OpeningNetwork {
  peers(): PeerView[]
  request(peerId: string, protocol: string, bytes: Uint8Array, options: RequestOptions): AsyncIterable<Uint8Array>
}

/** What the openings need. */
export type ReviewOpeningsInit = {
  readonly context: RegionContext
  readonly network: OpeningNetwork
  /** Name of the protocol by which openings are exchanged. */
  readonly protocol: string
  /** What opens the own commitment to a bill. */
  readonly findOwn: (plainHash: Uint8Array) => Promise<ReviewOpening | undefined>
  /** Takes the notice that comes with an opening; throws if its auditor did not sign it. */
  readonly takeNotice: (notice: ReviewNotice) => Promise<unknown>
  /** Another auditor's commitment was opened here. */
  readonly onOpened: (plainHash: Uint8Array) => Promise<void>
  readonly log: Logger
}

type Opened = { readonly seq: number; readonly entry: Uint8Array }

/**
 * Who has entered the same. Two auditors open their commitments to each other, and to nobody else, once both have committed
 * and a quorum stands committed: until then nothing that an auditor's people read has left it, so that nobody else's people
 * can have copied it. Whoever asks opens its own first. Kept in memory: it can be asked for again.
 */
export class ReviewOpenings {
  readonly #init: ReviewOpeningsInit
  readonly #book: ReviewBook
  readonly #lanes = new WorkLanes()
  readonly #stopped = new AbortController()
  /** By plain hash, then by auditor; of open bills alone. */
  readonly #opened = new Map<string, Map<string, Opened>>()

  constructor(init: ReviewOpeningsInit, book: ReviewBook) {
    this.#init = init
    this.#book = book
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#lanes.allSettled()
  }

  /** Auditors whose standing entry is the own one of this hash, this auditor included; undefined before a quorum has entered. */
  async countEqual(plainHash: Uint8Array): Promise<number | undefined> {
    const own = await this.#mayOpen(plainHash)
    if (own === undefined) return undefined
    const others = this.#book.standing(plainHash).filter((notice) => {
      const opened = this.#find(notice)
      return opened !== undefined && equalBytes(opened.entry, own.entry)
    })
    return 1 + others.length
  }

  /** Asks those who have committed to a bill, and not opened it here, to do so; what fails is asked for again later. */
  async exchange(plainHash: Uint8Array): Promise<void> {
    if (this.#stopped.signal.aborted || (await this.#mayOpen(plainHash)) === undefined) return
    for (const notice of this.#book.standing(plainHash)) {
      if (this.#isOwn(notice.auditor) || this.#find(notice) !== undefined) continue
      const lane = { name: toHex(notice.auditor), width: ASKED_AT_A_TIME }
      this.#lanes.begin(lane, toHex(plainHash), async () => {
        try {
          await this.#ask(notice.auditor, plainHash)
        } catch (cause) {
          const fields = { auditor: toHex(notice.auditor), code: errorCodeOf(cause) }
          this.#init.log.debug(fields, 'entry not opened; it is asked for again')
        }
      })
    }
  }

  async #ask(auditor: Uint8Array, plainHash: Uint8Array): Promise<void> {
    const { network, protocol } = this.#init
    // Looked at again: it may have waited for its turn, and been withdrawn or opened meanwhile.
    const notice = this.#book.findNotice(plainHash, auditor)
    const own = await this.#mayOpen(plainHash)
    if (own === undefined || notice === undefined || notice.commitment === null) return
    if (this.#stopped.signal.aborted || this.#find(notice) !== undefined) return
    const peer = network.peers().find(({ address }) => equalBytes(address, auditor))
    if (peer === undefined) return
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ASK_TIMEOUT_MS)])
    const options = { signal, maxFrames: 1, maxFrameBytes: REVIEW_OPENING_BYTES, timeoutMs: ASK_TIMEOUT_MS }
    for await (const frame of network.request(peer.peerId, protocol, encodeReviewOpening(own), options)) {
      await this.#take(decodeReviewOpening(frame), auditor)
    }
  }

  /**
   * Answers one that opens its commitment with what opens the own one, or with nothing: no member, no entry here, a quorum
   * that has not entered as far as is known here, or an opening that is not one.
   *
   * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA, ERR_PROTOCOL_SIGNATURE.
   */
  async *answer(bytes: Uint8Array, peer: Pick<PeerView, 'address'>): AsyncGenerator<Uint8Array> {
    // Before a byte of it is decoded.
    if (!isMember(this.#init.context, peer.address)) return
    const own = await this.#take(decodeReviewOpening(bytes), peer.address)
    if (own !== undefined) yield encodeReviewOpening(own)
  }

  /** @returns what opens the own commitment, if the one that opened its own may have it. */
  async #take(opening: ReviewOpening, from: Uint8Array): Promise<ReviewOpening | undefined> {
    const { context, takeNotice, onOpened, log } = this.#init
    const { notice, entry } = opening
    const { plainHash, auditor, seq } = notice
    // Of its own commitment, in its own name: what another one opened to it is of no use to it here.
    if (!equalBytes(auditor, from) || this.#isOwn(auditor)) return undefined
    if (!isOpeningTrue(context.domain, opening)) {
      log.warn({ auditor: toHex(auditor) }, 'an auditor does not open what it committed to')
      return undefined
    }
    await takeNotice(notice)
    const own = await this.#mayOpen(plainHash)
    if (own === undefined || !this.#book.isStanding(notice)) return undefined
    const opened = this.#opened.get(toHex(plainHash)) ?? new Map<string, Opened>()
    this.#opened.set(toHex(plainHash), opened.set(toHex(auditor), { seq, entry }))
    await onOpened(plainHash)
    return own
  }

  /** What opens the own commitment, if the bill is open and a quorum stands committed, this auditor among it. */
  async #mayOpen(plainHash: Uint8Array): Promise<ReviewOpening | undefined> {
    const own = await this.#init.findOwn(plainHash)
    // Looked at after the last await, so that it holds for what is done next.
    if (this.#book.ofPlainHash(plainHash).length === 0) return undefined
    return this.#book.standing(plainHash).length >= this.#init.context.quorum ? own : undefined
  }

  #find({ plainHash, auditor, seq }: ReviewNotice): Opened | undefined {
    const opened = this.#opened.get(toHex(plainHash))?.get(toHex(auditor))
    return opened?.seq === seq ? opened : undefined
  }

  #isOwn(auditor: Uint8Array): boolean {
    return equalBytes(auditor, this.#init.context.address)
  }

  /** Drops what was opened of a bill that is closed. */
  forget(plainHash: Uint8Array): void {
    if (this.#book.ofPlainHash(plainHash).length === 0) this.#opened.delete(toHex(plainHash))
  }
}
