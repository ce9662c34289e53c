import { z } from 'zod'
import { encodeRegion, equalBytes, toHex } from '#protocol'
import type { Domain } from '#protocol'
import { ChainError } from './chain-error.ts'
import { blockShape, receiptShape } from './chain-shapes.ts'
import type { ChainLog } from './chain-shapes.ts'
import { FINAL_DEPTH_BLOCKS, LOG_RANGE_BLOCKS, WATCH_BACKOFF_MAX_MS, WATCH_POLL_MS } from './constants.ts'
import { readExtent } from './finality.ts'
import type { ChainExtent } from './finality.ts'
import { hexShape, JsonRpc } from './json-rpc.ts'
import type { RequestOptions } from './json-rpc.ts'
import { LogReader } from './log-reader.ts'
import { pause } from './pause.ts'
import { anchoredTopic, findAnchoredEvent, findAnchorSignatures } from './registry-abi.ts'
import type { AnchoredEvent } from './registry-abi.ts'
import type { CursorStore, PendingAnchor, WatchCursor } from './watch-cursor.ts'

/** An anchor as a block of the chain shows it. */
export type SeenAnchor = AnchoredEvent &
  Pick<PendingAnchor, 'txHash' | 'blockNumber' | 'blockHash'> & {
    readonly gasUsed: bigint
    /** As the transaction carries them, unverified; none if its input does not show them. */
    readonly signatures: readonly Uint8Array[]
  }

/**
 * Told what the chain says, one call at a time, in the order of the chain. A call that throws is made again later, and nothing
 * after it is told before: so each must bear a repeat (also after a crash, which can lose the newest cursor).
 */
export type AnchorListener = {
  /** An anchor is in a block. */
  onAnchored(seen: SeenAnchor): Promise<void>
  /** The block of an anchor that was told can no longer be undone. */
  onFinal(anchor: PendingAnchor): Promise<void>
  /** The block of an anchor that was told is no longer in the chain; newest first. It may come again in another block. */
  onReorged(anchor: PendingAnchor): Promise<void>
}

/** How the watcher stands with the chain. */
export type WatchState =
  | ({ readonly state: 'following' } & ChainExtent)
  /** The endpoint fails, or the listener does; `error` says which. Tried again after `retryInMs`. */
  | { readonly state: 'waiting'; readonly error: unknown; readonly retryInMs: number }

/** Options of {@link AnchorWatcher}. */
export type AnchorWatcherInit = {
  readonly rpcUrl: string
  readonly domain: Domain
  /** Only this region's anchors; all regions if absent. */
  readonly region?: string
  readonly cursors: CursorStore
  readonly listener: AnchorListener
  /** Called after each look. Must not throw. */
  readonly onState?: (state: WatchState) => void
  /** First block to look at: the one that the registry was created in. @default 0 */
  readonly fromBlock?: number
  /** @default 2_000 */
  readonly pollMs?: number
  /** @default 96 */
  readonly finalDepthBlocks?: number
  /** @default 2_000 */
  readonly logRangeBlocks?: number
}

const blockOrNullShape = blockShape.nullable()
const receiptOrNullShape = receiptShape.nullable()
const transactionOrNullShape = z.object({ input: hexShape }).nullable()

/**
 * Follows a registry's anchors. Each look reads *all* blocks above the last final one again, so a reorganisation at any place
 * shows as a difference to what was told before, and no block is skipped whatever happens between two looks.
 */
export class AnchorWatcher {
  readonly #init: AnchorWatcherInit
  readonly #rpc: JsonRpc
  readonly #logs: LogReader
  readonly #pollMs: number
  #stopped = new AbortController()
  #loop: Promise<void> | undefined
  #cursor: WatchCursor = { finalBlock: -1, pending: [] }
  #isChainChecked = false

