import { hash } from 'node:crypto'
import { unixfs } from '@helia/unixfs'
import type { UnixFS } from '@helia/unixfs'
import type { Helia } from 'helia'
import type { CID } from 'multiformats/cid'
import { createUnsafe } from 'multiformats/block'
import {
  cidOfDigest,
  DAG_CBOR_CODE,
  DAG_PB_CODE,
  digestOf,
  equalBytes,
  LIMITS,
  RAW_CODE,
  SHA2_256_CODE,
} from '#protocol'
import { ArchiveError } from './archive-error.ts'
import { findPinRoots } from './archive-pins.ts'
import { createBatchWalker } from './archive-walker.ts'
import type { BlockStore } from './block-store.ts'

/** What the archive needs of Helia: blocks (local, then bitswap), pins, codecs. */
export type ArchiveHost = Pick<Helia, 'blockstore' | 'pins' | 'getCodec'>

/** Needs of an {@link Archive}. */
export type ArchiveComponents = {
  readonly host: ArchiveHost
  /** Makes blocks put before it durable. */
  readonly flush: () => Promise<void>
}

/** How to read. */
export type ReadOptions = {
  readonly signal?: AbortSignal
  /** True: what is not here is absent; no peer is asked. @default false */
  readonly offline?: boolean
}

/** Chunks of the largest bill, sealed. */
const CHUNKS_LIMIT = Math.ceil(LIMITS.sealedBillBytes / LIMITS.chunkBytes)

