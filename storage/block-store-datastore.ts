import { Key } from 'interface-datastore'
import type { Batch, Datastore, KeyQuery, Pair, Query } from 'interface-datastore'
import type { Level } from 'level'

/** Before every key, so that records and blocks (whose keys begin with `/`) never meet. */
const PREFIX = 'record:'

/** Records of peers: libp2p writes one anew with each stream, changed or not. */
const PEERS = `${PREFIX}/peers/`
/** How long a peer's record may be in memory only: who it is about is found again by the bootstrap list. */
const PEERS_FLUSH_MS = 1_000

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
  /** Records of peers that are not written yet. */
  readonly #peers = new Map<string, Uint8Array>()
  #timer: NodeJS.Timeout | undefined

  constructor(level: Level<string, Uint8Array>) {
    this.#level = level
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const writes = [...this.#peers].map(([key, value]) => ({ type: 'put' as const, key, value }))
    if (writes.length === 0) return
    await this.#level.batch(writes)
    // Only now: until it is written, a record is found in memory. One that changed meanwhile is written with the next.
    for (const { key, value } of writes) if (this.#peers.get(key) === value) this.#peers.delete(key)
    if (this.#peers.size > 0) this.#flushLater()
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      // A full disk is told by what matters; these records are tried again with the next that changes.
      void this.flush().catch(() => undefined)
    }, PEERS_FLUSH_MS)
    this.#timer.unref()
  }

  #find(key: string): Uint8Array | undefined {
    return this.#peers.get(key) ?? this.#level.getSync(key)
  }

  async has(key: Key, options?: AbortOptions): Promise<boolean> {
    options?.signal?.throwIfAborted()
    return this.#find(PREFIX + key.toString()) !== undefined
  }

  async put(key: Key, value: Uint8Array, options?: AbortOptions): Promise<Key> {
    options?.signal?.throwIfAborted()
    const name = PREFIX + key.toString()
    if (name.startsWith(PEERS)) {
      this.#peers.set(name, value)
      this.#flushLater()
    } else {
      await this.#level.put(name, value)
    }
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
    const name = PREFIX + key.toString()
    this.#peers.delete(name)
    await this.#level.del(name)
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
