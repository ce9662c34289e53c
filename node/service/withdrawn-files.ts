import type { CID } from 'multiformats/cid'
import type { WithdrawnStatus } from '#api'
import { equalBytes } from '#protocol'
import type { Store, WithdrawnRecord } from '#storage'
import type { RegionContext } from '../region-context.ts'
import { withdrawnKey } from '../withdrawals/withdrawal-book.ts'
import type { WithdrawalDesk } from '../withdrawals/withdrawal-desk.ts'

/** What is asked about withdrawn files. */
export type WithdrawnFilesComponents = {
  readonly context: Pick<RegionContext, 'committee' | 'address'>
  readonly store: Pick<Store, 'bills' | 'billsTold' | 'withdrawn'>
  readonly withdrawals: {
    readonly book: Pick<WithdrawalDesk['book'], 'lastSeq'>
    readonly isExcused: WithdrawalDesk['isExcused']
  }
  /** True if an account of this node that is not closed handed the bill in. */
  readonly isKept: (bill: CID) => Promise<boolean>
}

/** Tells which bills were withdrawn, and whose files this node has destroyed. */
export class WithdrawnFiles {
  readonly #components: WithdrawnFilesComponents

  constructor(components: WithdrawnFilesComponents) {
    this.#components = components
  }

  /**
   * What became of a sealed bill's file; `undefined` while it is kept: nobody whose bill it is has withdrawn it, or an account
   * of this node has it too.
   */
  async find(bill: CID): Promise<WithdrawnStatus | undefined> {
    const { store, withdrawals, isKept } = this.#components
    const records = await this.#recordsOf(bill)
    if (records.length === 0) return undefined
    const removed = records.some(({ state }) => state === 'gone')
    // A member may withdraw what is another's: that counts for nothing.
    if (!removed && ((await isKept(bill)) || !(await withdrawals.isExcused(bill)))) return undefined
    const atMs = (await store.bills.find(bill.bytes))?.withdrawnAtMs
    return { ...(atMs === undefined ? {} : { at: new Date(atMs).toISOString() }), removed }
  }

  /** True if this node had the file of a bill and destroyed it. */
  async isRemoved(bill: CID): Promise<boolean> {
    return (await this.#recordsOf(bill)).some(({ state }) => state === 'gone')
  }

  /** Own withdrawn bills that readers of events have not been told to be: a crash came between. */
  async *untold(): AsyncGenerator<CID> {
    const { context, store } = this.#components
    for await (const [, { bill, sponsor, state }] of store.withdrawn.entries()) {
      if (state === 'due' || !equalBytes(sponsor, context.address)) continue
      const told = await store.billsTold.find(bill.bytes)
      if (told !== undefined && told.withdrawn !== true) yield bill
    }
  }

  // Asked for with each status: where nobody has ever withdrawn anything, nothing is looked up.
  async #recordsOf(bill: CID): Promise<WithdrawnRecord[]> {
    const { context, store, withdrawals } = this.#components
    const sponsors = context.committee.filter((member) => withdrawals.book.lastSeq(member) > 0)
    if (sponsors.length === 0) return []
    const records = await store.withdrawn.findMany(sponsors.map((sponsor) => withdrawnKey(bill, sponsor)))
    return records.filter((record) => record !== undefined).filter(({ state }) => state !== 'due')
  }
}
