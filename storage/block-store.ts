import { setImmediate as nextTurn } from 'node:timers/promises'
import { LevelBlockstore } from 'blockstore-level'
import type { InputPair, Pair } from 'interface-blockstore'
import { Level } from 'level'
import { base32upper } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { ArchiveError } from './archive-error.ts'
import { LevelDatastore } from './block-store-datastore.ts'

/** Bytes of blocks that wait in memory for the disk; a put beyond it waits. 8 MiB hold a burst of 800 small bills. */
const WAITING_LIMIT_BYTES = 8 * 1024 * 1024

/** LevelDB's own cache, halved: blocks are read in bulk and rarely twice. */
const CACHE_BYTES = 4 * 1024 * 1024

/** Bytes of blocks kept in memory after they were written: a batch's bills are read and sent on within moments. */
const RECENT_BYTES = 16 * 1024 * 1024

type AbortOptions = { readonly signal?: AbortSignal }

/** A block to store. The bytes belong to the store afterwards. */
export type Block = { readonly cid: CID; readonly bytes: Uint8Array }

function keyOf(cid: CID): string {
  return `/${base32upper.encode(cid.multihash.bytes)}`
}

async function gather(value: InputPair['bytes']): Promise<Uint8Array> {
  if (value instanceof Uint8Array) return value
  const parts: Uint8Array[] = []
  for await (const part of value) parts.push(part)
  const only = parts[0]
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
}

/**
 * Blocks in one level database, with group commit.
 *
 * `put` returns when the block is readable here; it is written behind, each group of waiting blocks as one batch with
 * one fsync. {@link flush} returns when all blocks put before it are on disk: callers at the same time share the fsync.
 * (A later synced "marker" write would not do: LevelDB does not sync a log file that it has already rolled over.)
 * After a crash the store holds every block put before a `flush` that returned, and perhaps later ones.
 */
export class BlockStore extends LevelBlockstore {
  /** Small records beside the blocks (pins, known peers), in the same database under a prefix of their own. */
  readonly datastore: LevelDatastore
  readonly #level: Level<string, Uint8Array>
  #waiting = new Map<string, Uint8Array>()
  #waitingBytes = 0
  readonly #recent = new Map<string, Uint8Array>()
  #recentBytes = 0
  #writing = new Map<string, Uint8Array>()
  #write: Promise<void> | undefined
  #putCount = 0
  #durableCount = 0

  /** Use {@link openBlockStore}. */
  constructor(level: Level<string, Uint8Array>) {
    super(level)
    this.#level = level
    this.datastore = new LevelDatastore(level)
  }