function sha256Of(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/**
 * Checks the bytes of a block against its CID. Must come before anything decodes them (DESIGN 5).
 *
 * @throws {ArchiveError} ERR_ARCHIVE_HASH, ERR_ARCHIVE_KIND (a hash other than sha2-256).
 */
export function verifyBlock(cid: CID, bytes: Uint8Array): void {
  if (!equalBytes(sha256Of(bytes), sha256DigestOf(cid))) {
    throw new ArchiveError(`block does not match its cid ${cid.toString()}`, {
      code: 'ERR_ARCHIVE_HASH',
      cid: cid.toString(),
    })
  }
}

function sha256DigestOf(cid: CID): Uint8Array {
  try {
    return digestOf(cid)
  } catch (cause) {
    throw unreadableKind(cid, { cause })
  }
}

function unreadableKind(cid: CID, options?: ErrorOptions): ArchiveError {
  return new ArchiveError(
    `cid ${cid.toString()} is not of a kind that is read here`,
    { code: 'ERR_ARCHIVE_KIND', cid: cid.toString() },
    options,
  )
}

function tooLarge(cid: CID, limitBytes: number): ArchiveError {
  return new ArchiveError(`${cid.toString()} is larger than ${limitBytes} bytes`, {
    code: 'ERR_ARCHIVE_TOO_LARGE',
    cid: cid.toString(),
    limitBytes,
  })
}

/**
 * Bills and blocks of one node: UnixFS files as `ipfs add --cid-version 1 --raw-leaves --chunker size-1048576` makes
 * them, DAG-CBOR blocks, and one pin per batch.
 *
 * Helia checks hashes of blocks that bitswap brings, not of blocks that it reads from its own store. The archive checks
 * every block that it returns or decodes, wherever it came from.
 */
export class Archive {
  readonly #host: ArchiveHost
  readonly #flush: () => Promise<void>
  readonly #files: UnixFS

  constructor(components: ArchiveComponents) {
    this.#host = components.host
    this.#flush = components.flush
    const { blockstore } = components.host
    this.#files = unixfs({
      blockstore: {
        has: async (cid, options) => blockstore.has(cid, options),
        put: async (cid, bytes, options) => blockstore.put(cid, bytes, options),
        get: (cid, options) => this.#readAsStore(cid, options),
      },
    })
  }

  async *#readAsStore(cid: CID, options?: ReadOptions): AsyncGenerator<Uint8Array> {
    yield await this.getBlock(cid, options)
  }

  /** Stores a bill. It is readable at once, and durable after {@link flush}. */
  async addBill(bytes: Uint8Array): Promise<{ readonly cid: CID; readonly sizeBytes: number }> {
    if (bytes.byteLength <= LIMITS.chunkBytes) {
      const cid = await this.cidOf(bytes)
      await this.#host.blockstore.put(cid, bytes)
      return { cid, sizeBytes: bytes.byteLength }
    }
    return { cid: await this.#files.addBytes(bytes), sizeBytes: bytes.byteLength }
  }

  /** The CID that {@link addBill} would give; nothing is stored. */
  async cidOf(bytes: Uint8Array): Promise<CID> {
    // One chunk is its own root: `ipfs add --raw-leaves` makes no node above it.
    if (bytes.byteLength <= LIMITS.chunkBytes) return cidOfDigest(sha256Of(bytes), RAW_CODE)
    const nowhere = unixfs({
      blockstore: { has: () => false, put: (cid) => cid, get: (cid) => this.#readAsStore(cid, { offline: true }) },
    })
    return nowhere.addBytes(bytes)
  }

  /** Returns when everything stored before is on disk. */
  async flush(): Promise<void> {
    await this.#flush()
  }

  /**
   * The bytes of a bill.
   *
   * @throws {ArchiveError} ERR_ARCHIVE_ABSENT, ERR_ARCHIVE_HASH, ERR_ARCHIVE_TOO_LARGE (before the rest is read),
   * ERR_ARCHIVE_KIND.
   */
  async readBill(cid: CID, options: ReadOptions & { readonly maxBytes: number }): Promise<Uint8Array> {
    const { maxBytes, ...read } = options
    if (cid.code === RAW_CODE) {
      const bytes = await this.getBlock(cid, read)
      if (bytes.byteLength > maxBytes) throw tooLarge(cid, maxBytes)
      return bytes
    }
    if (cid.code !== DAG_PB_CODE) throw unreadableKind(cid)
    const root = await this.getBlock(cid, read)
    // More links than chunks of the largest bill: refused before unixfs reads them.
    const links = await this.linksOf(cid, root)
    if (links.length > Math.ceil(maxBytes / LIMITS.chunkBytes)) throw tooLarge(cid, maxBytes)
    return this.#readFile(cid, maxBytes, read)
  }

  async #readFile(cid: CID, maxBytes: number, options: ReadOptions): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    try {
      for await (const part of this.#files.cat(cid, options)) {
        sizeBytes += part.byteLength
        if (sizeBytes > maxBytes) throw tooLarge(cid, maxBytes)
        parts.push(part)
      }
    } catch (cause) {
      if (cause instanceof ArchiveError || options.signal?.aborted === true) throw cause
      throw unreadableKind(cid, { cause })
    }
    return Buffer.concat(parts, sizeBytes)
  }

  /** True if all blocks of a bill are here. Their bytes are checked when they are read. */
  async hasBill(cid: CID): Promise<boolean> {
    return (await this.findMissing(cid)).length === 0
  }

  /**
   * Blocks of a bill or of a single DAG-CBOR block that are not here: the root if it is absent, else missing chunks.
   *
   * @throws {ArchiveError} ERR_ARCHIVE_HASH for a damaged root; ERR_ARCHIVE_KIND, ERR_ARCHIVE_TOO_LARGE for a root that
   * is not one of a bill: then nothing below it is worth fetching.
   */
  async findMissing(cid: CID): Promise<CID[]> {
    if (!(await this.#host.blockstore.has(cid))) return [cid]
    if (cid.code === RAW_CODE || cid.code === DAG_CBOR_CODE) return []
    if (cid.code !== DAG_PB_CODE) throw unreadableKind(cid)
    const chunks = await this.linksOf(cid, await this.getBlock(cid, { offline: true }))
    if (chunks.length > CHUNKS_LIMIT) throw tooLarge(cid, LIMITS.sealedBillBytes)
    const missing: CID[] = []
    for (const chunk of chunks) {
      // The largest bill has 21 chunks, which one root holds; a chunk that cannot be verified is never asked for.
      if (chunk.code !== RAW_CODE || chunk.multihash.code !== SHA2_256_CODE) throw unreadableKind(cid)
      if (!(await this.#host.blockstore.has(chunk))) missing.push(chunk)
    }
    return missing
  }

  /**
   * The CIDs that a block links, in its order; `verified` are its bytes, whose hash was checked.
   *
   * @throws {ArchiveError} ERR_ARCHIVE_KIND for bytes that are not of the CID's codec, and codecs that are not read here.
   */
  async linksOf(cid: CID, verified: Uint8Array): Promise<CID[]> {
    try {
      const codec = await this.#host.getCodec(cid.code)
      return [...createUnsafe({ cid, bytes: verified, codec }).links()].map(([, link]) => link)
    } catch (cause) {
      throw unreadableKind(cid, { cause })
    }
  }

  /** Stores a DAG-CBOR block as {@link addBill} stores a bill. */
  async putBlock(bytes: Uint8Array): Promise<CID> {
    const cid = cidOfDigest(sha256Of(bytes), DAG_CBOR_CODE)
    await this.#host.blockstore.put(cid, bytes)
    return cid
  }

  /**
   * The bytes of a block, their hash checked.
   *
   * @throws {ArchiveError} ERR_ARCHIVE_ABSENT, ERR_ARCHIVE_HASH, ERR_ARCHIVE_KIND.
   */
  async getBlock(cid: CID, options: ReadOptions = {}): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    try {
      for await (const part of this.#host.blockstore.get(cid, options)) parts.push(part)
    } catch (cause) {
      throw new ArchiveError(
        `block ${cid.toString()} is not here${options.offline === true ? '' : ' and was not found at a peer'}`,
        { code: 'ERR_ARCHIVE_ABSENT', cid: cid.toString() },
        { cause },
      )
    }
    const only = parts[0]
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
    verifyBlock(cid, bytes)
    return bytes
  }

  /** True if the block is here. */
  async hasBlock(cid: CID): Promise<boolean> {
    return this.#host.blockstore.has(cid)
  }

  /**
   * Pins a batch block with the bills that it links, all of which must be here. Pinning it again does nothing; a pin
   * that a crash interrupted is finished by the next call.
   *
   * @param withdrawn bills of the batch that are not looked for.
   * @throws {ArchiveError} ERR_ARCHIVE_ABSENT, ERR_ARCHIVE_HASH for the batch block or the root of a large bill.
   */
  async pinBatch(cid: CID, withdrawn: readonly CID[] = []): Promise<void> {
    const walker = createBatchWalker(
      (block, signal) => this.getBlock(block, { offline: true, ...(signal === undefined ? {} : { signal }) }),
      withdrawn,
    )
    const blocks = this.#host.pins.add(cid, { walker })
    try {
      while ((await blocks.next()).done !== true);
    } catch (thrown) {
      if (!(thrown instanceof Error && thrown.name === 'AlreadyPinnedError')) throw thrown
    }
  }

  /**
   * Removes a bill's blocks from `blocks`, its root last, so that what a crash leaves is still found. A block that another file
   * uses stays: whoever makes a file of somebody else's chunks cannot have them deleted.
   *
   * @param mayGo told each root that pins a block: a batch, or the bill itself.
   * @returns how many blocks were removed; pins of them stay, and keep nothing.
   */
  async removeBill(
    cid: CID,
    blocks: Pick<BlockStore, 'delete' | 'datastore'>,
    mayGo: (root: CID) => Promise<boolean>,
  ): Promise<number> {
    if (!(await this.#host.blockstore.has(cid))) return 0
    const chunks = cid.code === DAG_PB_CODE ? await this.linksOf(cid, await this.getBlock(cid, { offline: true })) : []
    let removed = 0
    for (const block of [...chunks, cid]) {
      const roots = await findPinRoots(blocks.datastore, block)
      if (!(await Promise.all(roots.map(mayGo))).every((may) => may)) continue
      await blocks.delete(block)
      removed += 1
    }
    return removed
  }

  /** True if a block is kept by a pin, as a batch or as part of one. */
  async isPinned(cid: CID): Promise<boolean> {
    return this.#host.pins.isPinned(cid)
  }
}
