import { REASON_LIMIT_CHARS, REFUSAL_BACKOFF_MS, REFUSALS_KEPT } from './constants.ts'
import type { Refusal } from './types.ts'

/** A verdict of a stranger, or about one, made safe to print: one line, bounded. */
function plain(text: string, limit: number): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, limit)
}

/** The last refusals, and until when refused peers are left alone. */
export class Refusals {
  readonly #now: () => number
  readonly #list: Refusal[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Remembers a refusal; the same peer and code again is counted, not listed twice. */
  record(refusal: Pick<Refusal, 'peerId' | 'by' | 'code' | 'reason'>): void {
    const { peerId, by } = refusal
    const code = plain(refusal.code, 64)
    const at = this.#list.findIndex((r) => r.peerId === peerId && r.by === by && r.code === code)
    const count = at === -1 ? 1 : (this.#list.splice(at, 1)[0]?.count ?? 0) + 1
    this.#list.push({ peerId, by, code, reason: plain(refusal.reason, REASON_LIMIT_CHARS), when: this.#now(), count })
    if (this.#list.length > REFUSALS_KEPT) this.#list.shift()
  }

  /** Milliseconds until a peer may be dialled again; 0 if it may be now. */
  waitMs(peerId: string): number {
    const last = this.#list.findLast((r) => r.peerId === peerId)
    return last === undefined ? 0 : Math.max(0, last.when + REFUSAL_BACKOFF_MS - this.#now())
  }

  /** A peer that has been accepted since is free again. */
  pardon(peerId: string): void {
    for (let i = this.#list.length - 1; i >= 0; i -= 1) {
      if (this.#list[i]?.peerId === peerId) this.#list.splice(i, 1)
    }
  }

  list(): Refusal[] {
    return [...this.#list]
  }
}
