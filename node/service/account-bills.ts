import type { CID } from 'multiformats/cid'
import { concatBytes, utf8 } from '#protocol'
import { keyOfNumber } from '#storage'
import type { AccountBillRecord, Store, Write } from '#storage'
import { BATCH_RECORDS } from './constants.ts'

/** Records that say whose bills are whose. */
export type AccountBillsStore = Pick<Store, 'accountBills' | 'accountBillsByTime' | 'billAccounts' | 'commit'>

const NUL = new Uint8Array(1)
/** Sorts behind every key of an account, and before those of the next. */
const BEHIND_NUL = new Uint8Array([1])
/** A CID is no longer. */
const CID_BYTES = 64
const BEHIND_ALL = new Uint8Array(CID_BYTES).fill(0xff)

/**
 * Which bills an account handed in. A bill belongs to every account that handed in the same bytes; each has its own record of
 * it, so that no account sees another's file name or times.
 */
export class AccountBills {
  readonly #store: AccountBillsStore

  constructor(store: AccountBillsStore) {
    this.#store = store
  }

  /** An account's own record of a bill; `undefined` if it is not the account's. */
  async find(account: string, cid: CID): Promise<AccountBillRecord | undefined> {
    return this.#store.accountBills.find(keyOf(account, cid))
  }

  /** Writes that make a bill the account's. */
  put(account: string, cid: CID, record: AccountBillRecord): Write[] {
    return [
      this.#store.accountBills.put(keyOf(account, cid), record),
      this.#store.accountBillsByTime.put(timeKeyOf(account, record.atMs, cid), cid),
      this.#store.billAccounts.put(concatBytes([cid.bytes, utf8(account)]), account),
    ]
  }

  /** Writes that end it. */
  remove(account: string, cid: CID, record: AccountBillRecord): Write[] {
    return [
      this.#store.accountBills.remove(keyOf(account, cid)),
      this.#store.accountBillsByTime.remove(timeKeyOf(account, record.atMs, cid)),
      this.#store.billAccounts.remove(concatBytes([cid.bytes, utf8(account)])),
    ]
  }

  /** Accounts of a bill. */
  async accountsOf(cid: CID): Promise<string[]> {
    const accounts: string[] = []
    const below = concatBytes([cid.bytes, BEHIND_ALL])
    for await (const [, account] of this.#store.billAccounts.entries({ from: cid.bytes, below })) accounts.push(account)
    return accounts
  }

  /** Bills of an account, the latest first: time part of the key (time | CID bytes) and CID. @param below such a key. */
  async *newestFirst(account: string, below?: Uint8Array): AsyncGenerator<[Uint8Array, CID]> {
    const prefix = prefixOf(account)
    const range = {
      from: prefix,
      below: below === undefined ? concatBytes([utf8(account), BEHIND_NUL]) : concatBytes([prefix, below]),
      reverse: true,
    }
    for await (const [key, cid] of this.#store.accountBillsByTime.entries(range)) {
      yield [key.subarray(prefix.byteLength), cid]
    }
  }

  /** Bills of an account, in order of arrival, with its own record of each. */
  async *entries(account: string): AsyncGenerator<{ readonly cid: CID; readonly record: AccountBillRecord }> {
    const range = { from: prefixOf(account), below: concatBytes([utf8(account), BEHIND_NUL]) }
    for await (const [, cid] of this.#store.accountBillsByTime.entries(range)) {
      const record = await this.find(account, cid)
      if (record !== undefined) yield { cid, record }
    }
  }

  /** Ends every ownership of an account, in bounded commits; told again, it goes on. @returns how many there were. */
  async forget(account: string): Promise<number> {
    let ended = 0
    for (;;) {
      const writes: Write[] = []
      let found = 0
      for await (const { cid, record } of this.entries(account)) {
        writes.push(...this.remove(account, cid, record))
        found += 1
        if (found === BATCH_RECORDS) break
      }
      if (found === 0) return ended
      await this.#store.commit(writes, { durable: false })
      ended += found
    }
  }
}

// Inside of its account: time | CID bytes.
function arrivalKey(atMs: number, cid: CID): Uint8Array {
  return concatBytes([keyOfNumber(atMs), cid.bytes])
}

function prefixOf(account: string): Uint8Array {
  return concatBytes([utf8(account), NUL])
}

function keyOf(account: string, cid: CID): Uint8Array {
  return concatBytes([prefixOf(account), cid.bytes])
}

function timeKeyOf(account: string, atMs: number, cid: CID): Uint8Array {
  return concatBytes([prefixOf(account), arrivalKey(atMs, cid)])
}
