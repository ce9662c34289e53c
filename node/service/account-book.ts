import type { AccountRecord } from '#storage'
import { AccountError } from './account-error.ts'

/** All accounts of a node, closed ones too, in memory: who changes one writes it down. */
export class AccountBook {
  readonly #accounts = new Map<string, AccountRecord>()

  get size(): number {
    return this.#accounts.size
  }

  find(id: string): AccountRecord | undefined {
    return this.#accounts.get(id)
  }

  /** @throws {AccountError} ERR_ACCOUNT_UNKNOWN */
  get(id: string): AccountRecord {
    const account = this.#accounts.get(id)
    if (account !== undefined) return account
    throw new AccountError(`no account ${id} here`, { code: 'ERR_ACCOUNT_UNKNOWN', account: id })
  }

  /** @throws {AccountError} ERR_ACCOUNT_UNKNOWN, ERR_ACCOUNT_CLOSED for one that is closed or being closed. */
  getOpen(id: string): AccountRecord {
    const account = this.get(id)
    if (account.state === 'open') return account
    throw new AccountError(`account ${id} is closed`, { code: 'ERR_ACCOUNT_CLOSED', account: id })
  }

  /** Takes an account, or its new state. */
  keep(account: AccountRecord): void {
    this.#accounts.set(account.id, account)
  }

  /** All, in no order. */
  list(): AccountRecord[] {
    return [...this.#accounts.values()]
  }
}
