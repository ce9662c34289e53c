import * as dagCbor from '@ipld/dag-cbor'
import { Level } from 'level'
import { StorageError } from './storage-error.ts'

/** One write of an atomic commit. */
export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Half-open range of keys inside a bucket. */
export type KeyRange = {
  readonly from?: Uint8Array
  readonly below?: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

function isLocked(thrown: unknown): boolean {
  for (let e: unknown = thrown; e instanceof Error; e = e.cause) {
    if ('code' in e && e.code === 'LEVEL_LOCKED') return true
  }
  return false
}

/** Records of a range that are asked for at once. */
const ENTRIES_AT_A_TIME = 256

/** Keys that are looked for on this thread: at 10 to 15 us each they take less than the way to a thread of the pool and back. */
const FEW_KEYS = 64

/** A commit that waits for the write under way to end. */
type Waiting = {
  readonly writes: readonly Write[]
  readonly durable: boolean
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/**
 * A level database: one directory, one process, atomic commits. Values are canonical DAG-CBOR.
 *
 * Commits that arrive while one is being written are written together, in their order, as one batch with at most one
 * fsync: the disk sets the pace, not the number of callers.
 */
export class Database {
  readonly #level: Level<Uint8Array, Uint8Array>
  #waiting: Waiting[] = []
  #isWriting = false

  private constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level
  }

  /**
   * Opens a database, making it if absent.
   *
   * @throws {StorageError} ERR_STORAGE_LOCKED when another process has it, ERR_STORAGE_BROKEN otherwise.
   */
  static async open(path: string): Promise<Database> {
    const level = new Level<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
    try {
      await level.open()
    } catch (cause) {
      throw isLocked(cause)
        ? new StorageError(`${path} is in use by another process`, { code: 'ERR_STORAGE_LOCKED', path }, { cause })
        : new StorageError(`cannot open the store ${path}`, { code: 'ERR_STORAGE_BROKEN', path }, { cause })
    }
    return new Database(level)
  }

  /**
   * Writes all or nothing.
   *
   * @param durable true where a signature, an acknowledgement or a publication follows: returns after fsync. Without it
   * a crash of the process loses nothing, a crash of the machine may lose the last writes, which are then done again.
   */
  async commit(writes: readonly Write[], durable: boolean): Promise<void> {
    if (writes.length === 0) return
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ writes, durable, resolve, reject })
      if (!this.#isWriting) void this.#writeWaiting()
    })
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#level.batch(
          group.flatMap(({ writes }) => writes),
          { sync: group.some(({ durable }) => durable) },
        )
        for (const { resolve } of group) resolve()
      } catch (cause) {
        for (const { reject } of group) reject(cause)
      }
    }
    this.#isWriting = false
  }

  /**
   * Value of a key. Read on this thread: records are small and mostly in memory, where a look takes 2 to 10 us and the
   * way to a thread of the pool and back three times that.
   */
  async find(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#level.getSync(key)
  }

  /** Values of several keys, in their order; of a few on this thread, as by {@link find}. */
  async findMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length <= FEW_KEYS) return keys.map((key) => this.#level.getSync(key))
    return this.#level.getMany([...keys])
  }

  /** Keys and values of a range. */
  async *entries(gte: Uint8Array, lt: Uint8Array, range: KeyRange): AsyncGenerator<[Uint8Array, Uint8Array]> {
    const iterator = this.#level.iterator({ gte, lt, reverse: range.reverse ?? false, limit: range.limit ?? -1 })
    try {
      // Many at a time (level bounds their bytes): one by one costs a way to a thread and back for each, and most ranges
      // have a handful of records.
      for (;;) {
        const page = await iterator.nextv(ENTRIES_AT_A_TIME)
        if (page.length === 0) return
        yield* page
      }
    } finally {
      await iterator.close()
    }
  }

  async close(): Promise<void> {
    await this.#level.close()
  }
}

/**
 * Records of one kind: a one-byte prefix before the key, DAG-CBOR values.
 *
 * Writes are made by `put` and `remove` and take effect in {@link Database.commit}, so that records of several buckets
 * change together.
 */
export class Bucket<V> {
  readonly #database: Database
  /** First byte of all its keys. */
  readonly prefix: number

  constructor(database: Database, prefix: number) {
    this.#database = database
    this.prefix = prefix
  }

  #key(key: Uint8Array): Uint8Array {
    const full = new Uint8Array(key.byteLength + 1)
    full[0] = this.prefix
    full.set(key, 1)
    return full
  }

  /** The write that stores a record. */
  put(key: Uint8Array, value: V): Write {
    return { type: 'put', key: this.#key(key), value: dagCbor.encode(value) }
  }

  /** The write that removes a record. */
  remove(key: Uint8Array): Write {
    return { type: 'del', key: this.#key(key) }
  }

  async find(key: Uint8Array): Promise<V | undefined> {
    const bytes = await this.#database.find(this.#key(key))
    return bytes === undefined ? undefined : this.#decode(bytes)
  }

  async findMany(keys: readonly Uint8Array[]): Promise<(V | undefined)[]> {
    const found = await this.#database.findMany(keys.map((key) => this.#key(key)))
    return found.map((bytes) => (bytes === undefined ? undefined : this.#decode(bytes)))
  }

  /** @throws {StorageError} ERR_STORAGE_ABSENT */
  async get(key: Uint8Array): Promise<V> {
    const value = await this.find(key)
    if (value === undefined) {
      throw new StorageError('record is absent', { code: 'ERR_STORAGE_ABSENT', bucket: String(this.prefix) })
    }
    return value
  }

  /** Keys (without the bucket's prefix) and records of a range, ascending. */
  async *entries(range: KeyRange = {}): AsyncGenerator<[Uint8Array, V]> {
    const from = this.#key(range.from ?? new Uint8Array(0))
    const below = range.below === undefined ? new Uint8Array([this.prefix + 1]) : this.#key(range.below)
    for await (const [key, value] of this.#database.entries(from, below, range)) {
      // A copy: level gives Buffers, whose slice() is a view.
      yield [new Uint8Array(key.subarray(1)), this.#decode(value)]
    }
  }

  // Bytes that this process wrote itself under this bucket's prefix: the type is known from there.
  #decode(bytes: Uint8Array): V {
    return dagCbor.decode<V>(bytes)
  }
}

/** Big-endian 8-byte key part, so that numbers sort as bytes. */
export function keyOfNumber(value: number): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(value))
  return key
}
