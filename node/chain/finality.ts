import { ChainError } from './chain-error.ts'
import { blockShape } from './chain-shapes.ts'
import type { JsonRpc, RequestOptions } from './json-rpc.ts'

const blockOrNullShape = blockShape.nullable()

/** How far a chain is, and how far it cannot be undone. */
export type ChainExtent = {
  /** Number of the newest block that is final; -1 if none is. */
  readonly finalBlock: number
  readonly latestBlock: number
}

/**
 * Extent of the chain. Final is what the chain's `finalized` tag says; where the tag is unknown, or nothing is finalized yet,
 * blocks at least `finalDepthBlocks` below the newest.
 *
 * @throws {ChainError} ERR_CHAIN_UNREACHABLE, ERR_CHAIN_RPC.
 */
export async function readExtent(
  rpc: JsonRpc,
  finalDepthBlocks: number,
  options: RequestOptions = {},
): Promise<ChainExtent> {
  // The tag first: what is read later can only be newer.
  const tagged = await findFinalizedBlock(rpc, options)
  const latest = await rpc.call(blockShape, 'eth_getBlockByNumber', ['latest', false], options)
  const finalBlock = tagged ?? Math.max(latest.number - finalDepthBlocks, -1)
  return { finalBlock: Math.min(finalBlock, latest.number), latestBlock: latest.number }
}

async function findFinalizedBlock(rpc: JsonRpc, options: RequestOptions): Promise<number | undefined> {
  try {
    const block = await rpc.call(blockOrNullShape, 'eth_getBlockByNumber', ['finalized', false], options)
    return block?.number
  } catch (thrown) {
    if (thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_RPC') return undefined
    throw thrown
  }
}
