import type { CID } from 'multiformats/cid'
import { concatBytes, toHex } from '#protocol'
import { Bucket } from './database.ts'
import type { Write } from './database.ts'

/** Place of a claim's bill in its file, and the claim. */
export type ClaimOfBill = { readonly ordinal: number; readonly claimId: Uint8Array }

/** Bills whose claims are remembered: those that are being followed or polled. */
const BILLS_KEPT = 4_096
const ORDINAL_BYTES = 8
const CLAIM_ID_BYTES = 32
/** Behind the key of every claim of a bill: no ordinal begins with 0xff. */
const BEHIND_ALL = new Uint8Array(ORDINAL_BYTES + 1).fill(0xff)

/**
 * Claims of a bill. Key: CID bytes | ordinal | claim id.
 *
 * Asked at every change of a bill and at every look at it, and a range of the disk costs more than all other reads of such
 * an answer together: what was found is remembered until a commit changes it.
 */
export class ClaimsByBill extends Bucket<Uint8Array> {
  readonly #found = new Map<string, Promise<readonly ClaimOfBill[]>>()

  /** Claims of a bill, by their place in the file. */
  async listOf(bill: CID): Promise<readonly ClaimOfBill[]> {
    const key = toHex(bill.bytes)
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const found = this.#read(bill)
    this.#found.set(key, found)
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= BILLS_KEPT) break
      this.#found.delete(oldest)
    }
    try {
      return await found
    } catch (cause) {
      if (this.#found.get(key) === found) this.#found.delete(key)
      throw cause
    }
  }

  /** Behind a commit: forgets what it changed, also where that is being read. */
  changed(writes: readonly Write[]): void {
    for (const { key } of writes) {
      if (key[0] === this.prefix)
        this.#found.delete(toHex(key.subarray(1, key.length - ORDINAL_BYTES - CLAIM_ID_BYTES)))
    }
  }

  async #read(bill: CID): Promise<readonly ClaimOfBill[]> {
    const claims: ClaimOfBill[] = []
    const range = { from: bill.bytes, below: concatBytes([bill.bytes, BEHIND_ALL]) }
    for await (const [key, claimId] of this.entries(range)) {
      const ordinal = new DataView(key.buffer, key.byteOffset + bill.bytes.length).getBigUint64(0)
      claims.push({ ordinal: Number(ordinal), claimId })
    }
    return claims
  }
}
