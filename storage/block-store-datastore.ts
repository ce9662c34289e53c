import { Key } from 'interface-datastore'
import type { Batch, Datastore, KeyQuery, Pair, Query } from 'interface-datastore'
import type { Level } from 'level'

/** Before every key, so that records and blocks (whose keys begin with `/`) never meet. */
const PREFIX = 'record:'

type AbortOptions = { readonly signal?: AbortSignal }

function slice<T>(items: T[], query: { limit?: number; offset?: number }): T[] {
  const from = query.offset ?? 0
  return items.slice(from, query.limit === undefined ? undefined : from + query.limit)
}

/**
 * Datastore of Helia and libp2p (pins, known peers) inside the block store's database.
 *
 * Reads happen on this thread: records are tiny, and the way to a thread of the pool costs more than the look.
 * Writes are not synced: all of it can be made again from the batches (pins) and the bootstrap list (peers).
 */
export class LevelDatastore implements Datastore {
  readonly #level: Level<string, Uint8Array>

  constructor(level: Level<string, Uint8Array>) {
    this.#level = level
  }

  async has(key: Key, options?: AbortOptions): Promise<boolean> {
    options?.signal?.throwIfAborted()
    return this.#level.getSync(PREFIX + key.toString()) !== undefined
  }

  async put(key: Key, value: Uint8Array, options?: AbortOptions): Promise<Key> {
    options?.signal?.throwIfAborted()
    await this.#level.put(PREFIX + key.toString(), value)
    return key
  }

  async *putMany(source: Iterable<Pair> | AsyncIterable<Pair>, options?: AbortOptions): AsyncGenerator<Key> {
    for await (const { key, value } of source) yield await this.put(key, value, options)
  }

  async get(key: Key, options?: AbortOptions): Promise<Uint8Array> {
    options?.signal?.throwIfAborted()
    const value = this.#level.getSync(PREFIX + key.toString())
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
    await this.#level.del(PREFIX + key.toString())
  }

  async *deleteMany(source: Iterable<Key> | AsyncIterable<Key>, options?: AbortOptions): AsyncGenerator<Key> {
    for await (const key of source) {
      await this.delete(key, options)
      yield key
    }
  }

  batch(): Batch {
    const writes: ({ type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string })[] = []
    return {
      put: (key, value) => void writes.push({ type: 'put', key: PREFIX + key.toString(), value }),
      delete: (key) => void writes.push({ type: 'del', key: PREFIX + key.toString() }),
      commit: async () => this.#level.batch(writes),
    }
  }

  async *query(query: Query, options?: AbortOptions): AsyncGenerator<Pair> {
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
