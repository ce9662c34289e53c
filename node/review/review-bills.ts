import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { equalBytes, errorCodeOf, isBitSet, signReviewRequest, toHex, verifyReviewRequest } from '#protocol'
import type { Certificate, GossipMessage, ReviewRequest } from '#protocol'
import type { Archive, BillRecord, ReviewRecord, Store, Write } from '#storage'
import type { FetchBlocks, LoadedBatch } from '../batch-loader.ts'
import type { BillVault } from '../bill-vault.ts'
import type { Examination, Examiner } from '../examiner.ts'
import { hashFile } from '../hash-file.ts'
import { NodeError } from '../node-error.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import type { Serial } from '../serial.ts'
import { WorkLanes } from '../work-lanes.ts'
import type { ReviewBook } from './review-book.ts'

/** Bills of one sponsor fetched at a time. */
const FETCHES_AT_A_TIME = 2
/** Longest that fetching one bill may take. */
const FETCH_TIMEOUT_MS = 60_000

/** What the bills under review need. */
export type ReviewBillsInit = {
  readonly context: RegionContext
  readonly store: Pick<Store, 'reviews' | 'commit'>
  readonly archive: Pick<Archive, 'pinBatch'>
  readonly vault: BillVault
  readonly examiner: Pick<Examiner, 'examine'>
  readonly fetch: FetchBlocks
  readonly peersFor: (sponsor: Uint8Array) => readonly string[]
  readonly flushBlocks: () => Promise<void>
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly log: Logger
}

/** Bills that people must read, from the request of their sponsor to the certificate: who asks, and the bytes. */
export class ReviewBills {
  readonly #init: ReviewBillsInit
  readonly #book: ReviewBook
  readonly #serial: Serial
  readonly #lanes = new WorkLanes()
  readonly #stopped = new AbortController()

  /** @param serial one for all that changes the book: what is read, checked and written must not interleave. */
  constructor(init: ReviewBillsInit, book: ReviewBook, serial: Serial) {
    this.#init = init
    this.#book = book
    this.#serial = serial
  }

