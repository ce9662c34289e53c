import { z } from 'zod'
import { toHex } from '#protocol'
import { ChainError } from './chain-error.ts'
import { logShape } from './chain-shapes.ts'
import type { ChainLog } from './chain-shapes.ts'
import type { JsonRpc, RequestOptions } from './json-rpc.ts'

/** Options of {@link LogReader}. */
export type LogReaderInit = {
  /** Contract whose events are read, 20 bytes. */
  readonly address: Uint8Array
  /** Topics in order, `0x` hex. */
  readonly topics: readonly string[]
  /** Most blocks of one request. */
  readonly rangeBlocks: number
}

/** The logs of a range of blocks, in the order of the chain. */
export type LogRange = { readonly logs: readonly ChainLog[]; readonly toBlock: number }

const logsShape = z.array(logShape)

/** Reads logs in ranges without gaps, smaller ones where the endpoint refuses. */
export class LogReader {
  readonly #rpc: JsonRpc
  readonly #init: LogReaderInit
  /** What the endpoint has accepted so far; endpoints do not say their limit. */
  #rangeBlocks: number

  constructor(rpc: JsonRpc, init: LogReaderInit) {
    this.#rpc = rpc
    this.#init = init
    this.#rangeBlocks = init.rangeBlocks
  }

  /**
   * Logs from `fromBlock` to `toBlock`, both included, range after range.
   *
   * @throws {ChainError} ERR_CHAIN_UNREACHABLE; ERR_CHAIN_RPC when the endpoint refuses even a single block.
   */
  async *read(fromBlock: number, toBlock: number, options: RequestOptions = {}): AsyncGenerator<LogRange> {
    let from = fromBlock
    while (from <= toBlock) {
      const to = Math.min(from + this.#rangeBlocks - 1, toBlock)
      let logs: readonly ChainLog[]
      try {
        logs = await this.#readRange(from, to, options)
      } catch (thrown) {
        const isRefused = thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_RPC'
        if (!isRefused || from === to) throw thrown
        this.#rangeBlocks = Math.max(1, Math.floor((to - from + 1) / 2))
        continue
      }
      yield { logs, toBlock: to }
      from = to + 1
    }
  }

  async #readRange(from: number, to: number, options: RequestOptions): Promise<ChainLog[]> {
    const filter = {
      address: toHex(this.#init.address),
      topics: this.#init.topics,
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
    }
    const logs = await this.#rpc.call(logsShape, 'eth_getLogs', [filter], options)
    return logs
      .filter((log) => log.blockNumber >= from && log.blockNumber <= to)
      .toSorted((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
  }
}
