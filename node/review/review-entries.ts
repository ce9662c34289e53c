import type { CID } from 'multiformats/cid'
import {
  commitEntry,
  equalBytes,
  hashReviewEntry,
  isOpeningTrue,
  REVIEW_NOTICES,
  signReviewNotice,
  verifyReviewNotice,
} from '#protocol'
import type { GossipMessage, ReviewEntry, ReviewNotice, ReviewOpening } from '#protocol'
import type { ReviewRecord, Store } from '#storage'
import type { Examiner } from '../examiner.ts'
import { plainKey } from '../ledger.ts'
import { NodeError } from '../node-error.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import type { Serial } from '../serial.ts'
import { checkEntry } from './check-entry.ts'
import { noticeKey } from './review-book.ts'
import type { ReviewBook } from './review-book.ts'

/** What the entries need. */
export type ReviewEntriesInit = {
  readonly context: RegionContext
  readonly store: Pick<
    Store,
    'reviewEntries' | 'reviewNotices' | 'billsByPlainHash' | 'claims' | 'superseded' | 'commit'
  >
  readonly examiner: Pick<Examiner, 'examineReviewed'>
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly randomBytes: (size: number) => Uint8Array
}

/** What this auditor's people read, and the notices by which all auditors say that theirs have read something. */
export class ReviewEntries {
  readonly #init: ReviewEntriesInit
  readonly #book: ReviewBook
  readonly #serial: Serial

  /** @param serial one for all that changes the book. */
  constructor(init: ReviewEntriesInit, book: ReviewBook, serial: Serial) {
    this.#init = init
    this.#book = book
    this.#serial = serial
  }

  /**
   * Says own notices of open bills again. An entry that its notice does not commit to as it should is committed to anew: of
   * before commitments had a salt, or of a data directory from a backup whose later notice others know.
   */
  async start(): Promise<void> {
    const plainHashes = new Map(this.#book.open().map(({ request }) => [request.plainHash.join(), request]))
    for (const { plainHash } of plainHashes.values()) {
      const { entry } = await this.#record(plainHash)
      if (entry !== undefined) {
        await this.#publish(await this.#serial.run(async () => this.#commit(plainHash, entry)))
        continue
      }
      const own = this.#book.findNotice(plainHash, this.#init.context.address)
      if (own !== undefined) await this.#publish(own)
    }
  }

  /**
   * Takes a notice from gossip, sync or an opening.
   *
   * @returns false for one that is not for this committee, is not newer than what is known, or is about nothing here.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async take(notice: ReviewNotice): Promise<boolean> {
    const { context, store } = this.#init
    if (notice.region !== context.region.name || notice.epoch !== context.epoch) return false
    if (!isMember(context, notice.auditor)) return false
    return this.#serial.run(async () => {
      const known = this.#book.findNotice(notice.plainHash, notice.auditor)
      // Of two notices under one number the first one stays: whoever signs two is counted once, or not at all.
      if ((known?.seq ?? 0) >= notice.seq || !this.#book.hasRoomFor(notice)) return false
      verifyReviewNotice(context.domain, notice)
      await store.commit([store.reviewNotices.put(noticeKey(notice), notice)], { durable: false })
      this.#book.putNotice(notice)
      return true
    })
  }

  /**
   * Enters what a person read, in place of what was entered before.
   *
   * @throws {NodeError} ERR_REVIEW_FACTS, ERR_REVIEW_CLOSED.
   */
  async enter({ request }: ReviewRecord, entry: ReviewEntry): Promise<void> {
    await checkEntry(this.#init, entry, request)
    const { plainHash, bill } = request
    const notice = await this.#serial.run(async () => {
      this.#refuseClosed(bill)
      return this.#commit(plainHash, entry, bill)
    })
    await this.#publish(notice)
  }

  /**
   * Withdraws the own entry of a bill.
   *
   * @throws {NodeError} ERR_REVIEW_CLOSED.
   */
  async withdraw({ request }: ReviewRecord): Promise<void> {
    const { plainHash, bill } = request
    const notice = await this.#serial.run(async () => {
      if ((await this.#record(plainHash)).entry === undefined) return undefined
      this.#refuseClosed(bill)
      return this.#write(plainHash, undefined, null)
    })
    if (notice !== undefined) await this.#publish(notice)
  }