  /** Asks again for what others may have missed, and fetches what is not here. */
  async start(): Promise<void> {
    for (const { request, state } of this.#book.open()) {
      if (state === 'wanted') this.#fetchSoon(request)
      if (this.isOwn(request)) await this.#init.publish({ kind: 'review-request', request })
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#lanes.allSettled()
  }

  /** True if the bill was handed in here. */
  isOwn({ sponsor }: ReviewRequest): boolean {
    return equalBytes(sponsor, this.#init.context.address)
  }

  /** The request for an own bill, and the write that goes into the commit that makes the bill durable. */
  prepare(bill: BillRecord): { readonly request: ReviewRequest; readonly write: Write } {
    const { context, store } = this.#init
    const { cid, visibility, plainHash, declaredPlace } = bill
    const common = { region: context.region.name, epoch: context.epoch, sponsor: context.address }
    const place = declaredPlace === undefined ? {} : { declaredPlace }
    const content = { ...common, bill: cid, visibility, plainHash, ...place }
    const request = signReviewRequest(context.domain, content, context.privateKey)
    return { request, write: store.reviews.put(cid.bytes, { request, state: 'here' }) }
  }

  /** Tells the region of an own bill that is durable. */
  async announce(request: ReviewRequest): Promise<void> {
    this.#book.put({ request, state: 'here' })
    await this.#init.publish({ kind: 'review-request', request })
  }

  /**
   * Takes a request from gossip or sync.
   *
   * @returns false for one that is not for this committee, or is known.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async take(request: ReviewRequest): Promise<boolean> {
    const { context, store } = this.#init
    if (request.region !== context.region.name || request.epoch !== context.epoch) return false
    if (!isMember(context, request.sponsor)) return false
    return this.#serial.run(async () => {
      const known = this.#book.find(request.bill)
      if (known !== undefined && !isForgone(known, request)) {
        if (known.state === 'wanted') this.#fetchSoon(known.request)
        return false
      }
      if (this.#book.isFull(request.sponsor)) return false
      verifyReviewRequest(context.domain, request)
      const record: ReviewRecord = { request, state: 'wanted' }
      // Its sponsor has it on disk: what a crash loses here comes again by sync.
      await store.commit([store.reviews.put(request.bill.bytes, record)], { durable: false })
      this.#book.put(record)
      this.#fetchSoon(request)
      return true
    })
  }

  #fetchSoon(request: ReviewRequest): void {
    if (this.#stopped.signal.aborted) return
    const lane = { name: toHex(request.sponsor), width: FETCHES_AT_A_TIME }
    this.#lanes.begin(lane, request.bill.toString(), async () => {
      try {
        await this.#fetch(request)
      } catch (cause) {
        const fields = { bill: request.bill.toString(), code: errorCodeOf(cause) }
        this.#init.log.debug(fields, 'bill for review not fetched; sync asks again')
      }
    })
  }

  async #fetch(request: ReviewRequest): Promise<void> {
    const { fetch, peersFor, archive, flushBlocks, store, log } = this.#init
    if (!this.#isWanted(request)) return
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    await fetch([request.bill], { from: peersFor(request.sponsor), signal })
    const isTrue = await this.#isTrue(request, signal)
    if (isTrue) {
      await archive.pinBatch(request.bill)
      await flushBlocks()
    } else log.warn({ bill: request.bill.toString(), sponsor: toHex(request.sponsor) }, 'request for review is false')
    const record: ReviewRecord = { request, state: isTrue ? 'here' : 'false' }
    await this.#serial.run(async () => {
      // It may have been certified or withdrawn while its bytes came.
      if (!this.#isWanted(request)) return
      await store.commit([store.reviews.put(request.bill.bytes, record)], { durable: true })
      this.#book.put(record)
    })
  }

  #isWanted({ bill }: ReviewRequest): boolean {
    return this.#book.find(bill)?.state === 'wanted'
  }

  // A file that cannot be opened with the region's key, or is another than was said, is nothing to read.
  async #isTrue({ bill, visibility, plainHash }: ReviewRequest, signal: AbortSignal): Promise<boolean> {
    try {
      return equalBytes(hashFile(await this.#init.vault.readPlain(bill, visibility, signal)), plainHash)
    } catch (cause) {
      if (signal.aborted) throw cause
      return false
    }
  }

  /** @throws {NodeError} ERR_REVIEW_UNKNOWN. */
  get(cid: CID): ReviewRecord {
    const record = this.#book.find(cid)
    if (record === undefined || record.state === 'false' || record.state === 'ended') {
      throw new NodeError(`bill ${cid.toString()} is not under review here`, {
        code: 'ERR_REVIEW_UNKNOWN',
        cid: cid.toString(),
      })
    }
    return record
  }

  /**
   * The bill's own bytes.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async readPlain(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const { request, state } = this.get(cid)
    if (state !== 'wanted') return this.#init.vault.readPlain(request.bill, request.visibility, signal)
    throw new NodeError('the bytes of the bill are not here yet', { code: 'ERR_REVIEW_ABSENT', cid: cid.toString() })
  }

  /**
   * What extraction says of a bill.
   *
   * @throws {NodeError} as {@link readPlain}.
   */
  async examine({ request }: ReviewRecord, signal: AbortSignal): Promise<Examination> {
    const plain = await this.readPlain(request.bill, signal)
    return this.#init.examiner.examine(plain, request.plainHash, request.declaredPlace, signal)
  }

  /** Ends the review of a bill that came to no claim: nobody waits for it any more. Within the serial. */
  async end(bill: CID): Promise<void> {
    const known = this.#book.find(bill)
    if (known?.state !== 'wanted' && known?.state !== 'here') return
    const record: ReviewRecord = { ...known, state: 'ended' }
    await this.#init.store.commit([this.#init.store.reviews.put(bill.bytes, record)], { durable: true })
    this.#book.put(record)
  }

  /** A batch was certified: bills that it accepts as reviewed are closed. @returns which. */
  async settle(loaded: LoadedBatch, certificate: Certificate): Promise<ReviewRequest[]> {
    const { store } = this.#init
    const closed: ReviewRequest[] = []
    for (const [index, claim] of loaded.claims.entries()) {
      if (claim.assurance !== 'reviewed' || !isBitSet(certificate.bitmap, index)) continue
      await this.#serial.run(async () => {
        for (const { request } of this.#book.ofPlainHash(claim.plainHash)) {
          if (!request.bill.equals(claim.bill)) continue
          const record: ReviewRecord = { request, state: 'done' }
          await store.commit([store.reviews.put(request.bill.bytes, record)], { durable: false })
          this.#book.put(record)
          closed.push(request)
        }
      })
    }
    return closed
  }
}

// One that lied about a file, or wants it read no more, must not keep it from being reviewed for whoever really holds it.
function isForgone({ request, state }: ReviewRecord, { sponsor }: ReviewRequest): boolean {
  return (state === 'false' || state === 'ended') && !equalBytes(request.sponsor, sponsor)
}
