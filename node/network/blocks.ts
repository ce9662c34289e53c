import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { CodedError, decodeCanonical, digestOf, encodeCanonical, equalBytes, parseShape } from '#protocol'
import {
  BITSWAP_PARALLEL,
  BITSWAP_TIMEOUT_MS,
  BULK_CIDS,
  BULK_RESPONSE_BYTES,
  FETCH_ROUNDS,
  FRAME_LIMIT_BYTES,
  REQUEST_LIMIT_BYTES,
} from './constants.ts'
import { NetworkError } from './network-error.ts'
import type { Network } from './types.ts'

/*
 * Bulk exchange of blocks: one request, all blocks on one stream. Bitswap asks for each block by itself and answers in
 * turns; a sponsor that has a whole batch can send it at once.
 *
 *   request          DAG-CBOR list of 1 to 512 CIDs as byte strings
 *   response frame   u16 big-endian: index of a CID in the request | u8: 1 here, 0 not here | bytes of the block
 *
 * The response may stop before the last CID (16 MiB at most); the requester asks again for the rest.
 */
const HEAD_BYTES = 3
const HERE = 1
/** Blocks read from disk at the same time for one response: the disk works while the network does. */
const READ_AHEAD = 8

const requestShape = z.array(z.instanceof(Uint8Array)).min(1).max(BULK_CIDS)

/** What the exchange needs of the node's block store. */
type BulkStore = {
  /** Bytes of a local block; `undefined` if it is not here. */
  find(cid: CID): Promise<Uint8Array | undefined>
  /** Stores blocks whose hashes have been checked. */
  putAll(blocks: readonly { readonly cid: CID; readonly bytes: Uint8Array }[]): Promise<void>
  /**
   * Blocks of a file that are not here: the root if it is absent, else its missing chunks; empty if complete.
   *
   * @throws {CodedError} when the root is not one of a file that this network reads.
   */
  findMissing(root: CID): Promise<CID[]>
}

/** Needs of a {@link BlockExchange}. */
export type BlockExchangeComponents = {
  readonly network: Pick<Network, 'handle' | 'request' | 'peers'>
  readonly store: BulkStore
  /** Fetches one block by bitswap, verifies and stores it. */
  readonly fetchOne: (cid: CID, signal: AbortSignal) => Promise<unknown>
}

/** Whom to ask, in this order, and how long. */
export type FetchOptions = {
  /** Peer ids, the most likely holder (the sponsor) first. */
  readonly from: readonly string[]
  readonly signal: AbortSignal
}

/** What a fetch could not get. */
export type FetchReport = {
  readonly missing: readonly CID[]
  /** Roots whose blocks are not those of a file that this network reads, with the store's code; never fetched on. */
  readonly unreadable: readonly { readonly cid: CID; readonly code: string }[]
  /** Peers that sent bytes that do not hash to the CID asked for. */
  readonly liars: readonly string[]
}

type Missing = Pick<FetchReport, 'unreadable'> & { readonly cids: CID[] }

/** True if the bytes are those that the CID names. */
function matches(cid: CID, bytes: Uint8Array): boolean {
  return equalBytes(hash('sha256', bytes, 'buffer'), digestOf(cid))
}

/** Serves and fetches blocks in bulk. */
export class BlockExchange {
  readonly #protocol: string
  readonly #components: BlockExchangeComponents

  /** @param init the protocol's id, such as `/kwitness/<network>/blocks/1`. */
  constructor(init: { readonly protocol: string }, components: BlockExchangeComponents) {
    this.#protocol = init.protocol
    this.#components = components
  }

  /** Begins to serve; best before the network starts. */
  serve(): void {
    this.#components.network.handle(this.#protocol, (request) => this.#answer(request))
  }