  // Looked at again in the serial: it may have been certified or withdrawn while the entry was checked.
  #refuseClosed(bill: CID): void {
    const state = this.#book.find(bill)?.state
    if (state === 'wanted' || state === 'here') return
    const message = state === 'done' ? 'the bill is certified' : 'the bill is no longer under review'
    throw new NodeError(message, { code: 'ERR_REVIEW_CLOSED', cid: bill.toString() })
  }

  // The same entry again keeps its commitment: a new one would only have to be opened again.
  async #commit(plainHash: Uint8Array, entry: ReviewEntry, bill?: CID): Promise<ReviewNotice> {
    const { context, randomBytes } = this.#init
    const hash = hashReviewEntry(entry)
    const before = await this.findOpening(plainHash)
    if (before !== undefined && equalBytes(before.entry, hash)) return before.notice
    const known = this.#book.findNotice(plainHash, context.address)
    // The last number is for the withdrawal: what is entered can always be taken back.
    if ((known?.seq ?? 0) >= REVIEW_NOTICES - 1) {
      if (bill === undefined && known !== undefined) return known
      const message = `the bill was entered ${REVIEW_NOTICES - 1} times at this auditor: no other entry of it counts`
      throw new NodeError(message, { code: 'ERR_REVIEW_CLOSED', cid: bill?.toString() ?? '' })
    }
    const salt = randomBytes(32)
    const own = { region: context.region.name, plainHash, auditor: context.address }
    return this.#write(plainHash, { entry, salt }, commitEntry(context.domain, { ...own, salt, entry: hash }))
  }

  // DESIGN 16: entry and salt are on disk, in one synced commit with the notice, before anybody hears of it. A commitment
  // that its own auditor could not open would be one that counts for nothing.
  async #write(
    plainHash: Uint8Array,
    content: { readonly entry: ReviewEntry; readonly salt: Uint8Array } | undefined,
    commitment: Uint8Array | null,
  ): Promise<ReviewNotice> {
    const { context, store } = this.#init
    const header = { region: context.region.name, epoch: context.epoch, auditor: context.address, plainHash }
    const seq = (this.#book.findNotice(plainHash, context.address)?.seq ?? 0) + 1
    const notice = signReviewNotice(context.domain, { ...header, seq, commitment }, context.privateKey)
    await store.commit(
      [store.reviewEntries.put(plainHash, content ?? {}), store.reviewNotices.put(noticeKey(notice), notice)],
      { durable: true },
    )
    this.#book.putNotice(notice)
    return notice
  }

  async #publish(notice: ReviewNotice): Promise<void> {
    await this.#init.publish({ kind: 'review-notice', notice })
  }

  async #record(plainHash: Uint8Array): Promise<{ readonly entry?: ReviewEntry; readonly salt?: Uint8Array }> {
    return (await this.#init.store.reviewEntries.find(plainHash)) ?? {}
  }

  /** What this auditor's people read in a bill, for its vote; undefined without an entry. */
  async find(plainHash: Uint8Array): Promise<ReviewEntry | undefined> {
    return (await this.#record(plainHash)).entry
  }

  /** Whether people of this auditor have read a bill. */
  async stateOf(plainHash: Uint8Array): Promise<'none' | 'entered' | 'withdrawn'> {
    const record = await this.#init.store.reviewEntries.find(plainHash)
    return record === undefined ? 'none' : record.entry === undefined ? 'withdrawn' : 'entered'
  }

  /** What opens the own standing commitment; undefined without one. To be shown to nobody before it may be. */
  async findOpening(plainHash: Uint8Array): Promise<ReviewOpening | undefined> {
    const { context } = this.#init
    const { entry, salt } = await this.#record(plainHash)
    const notice = this.#book.findNotice(plainHash, context.address)
    if (entry === undefined || salt === undefined || notice === undefined) return undefined
    const opening = { notice, salt, entry: hashReviewEntry(entry) }
    return isOpeningTrue(context.domain, opening) ? opening : undefined
  }

  /** Destroys what people read in a bill that is withdrawn, unless the same bytes are here as another bill. In the serial. */
  async forget(bill: CID, plainHash: Uint8Array): Promise<void> {
    const { store } = this.#init
    const others = [plainKey('public', plainHash), plainKey('sealed', plainHash)]
    const found = await store.billsByPlainHash.findMany(others)
    const isElsewhere = found.some((cid) => cid !== undefined && !cid.equals(bill))
    if (isElsewhere || this.#book.ofPlainHash(plainHash).length > 0) return
    await store.commit([store.reviewEntries.remove(plainHash)], { durable: true })
  }
}
