import type { CID } from 'multiformats/cid'
import { concatBytes, equalBytes, toHex } from '#protocol'
import { Bucket } from './database.ts'
import type { Write } from './database.ts'

/** Place of a claim's bill in its file, and the claim. */
export type ClaimOfBill = { readonly ordinal: number; readonly claimId: Uint8Array }

/** Bills whose claims are remembered: those that are being followed or polled. */
const BILLS_KEPT = 4_096
/** Claims of a bill that is remembered: a region's large files, with some hundred each, would fill the memory. */
const CLAIMS_KEPT = 64
const ORDINAL_BYTES = 8
const CLAIM_ID_BYTES = 32
/** Behind the key of every claim of a bill: no ordinal begins with 0xff. */
const BEHIND_ALL = new Uint8Array(ORDINAL_BYTES + 1).fill(0xff)

/**
 * Claims of a bill. Key: CID bytes | ordinal | claim id.
 *
 * Asked at every change of a bill and at every look at it, and a range of the disk costs more than all other reads of such
 * an answer together: what was found is remembered, and what a commit adds is added.
 */
export class ClaimsByBill extends Bucket<Uint8Array> {
  readonly #found = new Map<string, Promise<readonly ClaimOfBill[]>>()

  /** Claims of a bill, by their place in the file. */
  async listOf(bill: CID): Promise<readonly ClaimOfBill[]> {
    const key = toHex(bill.bytes)
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const found = this.#read(bill)
    this.#keep(key, found)
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= BILLS_KEPT) break
      this.#found.delete(oldest)
    }
    return found
  }

  /** Behind a commit: adds what it added, also to what is being read. No claim of a bill is ever removed. */
  changed(writes: readonly Write[]): void {
    for (const { key } of writes) {
      if (key[0] !== this.prefix) continue
      const bill = toHex(key.subarray(1, key.length - ORDINAL_BYTES - CLAIM_ID_BYTES))
      const found = this.#found.get(bill)
      if (found === undefined) continue
      const claim = claimOf(key)
      this.#keep(
        bill,
        found.then((claims) => withClaim(claims, claim)),
      )
    }
  }

  #keep(bill: string, found: Promise<readonly ClaimOfBill[]>): void {
    this.#found.set(bill, found)
    const drop = (): void => {
      if (this.#found.get(bill) === found) this.#found.delete(bill)
    }
    // A range that could not be read is read again by whoever asks next.
    found.then((claims) => (claims.length > CLAIMS_KEPT ? drop() : undefined), drop)
  }

  async #read(bill: CID): Promise<readonly ClaimOfBill[]> {
    const claims: ClaimOfBill[] = []
    const range = { from: bill.bytes, below: concatBytes([bill.bytes, BEHIND_ALL]) }
    for await (const [key] of this.entries(range)) claims.push(claimOf(key))
    return claims
  }
}

function claimOf(key: Uint8Array): ClaimOfBill {
  const at = key.length - CLAIM_ID_BYTES
  const ordinal = new DataView(key.buffer, key.byteOffset + at - ORDINAL_BYTES).getBigUint64(0)
  return { ordinal: Number(ordinal), claimId: key.slice(at) }
}

function withClaim(claims: readonly ClaimOfBill[], claim: ClaimOfBill): readonly ClaimOfBill[] {
  const { ordinal, claimId } = claim
  if (claims.some((known) => known.ordinal === ordinal && equalBytes(known.claimId, claimId))) return claims
  return [...claims, claim].toSorted((a, b) => a.ordinal - b.ordinal || Buffer.compare(a.claimId, b.claimId))
}
