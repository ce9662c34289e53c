import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import type { ReviewView } from '#api'
import {
  commitEntry,
  concatBytes,
  equalBytes,
  errorCodeOf,
  hashReviewEntry,
  isBitSet,
  partialReadingToJson,
  signReviewNotice,
  signReviewRequest,
  toHex,
  verifyReviewNotice,
  verifyReviewRequest,
} from '#protocol'
import type { Certificate, Claim, GossipMessage, ReviewEntry, ReviewNotice, ReviewRequest } from '#protocol'
import { keyOfNumber } from '#storage'
import type { Archive, BillRecord, ReviewRecord, Store, Write } from '#storage'
import type { FetchBlocks, LoadedBatch } from '../batch-loader.ts'
import type { BillVault } from '../bill-vault.ts'
import { buildClaim } from '../examiner.ts'
import type { Examination, Examiner } from '../examiner.ts'
import { hashFile } from '../hash-file.ts'
import type { PreparedBill } from '../in-flight.ts'
import { plainKey } from '../ledger.ts'
import { NodeError } from '../node-error.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import { Serial } from '../serial.ts'
import { WorkLanes } from '../work-lanes.ts'
import { checkEntry } from './check-entry.ts'
import { noticeKey, ReviewBook } from './review-book.ts'

/** Bills of one sponsor fetched at a time. */
const FETCHES_AT_A_TIME = 2
/** Longest that fetching one bill may take. */
const FETCH_TIMEOUT_MS = 60_000

/** What the review desk needs. */
export type ReviewDeskInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Archive
  readonly vault: BillVault
  readonly examiner: Examiner
  readonly fetch: FetchBlocks
  readonly peersFor: (sponsor: Uint8Array) => readonly string[]
  readonly flushBlocks: () => Promise<void>
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly propose: (bill: PreparedBill) => void
  readonly randomBytes: (size: number) => Uint8Array
  readonly log: Logger
}

/**
 * Bills that people must read. Each auditor's people enter a bill for themselves; only a commitment leaves the node. When
 * a quorum has entered the same as the sponsor, the sponsor claims it, and each auditor votes by its own entry alone.
 */
export class ReviewDesk {
  readonly #init: ReviewDeskInit
  readonly #book: ReviewBook
  readonly #serial = new Serial()
  readonly #lanes = new WorkLanes()
  readonly #stopped = new AbortController()
  /** Equal entries when an own bill was last proposed, by CID. */
  readonly #proposedWith = new Map<string, number>()