  constructor(init: AnchorWatcherInit) {
    this.#init = init
    this.#rpc = new JsonRpc({ url: init.rpcUrl })
    this.#pollMs = init.pollMs ?? WATCH_POLL_MS
    const topics = [anchoredTopic(), ...(init.region === undefined ? [] : [toHex(encodeRegion(init.region))])]
    this.#logs = new LogReader(this.#rpc, {
      address: init.domain.registry,
      topics,
      rangeBlocks: init.logRangeBlocks ?? LOG_RANGE_BLOCKS,
    })
  }

  /** Loads the cursor and begins to follow. An endpoint that is down is no failure: it is reported and tried again. */
  async start(): Promise<void> {
    this.#stopped = new AbortController()
    this.#cursor = (await this.#init.cursors.load()) ?? { finalBlock: (this.#init.fromBlock ?? 0) - 1, pending: [] }
    this.#loop = this.#run(this.#stopped.signal)
  }

  /** Ends after the call to the listener that is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  async #run(signal: AbortSignal): Promise<void> {
    let backoffMs = this.#pollMs
    while (!signal.aborted) {
      let waitMs = this.#pollMs
      try {
        const extent = await this.#look({ signal })
        backoffMs = this.#pollMs
        this.#init.onState?.({ state: 'following', ...extent })
      } catch (error) {
        if (signal.aborted) return
        // Only a failing endpoint is given more and more time; what the listener lacks may come at any moment.
        if (error instanceof ChainError) {
          // Whatever answers next may be another server: see again that it is the right chain.
          this.#isChainChecked = false
          waitMs = backoffMs
          backoffMs = Math.min(backoffMs * 2, WATCH_BACKOFF_MAX_MS)
        }
        this.#init.onState?.({ state: 'waiting', error, retryInMs: waitMs })
      }
      await pause(waitMs, signal).catch(() => undefined)
    }
  }

  async #look(options: RequestOptions): Promise<ChainExtent> {
    await this.#checkChain(options)
    const extent = await readExtent(this.#rpc, this.#init.finalDepthBlocks ?? FINAL_DEPTH_BLOCKS, options)
    if (extent.latestBlock < this.#cursor.finalBlock) {
      throw new ChainError(`chain ends at block ${extent.latestBlock}, ${this.#cursor.finalBlock} was final before`, {
        code: 'ERR_CHAIN_BEHIND',
        expectedBlock: this.#cursor.finalBlock,
        foundBlock: extent.latestBlock,
      })
    }
    await this.#tellLost(options)
    for await (const { logs, toBlock } of this.#logs.read(this.#cursor.finalBlock + 1, extent.latestBlock, options)) {
      for (const log of logs) await this.#tell(log, extent, options)
      await this.#advance(Math.min(toBlock, extent.finalBlock))
    }
    return extent
  }

  /** Tells which anchors are no longer where they were. The block's hash decides: an endpoint that lags has no such block. */
  async #tellLost(options: RequestOptions): Promise<void> {
    for (const anchor of this.#cursor.pending.toReversed()) {
      const params = [`0x${anchor.blockNumber.toString(16)}`, false]
      const block = await this.#rpc.call(blockOrNullShape, 'eth_getBlockByNumber', params, options)
      if (block === null || equalBytes(block.hash, anchor.blockHash)) continue
      await this.#init.listener.onReorged(anchor)
      await this.#forget(anchor)
    }
  }

  async #tell(log: ChainLog, extent: ChainExtent, options: RequestOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const event = findAnchoredEvent(this.#init.domain.registry, log)
    if (event === undefined || (this.#init.region !== undefined && event.region !== this.#init.region)) return
    const isKnown = (anchor: PendingAnchor): boolean =>
      equalBytes(anchor.anchorHash, event.anchorHash) && equalBytes(anchor.blockHash, log.blockHash)
    if (!this.#cursor.pending.some(isKnown)) {
      const seen = await this.#readSeen(event, log, options)
      await this.#tellReplaced(event)
      await this.#init.listener.onAnchored(seen)
      const { region, seq, anchorHash, txHash, blockNumber, blockHash } = seen
      const pending = [...this.#cursor.pending, { region, seq, anchorHash, txHash, blockNumber, blockHash }]
      await this.#save({ finalBlock: this.#cursor.finalBlock, pending })
    }
    const anchor = this.#cursor.pending.find(isKnown)
    if (anchor === undefined || anchor.blockNumber > extent.finalBlock) return
    await this.#init.listener.onFinal(anchor)
    await this.#forget(anchor)
  }

  /** Two blocks cannot hold one anchor, nor an anchor come after its successor: what was told before is lost, say so first. */
  async #tellReplaced(event: AnchoredEvent): Promise<void> {
    const replaced = this.#cursor.pending.filter((anchor) => anchor.region === event.region && anchor.seq >= event.seq)
    for (const anchor of replaced.toReversed()) {
      await this.#init.listener.onReorged(anchor)
      await this.#forget(anchor)
    }
  }

  /** Puts blocks behind us, after everything in them has been told. */
  async #advance(finalBlock: number): Promise<void> {
    if (finalBlock <= this.#cursor.finalBlock) return
    const { pending } = this.#cursor
    const missing = pending.find((anchor) => anchor.blockNumber <= finalBlock)
    if (missing !== undefined) throw this.#inconsistent(`log of ${toHex(missing.txHash)} is missing in a final block`)
    await this.#save({ finalBlock, pending })
  }

  #inconsistent(what: string): ChainError {
    // The chain moved between two answers, or one of several servers lags: the next look sees one state.
    return new ChainError(`${this.#rpc.origin}: ${what}`, {
      code: 'ERR_CHAIN_UNREACHABLE',
      endpoint: this.#rpc.origin,
    })
  }

  async #readSeen(event: AnchoredEvent, log: ChainLog, options: RequestOptions): Promise<SeenAnchor> {
    const { transactionHash: txHash, blockNumber, blockHash } = log
    const receipt = await this.#rpc.call(receiptOrNullShape, 'eth_getTransactionReceipt', [toHex(txHash)], options)
    if (receipt === null || receipt.status !== 1 || !equalBytes(receipt.blockHash, blockHash)) {
      throw this.#inconsistent(`receipt of ${toHex(txHash)} does not agree with its log`)
    }
    const transaction = await this.#rpc.call(
      transactionOrNullShape,
      'eth_getTransactionByHash',
      [toHex(txHash)],
      options,
    )
    const signatures = transaction === null ? [] : findAnchorSignatures(transaction.input, event.anchorHash)
    return { ...event, txHash, blockNumber, blockHash, gasUsed: receipt.gasUsed, signatures }
  }

  async #forget(anchor: PendingAnchor): Promise<void> {
    const pending = this.#cursor.pending.filter((other) => other !== anchor)
    await this.#save({ finalBlock: this.#cursor.finalBlock, pending })
  }

  async #save(cursor: WatchCursor): Promise<void> {
    await this.#init.cursors.save(cursor)
    this.#cursor = cursor
  }

  async #checkChain(options: RequestOptions): Promise<void> {
    if (this.#isChainChecked) return
    const found = await this.#rpc.chainId(options)
    if (found !== this.#init.domain.chainId) {
      throw new ChainError(
        `${this.#rpc.origin} serves chain ${found}, the charter names ${this.#init.domain.chainId}`,
        {
          code: 'ERR_CHAIN_WRONG_ID',
          expected: this.#init.domain.chainId,
          found,
        },
      )
    }
    this.#isChainChecked = true
  }
}
