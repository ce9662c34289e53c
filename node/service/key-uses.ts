import type { Logger } from 'pino'
import { errorCodeOf, utf8 } from '#protocol'
import type { Store } from '#storage'
import { KEY_USES_INTERVAL_MS } from './constants.ts'
import type { MemoryKeyRing } from './key-ring.ts'

/** When keys were last used: in memory at once, on disk once a minute for all of them. A use that cannot be written is no fault. */
export class KeyUses {
  readonly #store: Pick<Store, 'keyUses' | 'commit'>
  readonly #ring: MemoryKeyRing
  readonly #log: Logger
  readonly #written = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #underWay: Promise<void> = Promise.resolve()

  constructor(store: Pick<Store, 'keyUses' | 'commit'>, ring: MemoryKeyRing, log: Logger) {
    this.#store = store
    this.#ring = ring
    this.#log = log
  }

  /** Reads what was written before. */
  async load(): Promise<void> {
    for await (const [key, atMs] of this.#store.keyUses.entries())
      this.#written.set(new TextDecoder().decode(key), atMs)
  }

  /** Begins to write. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#underWay = this.#underWay.then(async () => this.flush())
    }, KEY_USES_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Writes what is left, and ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#underWay
    await this.flush()
  }

  /** Writes the uses since the last time, all at once and without waiting for the disk. */
  async flush(): Promise<void> {
    const uses = [...this.#ring.takeUses()]
    for (const [id, atMs] of uses) this.#written.set(id, atMs)
    try {
      await this.#store.commit(
        uses.map(([id, atMs]) => this.#store.keyUses.put(utf8(id), atMs)),
        { durable: false },
      )
    } catch (cause) {
      this.#log.warn({ code: errorCodeOf(cause), err: cause, keys: uses.length }, 'last uses of keys not written')
    }
  }

  /** Last use of a key in ms. */
  find(id: string): number | undefined {
    return this.#ring.lastUseOf(id) ?? this.#written.get(id)
  }

  /** Forgets a key's use in memory. */
  forget(id: string): void {
    this.#written.delete(id)
  }
}
