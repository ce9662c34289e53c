import type { CID } from 'multiformats/cid'
import { ApiError } from '#api'
import type { BillQuery, BillStatus, Page, Viewer } from '#api'
import { keyOfNumber } from '#storage'
import type { Store } from '#storage'
import type { AccountBills } from './account-bills.ts'
import { MAX_SCANNED_BILLS } from './constants.ts'

/** What the lists need. */
export type BillListsComponents = {
  readonly store: Pick<Store, 'billsByTime'>
  readonly accountBills: AccountBills
  readonly findStatus: (cid: CID, viewer: Viewer) => Promise<BillStatus | undefined>
}

/** Shortest and longest cursor: a time, and a time with a CID. */
const CURSOR_BYTES = { min: 8, max: 8 + 64 } as const

/** Pages of bills, newest first. A cursor is the place of the last bill that was looked at; it says nothing of whose it is. */
export class BillLists {
  readonly #components: BillListsComponents

  constructor(components: BillListsComponents) {
    this.#components = components
  }

  /** @throws {ApiError} ERR_API_CURSOR */
  async page({ limit, cursor, state, fromMs, toMs }: BillQuery, viewer: Viewer): Promise<Page<BillStatus>> {
    const items: BillStatus[] = []
    const from = keyOfNumber(Math.max(0, fromMs ?? 0))
    let scanned = 0
    let last: Uint8Array | undefined
    for await (const [key, cid] of this.#newestFirst(viewer, earlier(parseCursor(cursor), toMs))) {
      if (Buffer.compare(key, from) < 0) return { items }
      // Only now: a page that ends with the last bill has no page after it.
      if (last !== undefined && (items.length === limit || scanned === MAX_SCANNED_BILLS)) {
        return { items, next: Buffer.from(last).toString('base64url') }
      }
      last = key
      scanned += 1
      const status = await this.#components.findStatus(cid, viewer)
      if (status !== undefined && (state === undefined || status.state === state)) items.push(status)
    }
    return { items }
  }

  #newestFirst(viewer: Viewer, below: Uint8Array | undefined): AsyncGenerator<[Uint8Array, CID]> {
    const { store, accountBills } = this.#components
    if (!viewer.all) return accountBills.newestFirst(viewer.account, below)
    return store.billsByTime.entries({ reverse: true, ...(below === undefined ? {} : { below }) })
  }
}

function parseCursor(cursor: string | undefined): Uint8Array | undefined {
  if (cursor === undefined) return undefined
  const key = new Uint8Array(Buffer.from(cursor, 'base64url'))
  const isKey = key.byteLength > CURSOR_BYTES.min && key.byteLength <= CURSOR_BYTES.max
  if (isKey && Buffer.from(key).toString('base64url') === cursor) return key
  throw new ApiError('the cursor is none of this list: start again without one', { code: 'ERR_API_CURSOR' })
}

function earlier(below: Uint8Array | undefined, toMs: number | undefined): Uint8Array | undefined {
  if (toMs === undefined) return below
  const end = keyOfNumber(Math.max(0, toMs))
  return below !== undefined && Buffer.compare(below, end) < 0 ? below : end
}
