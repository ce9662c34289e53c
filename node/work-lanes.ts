import { Limiter } from './limiter.ts'

/** One piece of work; it reports its own failures. */
export type Work = () => Promise<void>

type Entry = { next: Work | undefined; run: Promise<void> }

/**
 * Work by key, in lanes of a width: what one lane waits for holds up no other lane. A key that is asked for again while
 * its work is under way is worked on once more after it, however often it was asked for.
 */
export class WorkLanes {
  readonly #limiters = new Map<string, Limiter>()
  readonly #underWay = new Map<string, Map<string, Entry>>()

  /** Begins work, or notes that there is more for a key that is under way: the latest replaces what waits. */
  begin(lane: { readonly name: string; readonly width: number }, key: string, work: Work): void {
    const entries = this.#underWay.get(lane.name) ?? new Map<string, Entry>()
    this.#underWay.set(lane.name, entries)
    const before = entries.get(key)
    if (before !== undefined) {
      before.next = work
      return
    }
    const limiter = this.#limiters.get(lane.name) ?? new Limiter(lane.width)
    this.#limiters.set(lane.name, limiter)
    const entry: Entry = { next: work, run: Promise.resolve() }
    entries.set(key, entry)
    entry.run = this.#run(entry, limiter, () => entries.delete(key))
  }

  // Each turn waits for a place anew, so that what fails again and again does not keep the others of its lane waiting.
  async #run(entry: Entry, limiter: Limiter, forget: () => void): Promise<void> {
    try {
      while (entry.next !== undefined) {
        await limiter.run(async () => {
          const work = entry.next
          entry.next = undefined
          await work?.()
        })
      }
    } finally {
      // In the same turn as the last look at `next`: nothing that was noted is lost.
      forget()
    }
  }

  /** Keys under way in a lane other than `key`. */
  countOthers(lane: string, key: string): number {
    const entries = this.#underWay.get(lane)
    return entries === undefined ? 0 : entries.size - (entries.has(key) ? 1 : 0)
  }

  /** Returns when nothing is under way for a key. */
  async settled(lane: string, key: string): Promise<void> {
    await this.#underWay.get(lane)?.get(key)?.run
  }

  /** Returns when nothing is under way at all. */
  async allSettled(): Promise<void> {
    await Promise.all([...this.#underWay.values()].flatMap((entries) => [...entries.values()].map(({ run }) => run)))
  }
}
