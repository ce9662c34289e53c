import { setImmediate as nextTurn } from 'node:timers/promises'
import { Key } from 'interface-datastore'
import type { Batch, Datastore, KeyQuery, Pair, Query } from 'interface-datastore'
import type { Level } from 'level'

/** Before every key, so that records and blocks (whose keys begin with `/`) never meet. */
const PREFIX = 'record:'

/** Records that wait in memory for the disk; a write beyond it waits. */
const WAITING_LIMIT = 1_024

type AbortOptions = { readonly signal?: AbortSignal }

function slice<T>(items: T[], query: { limit?: number; offset?: number }): T[] {
  const from = query.offset ?? 0
  return items.slice(from, query.limit === undefined ? undefined : from + query.limit)
}

/**
 * Datastore of Helia and libp2p (pins, known peers) inside the block store's database.
 *
 * Reads happen on this thread: records are tiny, and the way to a thread of the pool costs more than the look.
 * Writes are not synced: all of it can be made again from the batches (pins) and the bootstrap list (peers). For the same
 * reason a write returns when the record can be read here; what was put in one turn of the event loop is written as one.
 */
export class LevelDatastore implements Datastore {
  readonly #level: Level<string, Uint8Array>
  /** Records that are not written yet; undefined for one that is to be removed. */
  #waiting = new Map<string, Uint8Array | undefined>()
  /** Records that are being written. */
  #writing = new Map<string, Uint8Array | undefined>()
  #write: Promise<void> | undefined

  constructor(level: Level<string, Uint8Array>) {
    this.#level = level
  }

  /** Returns when all that was put before is written. @throws when the disk refuses; it is tried again with the next write. */
  async flush(): Promise<void> {
    while (this.#waiting.size > 0 || this.#write !== undefined) await this.#writeAll()
  }

  async #change(key: string, value: Uint8Array | undefined): Promise<void> {
    // Faster than the disk, or the disk refuses: then whoever writes is told.
    if (this.#waiting.size >= WAITING_LIMIT) await this.flush()
    this.#waiting.set(key, value)
    if (this.#write === undefined) this.#writeAll().catch(() => undefined)
  }

  #find(key: string): Uint8Array | undefined {
    if (this.#waiting.has(key)) return this.#waiting.get(key)
    if (this.#writing.has(key)) return this.#writing.get(key)
    return this.#level.getSync(key)
  }

  #writeAll(): Promise<void> {
    this.#write ??= this.#writeWaiting()
    return this.#write
  }

  async #writeWaiting(): Promise<void> {
    try {
      await nextTurn()
      while (this.#waiting.size > 0) await this.#writeGroup()
    } finally {
      // In the same step as the last look at what waits: whoever puts from now on begins another write.
      this.#write = undefined
    }
  }

  async #writeGroup(): Promise<void> {
    this.#writing = this.#waiting
    this.#waiting = new Map()
    try {
      await this.#level.batch(
        [...this.#writing].map(([key, value]) =>
          value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value },
        ),
      )
    } catch (cause) {
      this.#waiting = new Map([...this.#writing, ...this.#waiting])
      throw cause
    } finally {
      this.#writing = new Map()
    }
  }

  async has(key: Key, options?: AbortOptions): Promise<boolean> {
    options?.signal?.throwIfAborted()
    return this.#find(PREFIX + key.toString()) !== undefined
  }

  async put(key: Key, value: Uint8Array, options?: AbortOptions): Promise<Key> {
    options?.signal?.throwIfAborted()
    await this.#change(PREFIX + key.toString(), value)
    return key
  }

  async *putMany(source: Iterable<Pair> | AsyncIterable<Pair>, options?: AbortOptions): AsyncGenerator<Key> {
    for await (const { key, value } of source) yield await this.put(key, value, options)
  }

  async get(key: Key, options?: AbortOptions): Promise<Uint8Array> {
    options?.signal?.throwIfAborted()
    const value = this.#find(PREFIX + key.toString())
    if (value === undefined) {
      // The name is what Helia and libp2p look for.
      throw Object.assign(new Error(`record ${key.toString()} not found`), { name: 'NotFoundError' })
    }
    return value
  }

  async *getMany(source: Iterable<Key> | AsyncIterable<Key>, options?: AbortOptions): AsyncGenerator<Pair> {
    for await (const key of source) yield { key, value: await this.get(key, options) }
  }

  async delete(key: Key, options?: AbortOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    await this.#change(PREFIX + key.toString(), undefined)
  }

  async *deleteMany(source: Iterable<Key> | AsyncIterable<Key>, options?: AbortOptions): AsyncGenerator<Key> {
    for await (const key of source) {
      await this.delete(key, options)
      yield key
    }
  }

  batch(): Batch {
    const changes: [key: string, value: Uint8Array | undefined][] = []
    return {
      put: (key, value) => void changes.push([PREFIX + key.toString(), value]),
      delete: (key) => void changes.push([PREFIX + key.toString(), undefined]),
      commit: async () => {
        for (const [key, value] of changes) this.#waiting.set(key, value)
        await this.flush()
      },
    }
  }

  async *query(query: Query, options?: AbortOptions): AsyncGenerator<Pair> {
    await this.flush()
    let pairs: Pair[] = []
    for await (const [key, value] of this.#level.iterator(this.#range(query.prefix))) {
      options?.signal?.throwIfAborted()
      pairs.push({ key: new Key(key.slice(PREFIX.length), false), value })
    }
    for (const filter of query.filters ?? []) pairs = pairs.filter(filter)
    for (const order of query.orders ?? []) pairs.sort(order)
    yield* slice(pairs, query)
  }

  async *queryKeys(query: KeyQuery, options?: AbortOptions): AsyncGenerator<Key> {
    await this.flush()
    let keys: Key[] = []
    for await (const key of this.#level.keys(this.#range(query.prefix))) {
      options?.signal?.throwIfAborted()
      keys.push(new Key(key.slice(PREFIX.length), false))
    }
    for (const filter of query.filters ?? []) keys = keys.filter(filter)
    for (const order of query.orders ?? []) keys.sort(order)
    yield* slice(keys, query)
  }

  #range(prefix = ''): { gte: string; lt: string } {
    return { gte: PREFIX + prefix, lt: `${PREFIX}${prefix}\uffff` }
  }
}
