import type { CID } from 'multiformats/cid'
import { concatBytes, equalBytes, sha256, toHex, utf8 } from '#protocol'
import type { ReviewNotice, SyncRecord } from '#protocol'
import type { ReviewRecord, Store } from '#storage'

/** Open bills of one sponsor that are known here; more come by sync when these are done. A sponsor's bills fill disks. */
export const OPEN_PER_SPONSOR = 64
/** Notices of one auditor about bills that nobody has asked about here yet: some overtake the request that they are about. */
export const UNKNOWN_PER_AUDITOR = 64

/** Key of a notice. */
export function noticeKey(notice: Pick<ReviewNotice, 'plainHash' | 'auditor'>): Uint8Array {
  return concatBytes([notice.plainHash, notice.auditor])
}

/** Bills under review and who has entered them, in memory; whoever puts something in has written it down first. */
export class ReviewBook {
  /** By CID. */
  readonly #reviews = new Map<string, ReviewRecord>()
  /** CIDs of the bills with a plain hash, closed ones too. */
  readonly #byPlainHash = new Map<string, Set<string>>()
  /** CIDs that count against their sponsor, {@link isFull}. */
  readonly #bySponsor = new Map<string, Set<string>>()
  /** By plain hash, then by auditor. */
  readonly #notices = new Map<string, Map<string, ReviewNotice>>()
  /** Plain hashes of bills that are not known here, by auditor with a notice about them. */
  readonly #unknown = new Map<string, Set<string>>()
  #digest: Uint8Array | undefined

  /** Reads what was written down before the last stop. */
  async load(store: Pick<Store, 'reviews' | 'reviewNotices'>): Promise<void> {
    for await (const [, record] of store.reviews.entries()) this.put(record)
    for await (const [, notice] of store.reviewNotices.entries()) this.putNotice(notice)
  }

  put(record: ReviewRecord): void {
    const { request, state } = record
    const cid = request.bill.toString()
    const before = this.#reviews.get(cid)
    if (before !== undefined) this.#bySponsor.get(toHex(before.request.sponsor))?.delete(cid)
    // One with a lie about its bytes counts as well: they were fetched.
    if (isOpen(record) || state === 'false') setOf(this.#bySponsor, toHex(request.sponsor)).add(cid)
    this.#reviews.set(cid, record)
    const plainHash = toHex(request.plainHash)
    setOf(this.#byPlainHash, plainHash).add(cid)
    for (const auditor of this.#notices.get(plainHash)?.keys() ?? []) this.#unknown.get(auditor)?.delete(plainHash)
    this.#digest = undefined
  }

  putNotice(notice: ReviewNotice): void {
    const plainHash = toHex(notice.plainHash)
    const auditor = toHex(notice.auditor)
    const notices = this.#notices.get(plainHash) ?? new Map<string, ReviewNotice>()
    notices.set(auditor, notice)
    this.#notices.set(plainHash, notices)
    if (!this.#byPlainHash.has(plainHash)) setOf(this.#unknown, auditor).add(plainHash)
    this.#digest = undefined
  }

  find(cid: CID): ReviewRecord | undefined {
    return this.#reviews.get(cid.toString())
  }

  /** Bills that are not certified yet. */
  open(): ReviewRecord[] {
    return [...this.#reviews.values()].filter(isOpen)
  }

  /** Open bills with the same bytes: one sealed and one public, or handed in at two auditors. */
  ofPlainHash(plainHash: Uint8Array): ReviewRecord[] {
    const cids = [...(this.#byPlainHash.get(toHex(plainHash)) ?? [])]
    return cids.flatMap((cid) => this.#reviews.get(cid) ?? []).filter(isOpen)
  }

  /** True if a sponsor has as many bills here, open or false, as are kept of one. */
  isFull(sponsor: Uint8Array): boolean {
    return (this.#bySponsor.get(toHex(sponsor))?.size ?? 0) >= OPEN_PER_SPONSOR
  }

  findNotice(plainHash: Uint8Array, auditor: Uint8Array): ReviewNotice | undefined {
    return this.#notices.get(toHex(plainHash))?.get(toHex(auditor))
  }

  /** True if a notice is about an open bill, or about one that may still be asked for and its auditor has few of those. */
  hasRoomFor({ plainHash, auditor }: ReviewNotice): boolean {
    if (this.#byPlainHash.has(toHex(plainHash))) return this.ofPlainHash(plainHash).length > 0
    const unknown = this.#unknown.get(toHex(auditor))
    return unknown === undefined || unknown.size < UNKNOWN_PER_AUDITOR || unknown.has(toHex(plainHash))
  }

  /** True if a notice is its auditor's latest here, and no withdrawal. */
  isStanding(notice: ReviewNotice): boolean {
    const known = this.findNotice(notice.plainHash, notice.auditor)
    if (known?.seq !== notice.seq || known.commitment === null || notice.commitment === null) return false
    return equalBytes(known.commitment, notice.commitment)
  }

  /** Notices of entries that are not withdrawn, one of each auditor. */
  standing(plainHash: Uint8Array): ReviewNotice[] {
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

  /** Everything that a peer may lack, some of each sponsor: requests and notices, nothing that opens a commitment. */
  *records(): Generator<SyncRecord> {
    const counts = new Map<string, number>()
    for (const { request, state } of this.open()) {
      const sponsor = toHex(request.sponsor)
      const count = counts.get(sponsor) ?? 0
      if (state !== 'here' || count >= OPEN_PER_SPONSOR) continue
      counts.set(sponsor, count + 1)
      const notices = [...(this.#notices.get(toHex(request.plainHash))?.values() ?? [])]
      yield { kind: 'review', request, notices }
    }
  }
}

function isOpen({ state }: ReviewRecord): boolean {
  return state === 'wanted' || state === 'here'
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const found = sets.get(key) ?? new Set<string>()
  sets.set(key, found)
  return found
}
