import { REASON_LIMIT_CHARS, REFUSAL_BACKOFF_MS, REFUSALS_KEPT } from './constants.ts'
import type { Refusal, Unsubscribe } from './types.ts'

/** A verdict of a stranger, or about one, made safe to print: one line, bounded. */
function plain(text: string, limit: number): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, limit)
}

/** A refusal to remember. */
export type NewRefusal = Pick<Refusal, 'peerId' | 'by' | 'code' | 'reason'> & {
  /** One side has judged the other, which stays true for a while; else the exchange broke, and may work next time. */
  readonly isVerdict: boolean
}

type Entry = { readonly refusal: Refusal; readonly isVerdict: boolean }

/** The last refusals, and until when refused peers are left alone. */
export class Refusals {
  readonly #now: () => number
  readonly #list: Entry[] = []
  readonly #refused = new Set<(refusal: Refusal) => void>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Remembers a refusal; the same peer and code again is counted, not listed twice. */
  record({ isVerdict, ...fresh }: NewRefusal): void {
    const { peerId, by } = fresh
    const code = plain(fresh.code, 64)
    const at = this.#list.findIndex(({ refusal: r }) => r.peerId === peerId && r.by === by && r.code === code)
    const count = at === -1 ? 1 : (this.#list.splice(at, 1)[0]?.refusal.count ?? 0) + 1
    const reason = plain(fresh.reason, REASON_LIMIT_CHARS)
    const refusal: Refusal = { peerId, by, code, reason, when: this.#now(), count }
    this.#list.push({ refusal, isVerdict })
    if (this.#list.length > REFUSALS_KEPT) this.#list.shift()
    for (const callback of this.#refused) callback(refusal)
  }

  /** Milliseconds until a peer may be dialled again; 0 if it may be now. */
  waitMs(peerId: string): number {
    const last = this.#list.findLast(({ refusal, isVerdict }) => isVerdict && refusal.peerId === peerId)
    return last === undefined ? 0 : Math.max(0, last.refusal.when + REFUSAL_BACKOFF_MS - this.#now())
  }

  /** A peer that has been accepted since is free again. */
  pardon(peerId: string): void {
    for (let i = this.#list.length - 1; i >= 0; i -= 1) {
      if (this.#list[i]?.refusal.peerId === peerId) this.#list.splice(i, 1)
    }
  }

  list(): Refusal[] {
    return this.#list.map(({ refusal }) => refusal)
  }

  onRefused(callback: (refusal: Refusal) => void): Unsubscribe {
    this.#refused.add(callback)
    return () => void this.#refused.delete(callback)
  }
}
