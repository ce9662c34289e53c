import type { CID } from 'multiformats/cid'
import { equalBytes, toHex } from '#protocol'
import type { Withdrawal } from '#protocol'

/**
 * Bills of one sponsor that are excused while there is no room to write their withdrawal down. Each is of a certified batch
 * that is here; the oldest is forgotten first, and excused again when it is looked for again.
 */
const EXCUSED_PER_SPONSOR = 16_384

/** A search for the sealed bills of one batch. */
export type BillSearch = {
  /** Of the batch: nobody else's word ends the search. */
  readonly sponsor: Uint8Array
  /** CIDs as text. */
  readonly bills: ReadonlySet<string>
  /** A quorum has certified the batch, and so had its bills: they are not made up. */
  readonly isCertified: boolean
  /** Called when its sponsor is known to have withdrawn one of the bills. */
  readonly onWithdrawn: () => void
}

/** Who looks for which bills now, so that the search for one ends when its withdrawal comes. */
export class BillSearches {
  readonly #underWay = new Set<BillSearch>()
  /** By sponsor, CIDs as text. */
  readonly #excused = new Map<string, Set<string>>()

  /** @returns what ends it. */
  begin(search: BillSearch): () => void {
    this.#underWay.add(search)
    return () => void this.#underWay.delete(search)
  }

  /** A withdrawal is written down. */
  told({ sponsor, bills }: Withdrawal): void {
    for (const bill of bills) this.#excused.get(toHex(sponsor))?.delete(bill.toString())
    for (const search of this.#listOf(sponsor)) {
      if (bills.some((bill) => search.bills.has(bill.toString()))) search.onWithdrawn()
    }
  }

  /**
   * A verified withdrawal cannot be written down, since its sponsor's share is full: of its bills, those that a certified batch
   * is looked for are excused all the same. Else who joins late, and has nothing yet, might wait for ever: room comes with
   * finality, finality with the anchors in their order, and the first of them may need the bill that comes last.
   */
  excuse({ sponsor, bills }: Withdrawal): void {
    for (const search of this.#listOf(sponsor)) {
      const found = search.isCertified ? bills.map(String).filter((bill) => search.bills.has(bill)) : []
      const news = found.filter((bill) => this.#add(sponsor, bill))
      if (news.length > 0) search.onWithdrawn()
    }
  }

  #add(sponsor: Uint8Array, bill: string): boolean {
    const name = toHex(sponsor)
    const excused = this.#excused.get(name) ?? new Set<string>()
    this.#excused.set(name, excused)
    if (excused.has(bill)) return false
    excused.add(bill)
    const [oldest] = excused
    if (excused.size > EXCUSED_PER_SPONSOR && oldest !== undefined) excused.delete(oldest)
    return true
  }

  /** True for a bill that is excused though its withdrawal is not written down. */
  isExcused(bill: CID, sponsor: Uint8Array): boolean {
    return this.#excused.get(toHex(sponsor))?.has(bill.toString()) ?? false
  }

  #listOf(sponsor: Uint8Array): BillSearch[] {
    return [...this.#underWay].filter((search) => equalBytes(search.sponsor, sponsor))
  }
}
