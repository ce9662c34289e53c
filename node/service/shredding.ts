import type { CID } from 'multiformats/cid'
import type { Store, Write } from '#storage'
import type { WithdrawalDesk } from '../withdrawals/withdrawal-desk.ts'
import type { AccountBills } from './account-bills.ts'

/** Bills whose records are looked at and written together. */
const BILLS_AT_A_TIME = 256

/** What shredding needs. */
export type ShreddingComponents = {
  readonly store: Pick<Store, 'bills' | 'commit'>
  readonly bills: Pick<AccountBills, 'entries' | 'accountsOf'>
  readonly withdrawals: Pick<WithdrawalDesk, 'want' | 'settle'>
  /** False for accounts that are closed or being closed. */
  readonly isOpen: (account: string) => Promise<boolean>
  /** Writes that forget what an account was told of a bill. */
  readonly forgetTold: (cid: CID, account: string) => readonly Write[]
  /** What else is kept for an account alone: its events, its webhooks with their secrets, an age key that was made for it. */
  readonly forget: readonly ((account: string) => Promise<void>)[]
}

/**
 * Destroys what this node keeps for an account that is being closed.
 *
 * Of a sealed bill that nobody else handed in the age file goes, here and at the other auditors; one that is on its way is
 * finished first. File names go at once. Claims, batches, proofs and anchors stay: they are the region's record. Public bills
 * stay: others rely on them. Told again after a crash it does the rest; each step is durable before the next.
 */
export class Shredding {
  readonly #components: ShreddingComponents

  constructor(components: ShreddingComponents) {
    this.#components = components
  }

  /** @returns how many sealed bills are given up; those on their way are removed when they are final. */
  async shred(account: string): Promise<number> {
    const { bills, withdrawals, forget } = this.#components
    let count = 0
    let batch: CID[] = []
    for await (const { cid, record } of bills.entries(account)) {
      await this.#forgetName(cid, account, record.file)
      if (record.visibility === 'public' || (await this.#isShared(cid, account))) continue
      batch.push(cid)
      count += 1
      if (batch.length < BILLS_AT_A_TIME) continue
      await this.#want(batch)
      batch = []
    }
    await this.#want(batch)
    for (const forgetPart of forget) await forgetPart(account)
    await withdrawals.settle()
    return count
  }

  async #isShared(cid: CID, account: string): Promise<boolean> {
    const { bills, isOpen } = this.#components
    for (const other of await bills.accountsOf(cid)) if (other !== account && (await isOpen(other))) return true
    return false
  }

  // Another auditor's bill with the same bytes is that auditor's to withdraw.
  async #want(cids: readonly CID[]): Promise<void> {
    const { store, withdrawals } = this.#components
    const own = await store.bills.findMany(cids.map((cid) => cid.bytes))
    await withdrawals.want(cids.filter((_, i) => own[i]?.visibility === 'sealed'))
  }

  async #forgetName(cid: CID, account: string, file: string | undefined): Promise<void> {
    const { store, forgetTold } = this.#components
    const record = await store.bills.find(cid.bytes)
    const writes: Write[] = [...forgetTold(cid, account)]
    if (record?.file !== undefined && record.file === file) {
      const { file: _file, ...rest } = record
      writes.push(store.bills.put(cid.bytes, rest))
    }
    // Not synced one by one: whoever closes the account tells it again until all is done.
    await store.commit(writes, { durable: false })
  }
}
