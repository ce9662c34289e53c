import { utf8 } from '#protocol'
import type { DailyCountRecord, Store, Write } from '#storage'
import { accountKey, accountRange } from './event-keys.ts'

const DAY_MS = 86_400_000

/** Options of a count. */
export type DailyCountsInit = {
  readonly store: Pick<Store, 'dailyCounts'>
  /** What is counted; part of the key. */
  readonly kind: 'disclosure' | 'request-name' | 'webhook-change'
  /** Most of one account in a UTC day. */
  readonly perDay: number
  readonly nowMs: () => number
}

/**
 * How often each account did one thing on this UTC day.
 *
 * What is counted has a durable commit of its own, and the count goes with that: no write more, and a restart in the middle of
 * a day gives nobody the day again. What a crash loses is what was counted and came to nothing.
 */
export class DailyCounts {
  readonly perDay: number
  readonly #init: DailyCountsInit
  /** Of {@link DailyCounts.#day}, as far as asked for. */
  readonly #counts = new Map<string, number>()
  #day = 0

  constructor(init: DailyCountsInit) {
    this.#init = init
    this.perDay = init.perDay
  }

  /** Counts one. @returns false, and counts nothing, when the account has had all of this day. */
  async take(account: string): Promise<boolean> {
    const day = this.#today()
    if (!this.#counts.has(account)) {
      const stored = await this.#init.store.dailyCounts.find(this.#keyOf(account))
      // Somebody else may have asked meanwhile, and midnight may have passed.
      if (this.#today() === day && !this.#counts.has(account)) {
        this.#counts.set(account, stored?.day === day ? stored.count : 0)
      }
    }
    const count = this.#counts.get(account) ?? 0
    if (count >= this.perDay) return false
    this.#counts.set(account, count + 1)
    return true
  }

  /** The write that keeps the count as it is now: to be made in the very moment in which it is committed. */
  write(account: string): Write {
    const day = this.#today()
    const record: DailyCountRecord = { day, count: this.#counts.get(account) ?? 0 }
    return this.#init.store.dailyCounts.put(this.#keyOf(account), record)
  }

  /** Time to the next day, in whole seconds. */
  retryAfterS(): number {
    return Math.ceil((DAY_MS - (this.#init.nowMs() % DAY_MS)) / 1_000)
  }

  #today(): number {
    const day = Math.floor(this.#init.nowMs() / DAY_MS)
    if (day !== this.#day) this.#counts.clear()
    this.#day = day
    return day
  }

  #keyOf(account: string): Uint8Array {
    return accountKey(account, utf8(this.#init.kind))
  }
}

/** Removes all counts of an account that is closed. */
export async function forgetDailyCounts(store: Pick<Store, 'dailyCounts' | 'commit'>, account: string): Promise<void> {
  const writes: Write[] = []
  for await (const [key] of store.dailyCounts.entries(accountRange(account))) writes.push(store.dailyCounts.remove(key))
  await store.commit(writes, { durable: true })
}
