import type { Actor } from '#api'
import { utf8 } from '#protocol'
import type { AccountRecord, KeyRecord, Store } from '#storage'
import type { Serial } from '../serial.ts'
import type { AccountBills } from './account-bills.ts'
import type { AccountBook } from './account-book.ts'
import { AccountError } from './account-error.ts'
import type { AccountKeys } from './account-keys.ts'
import type { AuditLog } from './audit-log.ts'
import type { Quotas } from './quotas.ts'

/**
 * Destroys what is kept for an account alone, and tells how many bills that were. Told again after a crash, it goes on where
 * it was; the account's own list of its bills is there until it returns.
 */
export type Shred = (account: string) => Promise<number>

/** Actor of what the node finishes by itself. */
export const NODE: Actor = { actor: 'node' }

/** What closing needs. */
export type AccountClosingComponents = {
  readonly store: Store
  readonly book: AccountBook
  readonly keys: AccountKeys
  readonly bills: AccountBills
  readonly quotas: Quotas
  readonly audit: AuditLog
  /** One change of accounts and keys after another. */
  readonly serial: Serial
  /** Absent where the store alone is open: then an account stays `closing` until the node starts. */
  readonly shred: Shred | undefined
  readonly nowMs: () => number
}

/** An account as it is after being closed, or `closing`; bills that were destroyed. */
export type ClosedAccount = { readonly account: AccountRecord; readonly removedBills: number }

/** Closes accounts: each once, however often that is asked for, and to its end, whatever comes between. */
export class AccountClosing {
  readonly #components: AccountClosingComponents
  readonly #underWay = new Map<string, Promise<ClosedAccount>>()

  constructor(components: AccountClosingComponents) {
    this.#components = components
  }

  /** @throws {AccountError} ERR_ACCOUNT_UNKNOWN, ERR_ACCOUNT_CLOSED. */
  async close(id: string, by: Actor): Promise<ClosedAccount> {
    const underWay = this.#underWay.get(id)
    if (underWay !== undefined) return underWay
    const task = this.#close(id, by).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, task)
    return task
  }

  /** Resolves when those that are under way have ended, well or not. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underWay.values())
  }

  async #close(id: string, by: Actor): Promise<ClosedAccount> {
    const { shred, store, book, bills, quotas, audit, serial, nowMs } = this.#components
    await serial.run(async () => this.#begin(id, by))
    if (shred === undefined) return { account: book.get(id), removedBills: 0 }
    const removedBills = await shred(id)
    await bills.forget(id)
    return serial.run(async () => {
      const { createdAtMs } = book.get(id)
      // What is left tells that the id is taken, and nothing of who it was.
      const closed: AccountRecord = { id, createdAtMs, state: 'closed', closedAtMs: nowMs(), removedBills }
      await audit.record(NODE, 'account.closed', id, [store.accounts.put(utf8(id), closed), quotas.forget(id)])
      book.keep(closed)
      return { account: closed, removedBills }
    })
  }

  // From the first line on, in memory, the account has no keys and takes no bills; durable, the closing is finished by the next
  // start whatever happens.
  async #begin(id: string, by: Actor): Promise<void> {
    const { store, book, keys, audit, nowMs } = this.#components
    const open = book.get(id)
    if (open.state === 'closing') return
    if (open.state === 'closed')
      throw new AccountError(`account ${id} is closed`, { code: 'ERR_ACCOUNT_CLOSED', account: id })
    const closing: AccountRecord = { ...open, state: 'closing' }
    const before = keys.list(id).filter((key) => key.revokedAtMs === undefined)
    const revoked = before.map((key): KeyRecord => ({ ...key, revokedAtMs: nowMs() }))
    book.keep(closing)
    for (const key of revoked) keys.keep(key)
    try {
      await audit.record(by, 'account.close', id, [
        store.accounts.put(utf8(id), closing),
        ...revoked.map((key) => store.keys.put(utf8(key.id), key)),
      ])
    } catch (cause) {
      book.keep(open)
      for (const key of before) keys.keep(key)
      throw cause
    }
  }
}