  constructor(init: ReviewDeskInit) {
    this.#init = init
    this.#book = new ReviewBook(init.context)
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

  /** Says again what others may have missed, fetches what is not here, and proposes what a quorum had agreed on. */
  async start(): Promise<void> {
    for (const { request, state } of this.#book.open()) {
      if (state === 'wanted') this.#fetchSoon(request)
      if (this.#isOwn(request.sponsor)) await this.#init.publish({ kind: 'review-request', request })
      const own = this.#book.findNotice(request.plainHash, this.#init.context.address)
      if (own !== undefined) await this.#init.publish({ kind: 'review-notice', notice: own })
      await this.#consider(request.plainHash)
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#lanes.allSettled()
    await this.#serial.run(async () => undefined)
  }

  #isOwn(address: Uint8Array): boolean {
    return equalBytes(address, this.#init.context.address)
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
  async takeRequest(request: ReviewRequest): Promise<boolean> {
    const { context, store } = this.#init
    if (request.region !== context.region.name || request.epoch !== context.epoch) return false
    if (!isMember(context, request.sponsor)) return false
    return this.#serial.run(async () => {
      const known = this.#book.find(request.bill)
      // One that lied about a file must not keep the file from being reviewed for whoever really holds it.
      const isBelied = known?.state === 'false' && !equalBytes(known.request.sponsor, request.sponsor)
      if (known !== undefined && !isBelied) {
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
    const { fetch, peersFor, vault, archive, flushBlocks, store, log } = this.#init
    if (this.#book.find(request.bill)?.state !== 'wanted') return
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    await fetch([request.bill], { from: peersFor(request.sponsor), signal })
    const isTrue = await this.#isTrue(request, vault, signal)
    if (isTrue) {
      await archive.pinBatch(request.bill)
      await flushBlocks()
    } else log.warn({ bill: request.bill.toString(), sponsor: toHex(request.sponsor) }, 'request for review is false')
    const record: ReviewRecord = { request, state: isTrue ? 'here' : 'false' }
    await store.commit([store.reviews.put(request.bill.bytes, record)], { durable: true })
    this.#book.put(record)
  }

  // A file that cannot be opened with the region's key, or is another than was said, is nothing to read.
  async #isTrue(
    { bill, visibility, plainHash }: ReviewRequest,
    vault: BillVault,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      return equalBytes(hashFile(await vault.readPlain(bill, visibility, signal)), plainHash)
    } catch (cause) {
      if (signal.aborted) throw cause
      return false
    }
  }

  /**
   * Takes a notice from gossip or sync.
   *
   * @returns false for one that is not for this committee, or is not newer than what is known.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async takeNotice(notice: ReviewNotice): Promise<boolean> {
    const { context, store } = this.#init
    if (notice.region !== context.region.name || notice.epoch !== context.epoch) return false
    if (!isMember(context, notice.auditor)) return false
    const isNews = await this.#serial.run(async () => {
      const known = this.#book.findNotice(notice.plainHash, notice.auditor)
      if ((known?.seq ?? 0) >= notice.seq || this.#book.isIdle(notice)) return false
      verifyReviewNotice(context.domain, notice)
      await store.commit([store.reviewNotices.put(noticeKey(notice), notice)], { durable: false })
      this.#book.putNotice(notice)
      return true
    })
    if (isNews) await this.#consider(notice.plainHash)
    return isNews
  }

  /** All bills under review. */
  async list(): Promise<ReviewView[]> {
    return Promise.all(this.#book.open().map(async (record) => this.#view(record)))
  }

  async #view({ request, state }: ReviewRecord): Promise<ReviewView> {
    const { context, store } = this.#init
    const { bill, visibility, sponsor, plainHash, declaredPlace } = request
    const own = await store.reviewEntries.find(plainHash)
    return {
      cid: bill.toString(),
      visibility,
      sponsor: toHex(sponsor),
      here: state === 'here',
      ...(declaredPlace === undefined ? {} : { declaredPlace }),
      entries: this.#book.countEntries(plainHash),
      quorum: context.quorum,
      own: own === undefined ? 'none' : own.entry === undefined ? 'withdrawn' : 'entered',
      ...(own?.entry === undefined ? {} : { equal: this.#book.countEqual(plainHash, own.entry), entry: own.entry }),
    }
  }

  /** How far the review of a bill is; undefined if it is not under review. */
  progressOf(cid: CID): { readonly entries: number; readonly quorum: number } | undefined {
    const record = this.#book.find(cid)
    if (record === undefined) return undefined
    return { entries: this.#book.countEntries(record.request.plainHash), quorum: this.#init.context.quorum }
  }

  /**
   * One bill under review with what extraction said of it.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async show(cid: CID, signal: AbortSignal): Promise<ReviewView> {
    const record = this.#get(cid)
    const view = await this.#view(record)
    if (record.state === 'wanted') return view
    const examination = await this.#examine(record, signal)
    if (examination.kind !== 'refused') return view
    const { reason, read } = examination
    return { ...view, reason, ...(read === undefined ? {} : { read: read.map(partialReadingToJson) }) }
  }

  /**
   * The bill's own bytes.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  async readPlain(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const { request, state } = this.#get(cid)
    if (state !== 'wanted') return this.#init.vault.readPlain(request.bill, request.visibility, signal)
    throw new NodeError('the bytes of the bill are not here yet', { code: 'ERR_REVIEW_ABSENT', cid: cid.toString() })
  }

  #get(cid: CID): ReviewRecord {
    const record = this.#book.find(cid)
    if (record === undefined || record.state === 'false') {
      throw new NodeError(`bill ${cid.toString()} is not under review here`, {
        code: 'ERR_REVIEW_UNKNOWN',
        cid: cid.toString(),
      })
    }
    return record
  }

  async #examine({ request }: ReviewRecord, signal: AbortSignal): Promise<Examination> {
    const plain = await this.readPlain(request.bill, signal)
    return this.#init.examiner.examine(plain, request.plainHash, request.declaredPlace, signal)
  }

  /**
   * Enters what a person read. Entry and commitment are on disk before anybody hears of them; entered again, it replaces.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT, ERR_REVIEW_NOT_NEEDED, ERR_REVIEW_FACTS, ERR_REVIEW_CLOSED.
   */
  async enter(cid: CID, entry: ReviewEntry, signal: AbortSignal): Promise<ReviewView> {
    const { context } = this.#init
    const record = this.#get(cid)
    const { plainHash } = record.request
    if ((await this.#examine(record, signal)).kind === 'facts') {
      throw new NodeError('extraction reads this bill: no person has to', {
        code: 'ERR_REVIEW_NOT_NEEDED',
        cid: cid.toString(),
      })
    }
    await checkEntry(this.#init, entry, record.request)
    const own = { region: context.region.name, plainHash, auditor: context.address }
    await this.#write(record, entry, commitEntry(context.domain, { ...own, entry: hashReviewEntry(entry) }))
    return this.#view(this.#get(cid))
  }

  /**
   * Withdraws the own entry of a bill.
   *
   * @throws {NodeError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_CLOSED.
   */
  async withdraw(cid: CID): Promise<ReviewView> {
    const record = this.#get(cid)
    if ((await this.#init.store.reviewEntries.find(record.request.plainHash))?.entry !== undefined) {
      await this.#write(record, undefined, null)
    }
    return this.#view(this.#get(cid))
  }

  async #write(
    { request }: ReviewRecord,
    entry: ReviewEntry | undefined,
    commitment: Uint8Array | null,
  ): Promise<void> {
    const { context, store, publish } = this.#init
    const { plainHash, bill } = request
    const notice = await this.#serial.run(async () => {
      if (this.#book.find(bill)?.state === 'done') {
        throw new NodeError('the bill is certified', { code: 'ERR_REVIEW_CLOSED', cid: bill.toString() })
      }
      const before = this.#book.findNotice(plainHash, context.address)
      const isSame = before?.commitment != null && commitment !== null && equalBytes(before.commitment, commitment)
      if (isSame) return before
      const header = { region: context.region.name, epoch: context.epoch, auditor: context.address, plainHash }
      const seq = (before?.seq ?? 0) + 1
      const signed = signReviewNotice(context.domain, { ...header, seq, commitment }, context.privateKey)
      await store.commit(
        [
          store.reviewEntries.put(plainHash, entry === undefined ? {} : { entry }),
          store.reviewNotices.put(noticeKey(signed), signed),
        ],
        { durable: true },
      )
      this.#book.putNotice(signed)
      return signed
    })
    await publish({ kind: 'review-notice', notice })
    await this.#consider(plainHash)
  }

  /** What this auditor's people read in a bill, for its vote; undefined without an entry. */
  async findEntry(plainHash: Uint8Array): Promise<ReviewEntry | undefined> {
    return (await this.#init.store.reviewEntries.find(plainHash))?.entry
  }

  /** Own bills with these bytes are proposed once a quorum has entered the same. */
  async #consider(plainHash: Uint8Array): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const own = this.#book.ofPlainHash(plainHash).filter(({ request }) => this.#isOwn(request.sponsor))
    for (const { request } of own) {
      const prepared = await this.#serial.run(async () => this.#agree(request))
      if (prepared !== undefined) this.#init.propose(prepared)
    }
  }

  async #agree({ bill, plainHash }: ReviewRequest): Promise<PreparedBill | undefined> {
    const { store, context, log } = this.#init
    const [record, entry] = await Promise.all([store.bills.find(bill.bytes), this.findEntry(plainHash)])
    if (record === undefined || entry === undefined) return undefined
    const equal = this.#book.countEqual(plainHash, entry)
    if (equal < context.quorum || !this.#isDue(record, equal)) return undefined
    const queueKey = concatBytes([keyOfNumber(record.receivedAtMs), bill.bytes])
    const claims = await this.claimsOf(record)
    if (claims.length === 0) return undefined
    // In the durable queue from now on: a crash after this line proposes it at the next start.
    await store.commit([store.bills.put(bill.bytes, { ...record, state: 'open' }), store.queue.put(queueKey, bill)], {
      durable: true,
    })
    this.#proposedWith.set(bill.toString(), equal)
    log.info({ bill: bill.toString() }, 'a quorum has entered the same: bill is proposed')
    return { cid: bill, visibility: record.visibility, claims, queueKey, isContested: true }
  }

  // One that commits and then does not vote may leave a batch open for ever: the same claim goes into another batch when
  // more have entered it since.
  #isDue({ cid, state }: BillRecord, equal: number): boolean {
    if (state === 'needs-review') return true
    return state === 'claimed' && equal > (this.#proposedWith.get(cid.toString()) ?? this.#init.context.quorum)
  }

  /** Claims by the own entry for an own bill, none without one; also for bills that a restart finds in the queue. */
  async claimsOf({ cid, plainHash, holder }: BillRecord): Promise<Claim[]> {
    const { context, examiner, randomBytes } = this.#init
    const entry = await this.findEntry(plainHash)
    if (entry === undefined) return []
    const examination = examiner.examineReviewed(entry)
    if (examination.kind === 'refused') return []
    return examination.bills.map((examined) =>
      buildClaim(context, { bill: cid, plainHash, ordinal: examined.ordinal, holder, salt: randomBytes(32) }, examined),
    )
  }

  /** Ends the review of a bill that came to no claim: nobody waits for it any more. */
  async close(bill: CID): Promise<void> {
    await this.#serial.run(async () => this.#end(bill))
  }

  /** Destroys what people read in a bill that is withdrawn, unless the same bytes are here as another bill. */
  async forget(bill: CID, plainHash: Uint8Array): Promise<void> {
    const { store } = this.#init
    await this.#serial.run(async () => {
      await this.#end(bill)
      const others = [plainKey('public', plainHash), plainKey('sealed', plainHash)]
      const found = await store.billsByPlainHash.findMany(others)
      const isElsewhere = found.some((cid) => cid !== undefined && !cid.equals(bill))
      if (isElsewhere || this.#book.ofPlainHash(plainHash).length > 0) return
      await store.commit([store.reviewEntries.remove(plainHash)], { durable: true })
    })
  }

  async #end(bill: CID): Promise<void> {
    const known = this.#book.find(bill)
    if (known === undefined || known.state === 'done' || known.state === 'false') return
    const record: ReviewRecord = { ...known, state: 'false' }
    await this.#init.store.commit([this.#init.store.reviews.put(bill.bytes, record)], { durable: true })
    this.#book.put(record)
  }

  /** A batch was certified: bills that it accepts as reviewed are closed. */
  async settle(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    const { store } = this.#init
    for (const [index, claim] of loaded.claims.entries()) {
      if (claim.assurance !== 'reviewed' || !isBitSet(certificate.bitmap, index)) continue
      for (const { request } of this.#book.ofPlainHash(claim.plainHash)) {
        if (!request.bill.equals(claim.bill)) continue
        const record: ReviewRecord = { request, state: 'done' }
        await store.commit([store.reviews.put(request.bill.bytes, record)], { durable: false })
        this.#book.put(record)
      }
    }
  }
}
