import type { Actor, AuditEntry } from '#api'
import { keyOfNumber } from '#storage'
import type { AuditRecord, Store, Write } from '#storage'
import { Serial } from '../serial.ts'
import { MAX_AUDIT_ENTRIES, MAX_LISTED_AUDIT } from './constants.ts'

/**
 * What was done with accounts, keys and sealed bills, and by whom.
 *
 * An entry is written in the same durable commit as the change that it tells of: there is no change without entry and no entry
 * without change. Sequence numbers have no gaps, so that a removed entry shows; the oldest of more than
 * {@link MAX_AUDIT_ENTRIES} are removed in the commit of a new one.
 */
export class AuditLog {
  readonly #store: Pick<Store, 'audit' | 'commit'>
  readonly #nowMs: () => number
  readonly #keep: number
  readonly #serial = new Serial()
  /** `undefined` until the store was asked, and again after a commit whose outcome is not known. */
  #lastSeq: number | undefined

  constructor(store: Pick<Store, 'audit' | 'commit'>, nowMs: () => number, keep = MAX_AUDIT_ENTRIES) {
    this.#store = store
    this.#nowMs = nowMs
    this.#keep = keep
  }

  /**
   * Commits a change with its entry. One after another: a number is given only when the one before is on disk.
   *
   * @param writes of the change; a function is asked for them in the moment of the commit.
   */
  async record(
    by: Actor,
    action: string,
    subject: string,
    writes: readonly Write[] | (() => readonly Write[]),
  ): Promise<void> {
    await this.#serial.run(async () => {
      const seq = (this.#lastSeq ?? (await this.#findLastSeq())) + 1
      const entry: AuditRecord = {
        seq,
        atMs: this.#nowMs(),
        actor: by.actor,
        action,
        subject,
        ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
      }
      this.#lastSeq = undefined
      const forgotten = seq > this.#keep ? [this.#store.audit.remove(keyOfNumber(seq - this.#keep))] : []
      const change = typeof writes === 'function' ? writes() : writes
      await this.#store.commit([...change, this.#store.audit.put(keyOfNumber(seq), entry), ...forgotten], {
        durable: true,
      })
      this.#lastSeq = seq
    })
  }

  /** Entries after `afterSeq`, oldest first; `limit` is cut to {@link MAX_LISTED_AUDIT}. */
  async list(afterSeq: number, limit: number): Promise<AuditEntry[]> {
    const entries: AuditEntry[] = []
    const range = { from: keyOfNumber(afterSeq + 1), limit: Math.min(limit, MAX_LISTED_AUDIT) }
    for await (const [, { atMs, ...record }] of this.#store.audit.entries(range)) {
      entries.push({ ...record, at: new Date(atMs).toISOString() })
    }
    return entries
  }

  async #findLastSeq(): Promise<number> {
    for await (const [, { seq }] of this.#store.audit.entries({ reverse: true, limit: 1 })) return seq
    return 0
  }
}
