import type { CID } from 'multiformats/cid'
import { commitEntry, concatBytes, equalBytes, hashReviewEntry, sha256, toHex, utf8 } from '#protocol'
import type { ReviewEntry, ReviewNotice, ReviewRequest, SyncRecord } from '#protocol'
import type { ReviewRecord, Store } from '#storage'
import type { RegionContext } from '../region-context.ts'

/** Open bills of one sponsor that are known here; more come by sync when these are done. A sponsor's bills fill disks. */
const OPEN_PER_SPONSOR = 64
/** Notices of one auditor about bills that nobody has asked about here yet. */
const UNKNOWN_PER_AUDITOR = 64

/** Key of a notice. */
export function noticeKey(notice: Pick<ReviewNotice, 'plainHash' | 'auditor'>): Uint8Array {
  return concatBytes([notice.plainHash, notice.auditor])
}

/** Bills under review and who has entered them, in memory; {@link ReviewDesk} writes them down first. */
export class ReviewBook {
  readonly #context: RegionContext
  /** By CID. */
  readonly #reviews = new Map<string, ReviewRecord>()
  /** By plain hash, then by auditor. */
  readonly #notices = new Map<string, Map<string, ReviewNotice>>()
  #digest: Uint8Array | undefined

  constructor(context: RegionContext) {
    this.#context = context
  }

  /** Reads what was written down before the last stop. */
  async load(store: Pick<Store, 'reviews' | 'reviewNotices'>): Promise<void> {
    for await (const [, record] of store.reviews.entries()) this.put(record)
    for await (const [, notice] of store.reviewNotices.entries()) this.putNotice(notice)
  }

  put(record: ReviewRecord): void {
    this.#reviews.set(record.request.bill.toString(), record)
    this.#digest = undefined
  }

  putNotice(notice: ReviewNotice): void {
    const key = toHex(notice.plainHash)
    const notices = this.#notices.get(key) ?? new Map<string, ReviewNotice>()
    notices.set(toHex(notice.auditor), notice)
    this.#notices.set(key, notices)
    this.#digest = undefined
  }

  find(cid: CID): ReviewRecord | undefined {
    return this.#reviews.get(cid.toString())
  }

  /** Bills that are not certified yet. */
  open(): ReviewRecord[] {
    return [...this.#reviews.values()].filter(({ state }) => state === 'wanted' || state === 'here')
  }

  /** Bills with the same bytes: one sealed and one public, or handed in at two auditors. */
  ofPlainHash(plainHash: Uint8Array): ReviewRecord[] {
    return this.open().filter(({ request }) => equalBytes(request.plainHash, plainHash))
  }

  /** True if a sponsor has as many bills here, open or false, as are kept of one: false ones were fetched as well. */
  isFull(sponsor: Uint8Array): boolean {
    const own = [...this.#reviews.values()].filter(({ request }) => equalBytes(request.sponsor, sponsor))
    return own.filter(({ state }) => state !== 'done').length >= OPEN_PER_SPONSOR
  }

  findNotice(plainHash: Uint8Array, auditor: Uint8Array): ReviewNotice | undefined {
    return this.#notices.get(toHex(plainHash))?.get(toHex(auditor))
  }

  /** True if a notice is about no bill that is known here, and its auditor has sent enough of those. */
  isIdle({ plainHash, auditor }: ReviewNotice): boolean {
    if (this.ofPlainHash(plainHash).length > 0) return false
    const known = new Set([...this.#reviews.values()].map(({ request }) => toHex(request.plainHash)))
    const key = toHex(auditor)
    const idle = [...this.#notices].filter(([plain, notices]) => notices.has(key) && !known.has(plain))
    return idle.length >= UNKNOWN_PER_AUDITOR
  }

  /** Auditors with an entry that is not withdrawn. */
  countEntries(plainHash: Uint8Array): number {
    return this.#standing(plainHash).length
  }

  /** Auditors whose entry is this one: each commitment is made again with its auditor's own address. */
  countEqual(plainHash: Uint8Array, ours: ReviewEntry): number {
    const { domain, region } = this.#context
    const entry = hashReviewEntry(ours)
    return this.#standing(plainHash).filter(({ auditor, commitment }) => {
      const expected = commitEntry(domain, { region: region.name, plainHash, entry, auditor })
      return commitment !== null && equalBytes(commitment, expected)
    }).length
  }

  #standing(plainHash: Uint8Array): ReviewNotice[] {
    return [...(this.#notices.get(toHex(plainHash))?.values() ?? [])].filter(({ commitment }) => commitment !== null)
  }

  /** SHA-256 over what is known of open bills: equal for two nodes that have nothing to tell each other. */
  digest(): Uint8Array {
    this.#digest ??= sha256(utf8([...this.#lines()].toSorted().join('\n')))
    return this.#digest
  }

  *#lines(): Generator<string> {
    for (const { request, state } of this.open()) {
      // What is wanted still is asked for again, until its bytes are here.
      if (state === 'here') yield request.bill.toString()
      for (const { auditor, seq } of this.#notices.get(toHex(request.plainHash))?.values() ?? []) {
        yield `${toHex(request.plainHash)} ${toHex(auditor)} ${seq}`
      }
    }
  }

  /** Everything that a peer may lack, some of each sponsor. */
  *records(): Generator<SyncRecord> {
    const counts = new Map<string, number>()
    for (const { request, state } of this.open()) {
      const sponsor = toHex(request.sponsor)
      const count = counts.get(sponsor) ?? 0
      if (state !== 'here' || count >= OPEN_PER_SPONSOR) continue
      counts.set(sponsor, count + 1)
      yield { kind: 'review', request, notices: this.noticesOf(request) }
    }
  }

  /** The latest notice of each auditor for a bill. */
  noticesOf({ plainHash }: Pick<ReviewRequest, 'plainHash'>): ReviewNotice[] {
    return [...(this.#notices.get(toHex(plainHash))?.values() ?? [])]
  }
}
