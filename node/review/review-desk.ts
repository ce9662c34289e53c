import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import type { ReviewView } from '#api'
import { errorCodeOf } from '#protocol'
import type { Certificate, Claim, GossipMessage, ReviewEntry, ReviewNotice, ReviewRequest } from '#protocol'
import type { Archive, BillRecord, Store, Write } from '#storage'
import type { FetchBlocks, LoadedBatch } from '../batch-loader.ts'
import type { BillVault } from '../bill-vault.ts'
import type { Examiner } from '../examiner.ts'
import type { PreparedBill } from '../in-flight.ts'
import type { Network } from '../network/types.ts'
import { NodeError } from '../node-error.ts'
import type { RegionContext } from '../region-context.ts'
import { Serial } from '../serial.ts'
import { ReviewAgreement } from './review-agreement.ts'
import { ReviewBills } from './review-bills.ts'
import { ReviewBook } from './review-book.ts'
import { ReviewEntries } from './review-entries.ts'
import { ReviewOpenings } from './review-openings.ts'
import { ReviewViews } from './review-views.ts'

/** What the review desk needs. */
export type ReviewDeskInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Archive
  readonly vault: BillVault
  readonly examiner: Examiner
  readonly network: Pick<Network, 'peers' | 'request' | 'handle'>
  /** Name of the protocol by which openings are exchanged. */
  readonly protocol: string
  readonly fetch: FetchBlocks
  readonly peersFor: (sponsor: Uint8Array) => readonly string[]
  readonly flushBlocks: () => Promise<void>
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly propose: (bill: PreparedBill) => void
  readonly randomBytes: (size: number) => Uint8Array
  /** Between two times that openings which failed are asked for again. */
  readonly intervalMs: number
  readonly log: Logger
}

/**
 * Bills that people must read. Each auditor's people enter a bill for themselves; a commitment leaves the node, and what
 * opens it when a quorum has committed. When a quorum has entered the same as the sponsor, the sponsor claims the bill, and
 * each auditor votes by its own entry alone.
 *
 * A bill goes one way through the rooms of this folder, all on one book (`review-book.ts`): asked for (`review-bills.ts`),
 * entered (`review-entries.ts`), opened (`review-openings.ts`), agreed on (`review-agreement.ts`). The desk is their door.
 */
export class ReviewDesk {
  readonly #init: ReviewDeskInit
  readonly #book = new ReviewBook()
  readonly #serial = new Serial()
  readonly #bills: ReviewBills
  readonly #entries: ReviewEntries
  readonly #openings: ReviewOpenings
  readonly #agreement: ReviewAgreement
  readonly #views: ReviewViews
  #timer: NodeJS.Timeout | undefined
  /** The look of the timer that is under way. */
  #looking: Promise<void> | undefined
  #isStopped = false

