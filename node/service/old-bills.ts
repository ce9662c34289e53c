import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { toHex, utf8 } from '#protocol'
import type { BillRecord, Store, Write } from '#storage'
import { commitToAccount } from '../holder.ts'
import type { Accounts } from './accounts.ts'
import { BATCH_RECORDS } from './constants.ts'

/** What the index of older bills needs. */
export type OldBillsInit = {
  readonly store: Store
  readonly accounts: Accounts
  /** Of the auditor: it keyed the commitments to holders. */
  readonly privateKey: Uint8Array
  readonly log: Logger
}

/** `from` of the part that is not done, or `done`. Key in `meta`. */
const CURSOR = utf8('account bills')
type Cursor = { readonly done: true } | { readonly done: false; readonly from: Uint8Array }

/**
 * Gives the bills of a store from before accounts were kept to their accounts, once. A bill's record has only a keyed hash of
 * its holder: the hashes of all accounts are tried. A bill of an account that nobody knows any more stays the operator's.
 *
 * In commits of {@link BATCH_RECORDS} bills, each with the cursor behind it: a crash goes on where it was, and counts no bill
 * twice.
 */
export async function indexOldBills({ store, accounts, privateKey, log }: OldBillsInit): Promise<void> {
  // Written here alone, under a key of its own.
  let cursor = (await store.meta.find(CURSOR)) as Cursor | undefined
  if (cursor?.done === true) return
  const known = await accounts.listAccounts()
  const byHolder = new Map(known.map(({ id }) => [toHex(commitToAccount(privateKey, id)), id]))
  let indexed = 0
  while (cursor?.done !== true) {
    const { bills, next } = await readPart(store, cursor?.from)
    const writes: Write[] = []
    const counts = new Map<string, { bills: number; bytes: number }>()
    for (const bill of bills) {
      const account = byHolder.get(toHex(bill.holder))
      if (account === undefined || (await accounts.bills.find(account, bill.cid)) !== undefined) continue
      const { cid, receivedAtMs: atMs, sizeBytes, visibility, file } = bill
      writes.push(
        ...accounts.bills.put(account, cid, { atMs, sizeBytes, visibility, ...(file === undefined ? {} : { file }) }),
      )
      const count = counts.get(account) ?? { bills: 0, bytes: 0 }
      counts.set(account, { bills: count.bills + 1, bytes: count.bytes + sizeBytes })
      indexed += 1
    }
    cursor = next === undefined ? { done: true } : { done: false, from: next }
    const usages = [...counts].map(([account, { bills: of, bytes }]) => accounts.quotas.adopt(account, of, bytes))
    await store.commit([...writes, ...usages, store.meta.put(CURSOR, cursor)], { durable: true })
  }
  if (indexed > 0) log.info({ bills: indexed }, 'bills of an earlier version belong to their accounts now')
}

/** The next bills in order of arrival, each once, and where the part behind them begins. */
async function readPart(
  store: Store,
  from: Uint8Array | undefined,
): Promise<{ bills: BillRecord[]; next?: Uint8Array }> {
  const cids = new Map<string, CID>()
  let next: Uint8Array | undefined
  const range = { limit: BATCH_RECORDS + 1, ...(from === undefined ? {} : { from }) }
  let seen = 0
  for await (const [key, cid] of store.billsByTime.entries(range)) {
    seen += 1
    if (seen > BATCH_RECORDS) next = key
    else cids.set(cid.toString(), cid)
  }
  const found = await store.bills.findMany([...cids.values()].map((cid) => cid.bytes))
  const bills = found.filter((bill) => bill !== undefined)
  return { bills, ...(next === undefined ? {} : { next }) }
}
