import type { CID } from 'multiformats/cid'
import { equalBytes, toHex } from '#protocol'
import type { BatchRecord, ClaimRecord, Store, WithdrawnRecord } from '#storage'
import { chainKey } from '../ledger.ts'
import type { RegionContext } from '../region-context.ts'

/** Records that tell how far a bill is. */
type Records = Pick<Store, 'bills' | 'claims' | 'claimsByBill' | 'batches' | 'chains' | 'reviews'>

/** Newest own batches among which the open ones are, as the sponsor looks for them. */
const OPEN_BATCHES = 64

/** Tells when the bytes of a withdrawn bill are needed no more. */
export class BillEnds {
  readonly #store: Records
  readonly #context: Pick<RegionContext, 'address' | 'epoch'>
  readonly #pinRoots: (bill: CID) => Promise<CID[]>

  /** @param pinRoots batches that a bill's blocks are kept for: every certified one that names it. */
  constructor(
    store: Records,
    context: Pick<RegionContext, 'address' | 'epoch'>,
    pinRoots: (bill: CID) => Promise<CID[]>,
  ) {
    this.#store = store
    this.#context = context
    this.#pinRoots = pinRoots
  }

  /**
   * True if a sealed bill may go: it is its sponsor's, all that is certified of it is final, and nothing of it is on its way.
   * What this node knows nothing of stays: its claims may come yet.
   */
  async mayGo({ bill, sponsor }: WithdrawnRecord): Promise<boolean> {
    const own = await this.#store.bills.find(bill.bytes)
    const claims = await this.#claimsOf(bill)
    if (claims.some(({ visibility }) => visibility === 'public') || own?.visibility === 'public') return false
    const isOwn = equalBytes(sponsor, this.#context.address)
    if (isOwn && (own === undefined || own.state === 'open')) return false
    if (claims.length === 0) return isOwn ? own?.state !== 'claimed' : this.#isRead(bill, sponsor)
    const batches = await this.#store.batches.findMany(claims.map(({ batch }) => batch))
    const hasEnded = claims.every(
      ({ state }, i) =>
        state === 'final' || (state === 'proposed' && batches[i] !== undefined && batches[i].state !== 'announced'),
    )
    if (!hasEnded) return false
    if (!isOwn) return this.#isBillOf(bill, sponsor, batches)
    // Given up by everybody and not handed back yet: an own one may be proposed again.
    if (own?.state === 'claimed' && !claims.some(({ state }) => state === 'final')) return false
    return !(await this.#isOnItsWay(claims))
  }

  // The same bytes sealed at two auditors are two files and one claim, whose record names one of the two batches: the other
  // sponsor's batch is found by its pin.
  async #isBillOf(bill: CID, sponsor: Uint8Array, batches: readonly (BatchRecord | undefined)[]): Promise<boolean> {
    const isOf = (batch: BatchRecord | undefined): boolean =>
      batch !== undefined && equalBytes(batch.announcement.sponsor, sponsor)
    if (batches.some(isOf)) return true
    const roots = await this.#pinRoots(bill)
    return (await this.#store.batches.findMany(roots.map((root) => root.multihash.digest))).some(isOf)
  }

  /** True if an own batch that is not decided has one of the claims. */
  async #isOnItsWay(claims: readonly ClaimRecord[]): Promise<boolean> {
    const { epoch, address } = this.#context
    const ids = new Set(claims.map(({ claimId }) => toHex(claimId)))
    const range = {
      from: chainKey(epoch, address, 0),
      below: chainKey(epoch, address, Number.MAX_SAFE_INTEGER),
      reverse: true,
      limit: OPEN_BATCHES,
    }
    for await (const [, digest] of this.#store.chains.entries(range)) {
      const batch = await this.#store.batches.find(digest)
      if (batch?.state === 'announced' && batch.claimIds.some((claimId) => ids.has(toHex(claimId)))) return true
    }
    return false
  }

  /** True if people were asked to read it, by this sponsor, and it came to no claim. */
  async #isRead(bill: CID, sponsor: Uint8Array): Promise<boolean> {
    const review = await this.#store.reviews.find(bill.bytes)
    if (review === undefined || review.state === 'done') return false
    return review.request.visibility === 'sealed' && equalBytes(review.request.sponsor, sponsor)
  }

  /** Auditors whose bill this is, as far as this node knows. */
  async sponsorsOf(bill: CID): Promise<Uint8Array[]> {
    const claims = await this.#claimsOf(bill)
    const batches = await Promise.all(claims.map(async ({ batch }) => this.#store.batches.find(batch)))
    const review = await this.#store.reviews.find(bill.bytes)
    const found = [...batches.map((batch) => batch?.announcement.sponsor), review?.request.sponsor]
    const known = found.filter((sponsor) => sponsor !== undefined)
    return [...new Map(known.map((sponsor) => [toHex(sponsor), sponsor])).values()]
  }

  /** Hash of the bill's own bytes; undefined if nothing here tells it. */
  async plainHashOf(bill: CID): Promise<Uint8Array | undefined> {
    const [claim] = await this.#claimsOf(bill)
    if (claim !== undefined) return claim.claim.plainHash
    const own = await this.#store.bills.find(bill.bytes)
    return own?.plainHash ?? (await this.#store.reviews.find(bill.bytes))?.request.plainHash
  }

  async #claimsOf(bill: CID): Promise<ClaimRecord[]> {
    const claims: ClaimRecord[] = []
    for (const { claimId } of await this.#store.claimsByBill.listOf(bill)) {
      const claim = await this.#store.claims.find(claimId)
      // The same bill sealed twice has one claim, whose record is of one of the files.
      if (claim !== undefined) claims.push(claim)
    }
    return claims
  }
}
