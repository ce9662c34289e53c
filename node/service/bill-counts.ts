import { CID } from 'multiformats/cid'
import type { BillState } from '#api'
import type { Store } from '#storage'

type State = BillState

/**
 * Bills handed in here, by state. Counted once behind the start from what the event journal has told of each, and kept by
 * the journal's changes since then: status is asked for every second, and a node has millions of bills.
 */
export class BillCounts {
  readonly #store: Pick<Store, 'billsTold'>
  readonly #counts = new Map<State, number>()
  #isStopped = false
  #counting: Promise<void> | undefined

  constructor(store: Pick<Store, 'billsTold'>) {
    this.#store = store
  }

  /**
   * Begins to count; before the journal is started, which is the only writer of these records: level reads them as they
   * are now, and everything later comes by {@link move}.
   */
  start(): void {
    this.#counting = this.#count()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#counting
  }

  /** A bill is in another state; `undefined` before it was handed in, and after it was removed. */
  move(from: State | undefined, to: State | undefined): void {
    if (from === to) return
    if (from !== undefined) this.#add(from, -1)
    if (to !== undefined) this.#add(to, 1)
  }

  /** Counts so far; states without bills are absent. */
  list(): Partial<Record<State, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0))
  }

  async #count(): Promise<void> {
    for await (const [key, told] of this.#store.billsTold.entries()) {
      if (this.#isStopped) return
      // Beside the state that everybody sees, there is one for each account that handed the bill in.
      const [, account] = CID.decodeFirst(key)
      // Written by the journal from a state.
      if (account.byteLength === 0) this.#add(told.state as State, 1)
    }
  }

  #add(state: State, change: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + change)
  }
}