  constructor(init: ReviewDeskInit) {
    this.#init = init
    this.#bills = new ReviewBills(init, this.#book, this.#serial)
    this.#entries = new ReviewEntries(init, this.#book, this.#serial)
    this.#openings = new ReviewOpenings(
      {
        ...init,
        findOwn: async (plainHash) => this.#entries.findOpening(plainHash),
        takeNotice: async (notice) => this.takeNotice(notice),
        onOpened: async (plainHash) => this.#agree(plainHash),
      },
      this.#book,
    )
    this.#agreement = new ReviewAgreement(
      {
        ...init,
        findEntry: async (plainHash) => this.#entries.find(plainHash),
        countEqual: async (plainHash) => this.#openings.countEqual(plainHash),
      },
      this.#serial,
    )
    this.#views = new ReviewViews({
      quorum: init.context.quorum,
      book: this.#book,
      bills: this.#bills,
      entries: this.#entries,
      openings: this.#openings,
    })
    init.network.handle(init.protocol, (bytes, peer) => this.#openings.answer(bytes, peer))
  }

  /** Bills and notices for sync. */
  get book(): Pick<ReviewBook, 'digest' | 'records'> {
    return this.#book
  }

  /** Bills that people must read, of all sponsors. */
  countOpen(): number {
    return this.#book.open().length
  }

  /** Reads what was written down before the last stop. */
  async load(): Promise<void> {
    await this.#book.load(this.#init.store)
  }

  /** Says again what others may have missed, fetches what is not here, and goes on with what a quorum has entered. */
  async start(): Promise<void> {
    await this.#bills.start()
    await this.#entries.start()
    await this.#exchangeAll()
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, this.#init.intervalMs)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#bills.stop()
    await this.#openings.stop()
    await this.#looking
    await this.#serial.run(async () => undefined)
  }

  // One that was away when its opening was asked for is asked again.
  async #look(): Promise<void> {
    try {
      await this.#exchangeAll()
    } catch (cause) {
      this.#init.log.error({ code: errorCodeOf(cause), err: cause }, 'entries not opened; it is tried again')
    }
  }

  async #exchangeAll(): Promise<void> {
    for (const { request } of this.#book.open()) {
      if (this.#isStopped) return
      await this.#openings.exchange(request.plainHash)
      await this.#agree(request.plainHash)
    }
  }

  /** The request for an own bill, and the write that goes into the commit that makes the bill durable. */
  prepare(bill: BillRecord): { readonly request: ReviewRequest; readonly write: Write } {
    return this.#bills.prepare(bill)
  }

  /** Tells the region of an own bill that is durable. */
  async announce(request: ReviewRequest): Promise<void> {
    await this.#bills.announce(request)
  }

  /**
   * Takes a request from gossip or sync.
   *
   * @returns false for one that is not for this committee, or is known.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async takeRequest(request: ReviewRequest): Promise<boolean> {
    return this.#bills.take(request)
  }

  /**
   * Takes a notice from gossip or sync.
   *
   * @returns false for one that is not for this committee, or is not newer than what is known.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async takeNotice(notice: ReviewNotice): Promise<boolean> {
    const isNews = await this.#entries.take(notice)
    if (isNews) await this.#openings.exchange(notice.plainHash)
    return isNews
  }

  /** All bills under review. */
  async list(): Promise<ReviewView[]> {
    return this.#views.list()
  }

  /** How far the review of a bill is; undefined if it is not under review. */
  progressOf(cid: CID): { readonly entries: number; readonly quorum: number } | undefined {
    return this.#views.progressOf(cid)
  }

  /**
   * One bill under review with what extraction said of it.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async show(cid: CID, signal: AbortSignal): Promise<ReviewView> {
    return this.#views.show(cid, signal)
  }

  /**
   * The bill's own bytes.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async readPlain(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    return this.#bills.readPlain(cid, signal)
  }

  /**
   * Enters what a person read. Entry and commitment are on disk before anybody hears of them; entered again, it replaces.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT, ERR_REVIEW_NOT_NEEDED, ERR_REVIEW_FACTS, ERR_REVIEW_CLOSED.
   */
  async enter(cid: CID, entry: ReviewEntry, signal: AbortSignal): Promise<ReviewView> {
    const record = this.#bills.get(cid)
    if ((await this.#bills.examine(record, signal)).kind === 'facts') {
      throw new NodeError('extraction reads this bill: no person has to', {
        code: 'ERR_REVIEW_NOT_NEEDED',
        cid: cid.toString(),
      })
    }
    await this.#entries.enter(record, entry)
    await this.#openings.exchange(record.request.plainHash)
    // Others may have opened theirs before, when this auditor had entered something else.
    await this.#agree(record.request.plainHash)
    return this.#views.find(cid)
  }

  /**
   * Withdraws the own entry of a bill.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_CLOSED.
   */
  async withdraw(cid: CID): Promise<ReviewView> {
    await this.#entries.withdraw(this.#bills.get(cid))
    return this.#views.find(cid)
  }

  /** What this auditor's people read in a bill, for its vote; undefined without an entry. */
  async findEntry(plainHash: Uint8Array): Promise<ReviewEntry | undefined> {
    return this.#entries.find(plainHash)
  }

  /** Own bills with these bytes are proposed once a quorum has entered the same. */
  async #agree(plainHash: Uint8Array): Promise<void> {
    for (const { request } of this.#book.ofPlainHash(plainHash)) {
      if (!this.#isStopped && this.#bills.isOwn(request)) await this.#agreement.consider(request)
    }
  }

  /** Claims by the own entry for an own bill, none without one; also for bills that a restart finds in the queue. */
  async claimsOf(bill: BillRecord): Promise<Claim[]> {
    return this.#agreement.claimsOf(bill)
  }

  /** Ends the review of a bill that came to no claim: nobody waits for it any more. */
  async close(bill: CID): Promise<void> {
    await this.#serial.run(async () => this.#bills.end(bill))
    const plainHash = this.#book.find(bill)?.request.plainHash
    if (plainHash !== undefined) this.#openings.forget(plainHash)
    this.#agreement.forget({ bill })
  }

  /** Destroys what people read in a bill that is withdrawn, unless the same bytes are here as another bill. */
  async forget(bill: CID, plainHash: Uint8Array): Promise<void> {
    await this.#serial.run(async () => {
      await this.#bills.end(bill)
      await this.#entries.forget(bill, plainHash)
    })
    this.#openings.forget(plainHash)
    this.#agreement.forget({ bill })
  }

  /** A batch was certified: bills that it accepts as reviewed are closed. */
  async settle(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    for (const { bill, plainHash } of await this.#bills.settle(loaded, certificate)) {
      this.#openings.forget(plainHash)
      this.#agreement.forget({ bill })
    }
  }
}
