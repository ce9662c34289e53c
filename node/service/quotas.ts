import { utf8 } from '#protocol'
import type { AccountRecord, AccountUsageRecord, Store, Write } from '#storage'
import { AccountError } from './account-error.ts'

const DAY_MS = 86_400_000

/** What the quotas need. */
export type QuotasComponents = {
  readonly store: Pick<Store, 'accountUsage' | 'commit'>
  /** An account by its id; `undefined` is one that nobody signed up, such as a program's own: it has no limits. */
  readonly findAccount: (id: string) => AccountRecord | undefined
  readonly nowMs: () => number
}

/** A place for one bill in an account's quota: taken by {@link Place.commit}, or given back by {@link Place.release}. */
export type Place = {
  /**
   * Commits a bill's records together with the account's new usage, durably.
   *
   * @throws {AccountError} ERR_ACCOUNT_CLOSED when the account was closed meanwhile: nothing is written.
   */
  readonly commit: (writes: readonly Write[]) => Promise<void>
  /** Gives the place back; does nothing once it is taken. */
  readonly release: () => void
}

type Reserved = { readonly bills: number; readonly bytes: number }

const NOTHING: AccountUsageRecord = { bills: 0, storedBytes: 0, day: 0, billsOnDay: 0 }
const NONE: Reserved = { bills: 0, bytes: 0 }

/**
 * What accounts have taken of their quotas.
 *
 * A submission reserves its place before its bill is read and takes it in the bill's own commit. Both steps are synchronous,
 * so that two submissions at once never get the same last place, and usage on disk never differs from the bills on disk.
 */
export class Quotas {
  readonly #components: QuotasComponents
  readonly #usage = new Map<string, AccountUsageRecord>()
  readonly #reserved = new Map<string, Reserved>()

  constructor(components: QuotasComponents) {
    this.#components = components
  }

  /** Reads what was taken before. */
  async load(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const [key, usage] of this.#components.store.accountUsage.entries()) {
      this.#usage.set(decoder.decode(key), usage)
    }
  }

  /** What an account has taken; `billsOnDay` is that of today (UTC). */
  usageOf(account: string): AccountUsageRecord {
    const usage = this.#usage.get(account) ?? NOTHING
    const day = this.#today()
    return usage.day === day ? usage : { ...usage, day, billsOnDay: 0 }
  }

  /**
   * @throws {AccountError} ERR_QUOTA_BILLS, ERR_QUOTA_BYTES, ERR_ACCOUNT_CLOSED when another bill of this size has no place.
   */
  check(account: string, sizeBytes: number): void {
    this.#assertOpen(account)
    const { billsPerDay, storedBytes } = this.#components.findAccount(account) ?? {}
    const usage = this.usageOf(account)
    const reserved = this.#reserved.get(account) ?? NONE
    if (billsPerDay !== undefined && usage.billsOnDay + reserved.bills >= billsPerDay) {
      throw new AccountError(
        `account ${account} may hand in ${billsPerDay} bills a day; the next day begins at 00:00 UTC`,
        {
          code: 'ERR_QUOTA_BILLS',
          limit: billsPerDay,
          retryAfterS: Math.ceil((DAY_MS - (this.#components.nowMs() % DAY_MS)) / 1_000),
        },
      )
    }
    const usedBytes = usage.storedBytes + reserved.bytes
    if (storedBytes !== undefined && usedBytes + sizeBytes > storedBytes) {
      throw new AccountError(
        `account ${account} has ${usedBytes} of ${storedBytes} bytes: a bill of ${sizeBytes} has no place`,
        { code: 'ERR_QUOTA_BYTES', limitBytes: storedBytes, usedBytes },
      )
    }
  }

  /** Reserves a place for a bill. @throws {AccountError} as {@link check}. */
  reserve(account: string, sizeBytes: number): Place {
    this.check(account, sizeBytes)
    this.#reserve(account, 1, sizeBytes)
    let isOpen = true
    const release = (): void => {
      if (!isOpen) return
      isOpen = false
      this.#reserve(account, -1, -sizeBytes)
    }
    return {
      release,
      commit: async (writes) => {
        // An account that is being closed is emptied after this very moment: what is committed from now on would stay.
        this.#assertOpen(account)
        release()
        await this.#take(account, sizeBytes, writes)
      },
    }
  }

  /** A place for a bill that the account has already: it costs nothing, and is gone when the account is closed. */
  reuse(account: string): Place {
    this.#assertOpen(account)
    return {
      release: () => undefined,
      commit: async (writes) => {
        this.#assertOpen(account)
        await this.#components.store.commit(writes, { durable: true })
      },
    }
  }

  /** Counts bills that were here before they were counted, in memory. @returns the write that keeps it. */
  adopt(account: string, bills: number, bytes: number): Write {
    const usage = this.usageOf(account)
    return this.#put(account, { ...usage, bills: usage.bills + bills, storedBytes: usage.storedBytes + bytes })
  }

  /** Forgets an account in memory. @returns the write that does on disk. */
  forget(account: string): Write {
    this.#usage.delete(account)
    return this.#components.store.accountUsage.remove(utf8(account))
  }

  // From here to the commit nothing is awaited: usages reach the disk in the order in which they were counted.
  async #take(account: string, sizeBytes: number, writes: readonly Write[]): Promise<void> {
    const change = (by: 1 | -1): Write => {
      const usage = this.usageOf(account)
      return this.#put(account, {
        ...usage,
        bills: usage.bills + by,
        storedBytes: usage.storedBytes + by * sizeBytes,
        billsOnDay: Math.max(0, usage.billsOnDay + by),
      })
    }
    try {
      await this.#components.store.commit([...writes, change(1)], { durable: true })
    } catch (cause) {
      change(-1)
      throw cause
    }
  }

  #put(account: string, usage: AccountUsageRecord): Write {
    this.#usage.set(account, usage)
    return this.#components.store.accountUsage.put(utf8(account), usage)
  }

  #reserve(account: string, bills: number, bytes: number): void {
    const before = this.#reserved.get(account) ?? NONE
    const after = { bills: before.bills + bills, bytes: before.bytes + bytes }
    if (after.bills === 0) this.#reserved.delete(account)
    else this.#reserved.set(account, after)
  }

  #assertOpen(account: string): void {
    const state = this.#components.findAccount(account)?.state ?? 'open'
    if (state === 'open') return
    throw new AccountError(`account ${account} is closed`, { code: 'ERR_ACCOUNT_CLOSED', account })
  }

  #today(): number {
    return Math.floor(this.#components.nowMs() / DAY_MS)
  }
}
