import { toHex } from '#protocol'

/** How long a sponsor counts as busy after it has announced a batch. */
const BUSY_MS = 1_000

/**
 * Which members of the region are proposing batches now. What a batch costs every auditor does not depend on its size, so
 * that sponsors who are busy at the same time leave each other room (docs/adr/0016).
 */
export class BusySponsors {
  readonly #nowMs: () => number
  /** By address as hex, members only: no more than a committee has. */
  readonly #announcedAtMs = new Map<string, number>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** A member has announced a batch that is not certified yet. */
  heard(sponsor: Uint8Array): void {
    this.#announcedAtMs.set(toHex(sponsor), this.#nowMs())
  }

  /** Busy members beside this one. */
  countOthers(own: Uint8Array): number {
    const since = this.#nowMs() - BUSY_MS
    const self = toHex(own)
    let count = 0
    for (const [sponsor, atMs] of this.#announcedAtMs) if (sponsor !== self && atMs >= since) count += 1
    return count
  }
}
