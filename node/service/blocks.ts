import type { BlocksView, BlockView, EntityBytes, WalkOptions } from '#api'
import { DAG_CBOR_CODE, DAG_PB_CODE, RAW_CODE, SHA2_256_CODE } from '#protocol'
import type { Archive } from '#storage'
import { ArchiveError } from '#storage'
import { CID } from 'multiformats/cid'
import { NodeError } from '../node-error.ts'
import type { WithdrawnFiles } from './withdrawn-files.ts'

/** Walks at once: each holds a block of 1 MiB and a socket; more clients are told to come again. */
const WALKS_LIMIT = 32
/** Blocks of one walk: a batch links the one before it, and `all` would give a sponsor's whole chain. */
const WALK_BLOCKS_LIMIT = 20_000
/** Bytes of one walk: 25 bills of the largest size. */
const WALK_BYTES_LIMIT = 512 * 1024 * 1024
/** Links below links: batches of one sponsor are a list. */
const WALK_DEPTH_LIMIT = 1_024

/** A block to be visited. */
type Visit = { readonly cid: CID; readonly depth: number }

/** Blocks of this node's archive for the gateway; no peer is asked for any. */
export class GatewayBlocks implements BlocksView {
  readonly #archive: Archive
  readonly #withdrawn: Pick<WithdrawnFiles, 'isRemoved'>
  #walks = 0

  constructor({
    archive,
    withdrawnFiles,
  }: {
    readonly archive: Archive
    readonly withdrawnFiles: Pick<WithdrawnFiles, 'isRemoved'>
  }) {
    this.#archive = archive
    this.#withdrawn = withdrawnFiles
  }

  async findBlock(text: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const cid = CID.parse(text)
    return isServed(cid) ? this.#find(cid, signal) : undefined
  }

  async isRemoved(text: string): Promise<boolean> {
    return this.#withdrawn.isRemoved(CID.parse(text).toV1())
  }

  async *walk(text: string, options: WalkOptions, signal: AbortSignal): AsyncGenerator<BlockView> {
    if (this.#walks >= WALKS_LIMIT) {
      throw new NodeError('too many downloads are under way, try again later', {
        code: 'ERR_NODE_BUSY',
        queued: this.#walks,
      })
    }
    this.#walks += 1
    try {
      const root = CID.parse(text)
      const range = options.range === undefined ? undefined : await this.#bytesOf(root, options.range, signal)
      let blocks = 0
      let sizeBytes = 0
      for await (const block of this.#visit(root, { ...options, range }, signal)) {
        blocks += 1
        sizeBytes += block.bytes.byteLength
        if (blocks > WALK_BLOCKS_LIMIT || sizeBytes > WALK_BYTES_LIMIT) throw tooLarge(text)
        yield block
      }
    } finally {
      this.#walks -= 1
    }
  }

  async *#visit(
    root: CID,
    options: Pick<WalkOptions, 'scope' | 'duplicates'> & { readonly range: ByteSpan | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<BlockView> {
    const { scope, duplicates = false, range } = options
    const seen = new Set<string>()
    const waiting: Visit[] = [{ cid: root, depth: 0 }]
    // Where in the file the next leaf begins.
    let offset = 0
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      signal.throwIfAborted()
      const { cid, depth } = next
      const key = cid.toString()
      if (!duplicates && range === undefined && seen.has(key)) continue
      const bytes = await this.#find(cid, signal)
      if (bytes === undefined) throw absent(cid)
      const isLeaf = cid.code === RAW_CODE
      const start = offset
      if (isLeaf) offset += bytes.byteLength
      if (isLeaf && range !== undefined && (start >= range.end || offset <= range.start)) continue
      if (duplicates || !seen.has(key)) yield { cid: key, bytes }
      seen.add(key)
      if (scope === 'block' || isLeaf || (scope === 'entity' && cid.code !== DAG_PB_CODE)) continue
      if (depth >= WALK_DEPTH_LIMIT) throw tooLarge(root.toString())
      const links = await this.#archive.linksOf(cid, bytes)
      if (waiting.length + links.length > WALK_BLOCKS_LIMIT) throw tooLarge(root.toString())
      // The last in is the first out: the first link is visited next.
      for (const link of links.toReversed()) waiting.push({ cid: link, depth: depth + 1 })
    }
  }

  // What `entity-bytes` means for a file of this size; only its length is needed, which its leaves tell.
  async #bytesOf(root: CID, { from, to }: EntityBytes, signal: AbortSignal): Promise<ByteSpan> {
    let size = 0
    if (from < 0 || (to !== undefined && to < 0)) {
      const whole = { scope: 'entity', duplicates: true, range: undefined } as const
      for await (const { cid, bytes } of this.#visit(root, whole, signal)) {
        if (CID.parse(cid).code === RAW_CODE) size += bytes.byteLength
        if (size > WALK_BYTES_LIMIT) throw tooLarge(root.toString())
      }
    }
    const start = from < 0 ? Math.max(0, size + from) : from
    if (to === undefined) return { start, end: Number.POSITIVE_INFINITY }
    return { start, end: (to < 0 ? size + to : to) + 1 }
  }

  async #find(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!isServed(cid)) return undefined
    try {
      return await this.#archive.getBlock(cid, { offline: true, signal })
    } catch (thrown) {
      if (thrown instanceof ArchiveError && thrown.code === 'ERR_ARCHIVE_ABSENT') return undefined
      throw thrown
    }
  }
}

/** Bytes of a file, half-open. */
type ByteSpan = { readonly start: number; readonly end: number }

/** True for the kinds that an archive has: others are not asked for on the disk. */
function isServed(cid: CID): boolean {
  const isKnown = cid.code === RAW_CODE || cid.code === DAG_PB_CODE || cid.code === DAG_CBOR_CODE
  return isKnown && cid.multihash.code === SHA2_256_CODE && cid.multihash.digest.byteLength === 32
}

function absent(cid: CID): ArchiveError {
  return new ArchiveError(`block ${cid.toString()} is not here`, { code: 'ERR_ARCHIVE_ABSENT', cid: cid.toString() })
}

function tooLarge(cid: string): NodeError {
  return new NodeError(`what ${cid} links is more than a gateway gives at once`, { code: 'ERR_GATEWAY_LIMIT', cid })
}