  override async put(cid: CID, value: InputPair['bytes'], options?: AbortOptions): Promise<CID> {
    options?.signal?.throwIfAborted()
    const bytes = await gather(value)
    if (this.#waitingBytes > WAITING_LIMIT_BYTES) await this.#writeGroup()
    this.#keep(keyOf(cid), bytes)
    return cid
  }

  /** Stores blocks as {@link put} does. */
  async putAll(blocks: readonly Block[]): Promise<void> {
    for (const { cid, bytes } of blocks) await this.put(cid, bytes)
  }

  #keep(key: string, bytes: Uint8Array): void {
    this.#waiting.set(key, bytes)
    this.#waitingBytes += bytes.byteLength
    this.#putCount += 1
    // A failure is not lost here: the blocks stay in #waiting, and the next put over the limit or flush reports it.
    if (this.#write === undefined) this.#writeGroup().catch(() => undefined)
  }

  /**
   * Returns when all blocks put before are on disk.
   *
   * @throws {ArchiveError} ERR_ARCHIVE_WRITE when the disk refuses; the blocks are kept and tried again next time.
   */
  async flush(): Promise<void> {
    const target = this.#putCount
    while (this.#durableCount < target) await this.#writeGroup()
  }

  #writeGroup(): Promise<void> {
    this.#write ??= this.#writeWaiting().finally(() => {
      this.#write = undefined
    })
    return this.#write
  }

  async #writeWaiting(): Promise<void> {
    // One turn of the event loop lets the rest of a burst join the group.
    await nextTurn()
    while (this.#waiting.size > 0) {
      this.#writing = this.#waiting
      this.#waiting = new Map()
      this.#waitingBytes = 0
      const count = this.#putCount
      try {
        await this.#level.batch(
          [...this.#writing].map(([key, value]) => ({ type: 'put' as const, key, value })),
          { sync: true },
        )
      } catch (cause) {
        this.#takeBack()
        throw new ArchiveError('blocks could not be written', { code: 'ERR_ARCHIVE_WRITE' }, { cause })
      }
      for (const [key, bytes] of this.#writing) this.#remember(key, bytes)
      this.#writing.clear()
      this.#durableCount = count
    }
  }

  #remember(key: string, bytes: Uint8Array): void {
    if (this.#recent.has(key)) return
    this.#recent.set(key, bytes)
    this.#recentBytes += bytes.byteLength
    for (const [oldest, dropped] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) break
      this.#recent.delete(oldest)
      this.#recentBytes -= dropped.byteLength
    }
  }

  /** Bytes of a block that are still in memory. */
  #atHand(key: string): Uint8Array | undefined {
    return this.#waiting.get(key) ?? this.#writing.get(key) ?? this.#recent.get(key)
  }

  #takeBack(): void {
    this.#waiting = new Map([...this.#writing, ...this.#waiting])
    this.#writing.clear()
    this.#waitingBytes = 0
    for (const bytes of this.#waiting.values()) this.#waitingBytes += bytes.byteLength
  }

  /** The bytes of a block, as they were stored; nothing checks their hash. `undefined` if absent. */
  async find(cid: CID): Promise<Uint8Array | undefined> {
    const key = keyOf(cid)
    return this.#atHand(key) ?? this.#level.get(key)
  }

  override async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    options?.signal?.throwIfAborted()
    const bytes = await this.find(cid)
    if (bytes === undefined) {
      // The name is what Helia and blockstore adapters look for.
      throw Object.assign(new Error(`block ${cid.toString()} not found`), { name: 'NotFoundError' })
    }
    yield bytes
  }

  override async has(cid: CID, options?: AbortOptions): Promise<boolean> {
    options?.signal?.throwIfAborted()
    const key = keyOf(cid)
    // On this thread: most blocks that are asked for are at hand or absent, and LevelDB's filter knows what is absent.
    return this.#atHand(key) !== undefined || this.#level.getSync(key) !== undefined
  }

  override async delete(cid: CID, options?: AbortOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    // What waits is written first, so that the write cannot overtake the removal.
    await this.flush()
    const key = keyOf(cid)
    this.#recentBytes -= this.#recent.get(key)?.byteLength ?? 0
    this.#recent.delete(key)
    await this.#level.del(key)
  }

  /** All blocks; their CIDs have the codec `raw`, since the store knows them by hash only. */
  override async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    await this.flush()
    for await (const [key, value] of this.#level.iterator({ gte: '/', lt: '0' })) {
      options?.signal?.throwIfAborted()
      yield {
        cid: CID.createV1(raw.code, decodeDigest(base32upper.decode(key.slice(1)))),
        bytes: (async function* () {
          yield value
        })(),
      }
    }
  }

  /** Writes what waits and closes the database. */
  override async close(): Promise<void> {
    try {
      await this.flush()
      await this.datastore.flush()
    } finally {
      await this.#level.close()
    }
  }
}

/**
 * Opens the block store at `path`, making it if absent. Values are stored as they are, without compression.
 *
 * @throws LEVEL_DATABASE_NOT_OPEN with cause LEVEL_LOCKED when another process has it.
 */
export async function openBlockStore(path: string): Promise<BlockStore> {
  const level = new Level<string, Uint8Array>(path, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    compression: false,
    cacheSize: CACHE_BYTES,
  })
  await level.open()
  return new BlockStore(level)
}
