import type { CID } from 'multiformats/cid'
import type { ReviewView } from '#api'
import { partialReadingToJson, toHex } from '#protocol'
import type { ReviewRecord } from '#storage'
import type { ReviewBills } from './review-bills.ts'
import type { ReviewBook } from './review-book.ts'
import type { ReviewEntries } from './review-entries.ts'
import type { ReviewOpenings } from './review-openings.ts'

/** What the views show. */
export type ReviewViewsComponents = {
  readonly quorum: number
  readonly book: ReviewBook
  readonly bills: ReviewBills
  readonly entries: Pick<ReviewEntries, 'find' | 'stateOf'>
  readonly openings: Pick<ReviewOpenings, 'countEqual'>
}

/**
 * Bills under review as this auditor's people see them: how many auditors have entered a bill, and how many of them the same
 * as they; never what others entered.
 */
export class ReviewViews {
  readonly #components: ReviewViewsComponents

  constructor(components: ReviewViewsComponents) {
    this.#components = components
  }

  /** All bills under review. */
  async list(): Promise<ReviewView[]> {
    return Promise.all(this.#components.book.open().map(async (record) => this.#describe(record)))
  }

  /**
   * One bill under review.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN.
   */
  async find(cid: CID): Promise<ReviewView> {
    return this.#describe(this.#components.bills.get(cid))
  }

  /**
   * One bill under review with what extraction said of it.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async show(cid: CID, signal: AbortSignal): Promise<ReviewView> {
    const { bills } = this.#components
    const record = bills.get(cid)
    const view = await this.#describe(record)
    if (record.state === 'wanted') return view
    const examination = await bills.examine(record, signal)
    if (examination.kind !== 'refused') return view
    const { reason, read } = examination
    return { ...view, reason, ...(read === undefined ? {} : { read: read.map(partialReadingToJson) }) }
  }

  /** How far the review of a bill is; undefined if it is not under review. */
  progressOf(cid: CID): { readonly entries: number; readonly quorum: number } | undefined {
    const { book, quorum } = this.#components
    const record = book.find(cid)
    return record === undefined ? undefined : { entries: book.standing(record.request.plainHash).length, quorum }
  }

  async #describe({ request, state }: ReviewRecord): Promise<ReviewView> {
    const { quorum, book, entries, openings } = this.#components
    const { bill, visibility, sponsor, plainHash, declaredPlace } = request
    const entry = await entries.find(plainHash)
    const equal = await openings.countEqual(plainHash)
    return {
      cid: bill.toString(),
      visibility,
      sponsor: toHex(sponsor),
      here: state === 'here',
      ...(declaredPlace === undefined ? {} : { declaredPlace }),
      entries: book.standing(plainHash).length,
      quorum,
      own: await entries.stateOf(plainHash),
      ...(equal === undefined ? {} : { equal }),
      ...(entry === undefined ? {} : { entry }),
    }
  }
}