  async *#answer(request: Uint8Array): AsyncGenerator<Uint8Array> {
    const cids = parseShape(requestShape, decodeCanonical(request, REQUEST_LIMIT_BYTES), 'bulk request').map((bytes) =>
      CID.decode(bytes),
    )
    let sizeBytes = 0
    for (let start = 0; start < cids.length; start += READ_AHEAD) {
      const ahead = cids.slice(start, start + READ_AHEAD)
      const blocks = await Promise.all(ahead.map((cid) => this.#components.store.find(cid)))
      for (const [offset, block] of blocks.entries()) {
        const frame = encodeFrame(start + offset, block)
        sizeBytes += frame.byteLength
        if (sizeBytes > BULK_RESPONSE_BYTES && start + offset > 0) return
        yield frame
      }
    }
  }

  /**
   * Fetches files (bills) with all their blocks: from the named peers in bulk, in their order, then by bitswap from
   * whoever has them. Blocks that are here are not fetched again. Each block's hash is checked before it is stored.
   *
   * @throws the reason of `signal`; what no peer has is no error but reported.
   */
  async fetchFiles(roots: readonly CID[], options: FetchOptions): Promise<FetchReport> {
    const liars = new Set<string>()
    let missing = await this.#findMissing(roots)
    for (let round = 0; missing.cids.length > 0 && round < FETCH_ROUNDS; round += 1) {
      const lacked = await this.#fetchBulk(missing.cids, options, liars)
      await this.#fetchByBitswap(lacked, options.signal)
      missing = await this.#findMissing(roots)
    }
    return { missing: missing.cids, unreadable: missing.unreadable, liars: [...liars] }
  }

  async #findMissing(roots: readonly CID[]): Promise<Missing> {
    const cids = new Map<string, CID>()
    const unreadable: { cid: CID; code: string }[] = []
    for (const root of roots) {
      try {
        for (const cid of await this.#components.store.findMissing(root)) cids.set(cid.toString(), cid)
      } catch (thrown) {
        if (!(thrown instanceof CodedError)) throw thrown
        unreadable.push({ cid: root, code: thrown.code })
      }
    }
    return { cids: [...cids.values()], unreadable }
  }

  /** Asks peer after peer; returns what none of them gave. */
  async #fetchBulk(wanted: readonly CID[], options: FetchOptions, liars: Set<string>): Promise<CID[]> {
    let left = [...wanted]
    for (const peerId of options.from) {
      const lacked: CID[] = []
      while (left.length > 0) {
        const asked = left.slice(0, BULK_CIDS)
        const answer = await this.#askPeer(peerId, asked, options.signal, liars)
        left = [...answer.unanswered, ...left.slice(BULK_CIDS)]
        lacked.push(...answer.lacked)
        if (answer.unanswered.length === asked.length) break
      }
      left = [...lacked, ...left]
      if (left.length === 0) break
    }
    return left
  }

  async #askPeer(
    peerId: string,
    asked: readonly CID[],
    signal: AbortSignal,
    liars: Set<string>,
  ): Promise<{ readonly unanswered: CID[]; readonly lacked: CID[] }> {
    const open = new Map(asked.entries())
    const lacked: CID[] = []
    if (liars.has(peerId)) return { unanswered: [...asked], lacked }
    const body = encodeCanonical(asked.map((cid) => cid.bytes))
    const { network, store } = this.#components
    try {
      for await (const frame of network.request(peerId, this.#protocol, body, {
        signal,
        maxFrames: asked.length,
        maxFrameBytes: FRAME_LIMIT_BYTES,
      })) {
        const { index, bytes } = readFrame(frame)
        const cid = open.get(index)
        if (cid === undefined) throw new NetworkError('block that was not asked for', { code: 'ERR_NETWORK_FRAME' })
        if (bytes !== undefined && !matches(cid, bytes)) {
          liars.add(peerId)
          break
        }
        open.delete(index)
        if (bytes === undefined) lacked.push(cid)
        else await store.putAll([{ cid, bytes }])
      }
    } catch (thrown) {
      signal.throwIfAborted()
      // This peer cannot help now; the next one is asked for what is open.
      if (!(thrown instanceof NetworkError)) throw thrown
    }
    return { unanswered: [...open.values()], lacked }
  }

  async #fetchByBitswap(cids: readonly CID[], signal: AbortSignal): Promise<void> {
    if (this.#components.network.peers().length === 0) return
    // Bitswap searches until it is told to stop. A peer may get the block meanwhile: then asking in bulk again is quicker.
    const patience = AbortSignal.any([signal, AbortSignal.timeout(BITSWAP_TIMEOUT_MS)])
    const queue = [...cids]
    const work = async (): Promise<void> => {
      for (let cid = queue.pop(); cid !== undefined; cid = queue.pop()) {
        // What nobody has fails when the signal ends the search, and is reported as missing.
        await this.#components.fetchOne(cid, patience).catch(() => undefined)
      }
    }
    await Promise.all(Array.from({ length: BITSWAP_PARALLEL }, work))
  }
}

function encodeFrame(index: number, block: Uint8Array | undefined): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + (block?.byteLength ?? 0))
  new DataView(frame.buffer).setUint16(0, index)
  if (block !== undefined) {
    frame[2] = HERE
    frame.set(block, HEAD_BYTES)
  }
  return frame
}

function readFrame(frame: Uint8Array): { readonly index: number; readonly bytes: Uint8Array | undefined } {
  if (frame.byteLength < HEAD_BYTES) throw new NetworkError('short block frame', { code: 'ERR_NETWORK_FRAME' })
  const index = new DataView(frame.buffer, frame.byteOffset).getUint16(0)
  return { index, bytes: frame[2] === HERE ? frame.subarray(HEAD_BYTES) : undefined }
}
