import { ChainError } from './chain-error.ts'
import { blockShape } from './chain-shapes.ts'
import { FEE_BUMP_PERCENT } from './constants.ts'
import { quantityShape } from './json-rpc.ts'
import type { JsonRpc, RequestOptions } from './json-rpc.ts'

/** What a transaction offers for each unit of gas, in wei. */
export type Fee =
  /** EIP-1559: at most `maxWei`, of which at most `tipWei` goes to the block's proposer. */
  | { readonly kind: 'dynamic'; readonly maxWei: bigint; readonly tipWei: bigint }
  /** One price, for chains without EIP-1559. */
  | { readonly kind: 'legacy'; readonly maxWei: bigint }

/** Tip where the endpoint does not suggest one: 1 gwei. */
const DEFAULT_TIP_WEI = 1_000_000_000n

/** A fee that outlasts six full blocks (the base fee can double in them), never above `ceilingWei`. */
export async function suggestFee(rpc: JsonRpc, ceilingWei: bigint, options: RequestOptions): Promise<Fee> {
  const block = await rpc.call(blockShape, 'eth_getBlockByNumber', ['latest', false], options)
  if (block.baseFeePerGas === undefined) {
    return { kind: 'legacy', maxWei: least(await rpc.call(quantityShape, 'eth_gasPrice', [], options), ceilingWei) }
  }
  const tipWei = await suggestTip(rpc, options)
  const maxWei = least(2n * block.baseFeePerGas + tipWei, ceilingWei)
  return { kind: 'dynamic', maxWei, tipWei: least(tipWei, maxWei) }
}

/** A fee that nodes accept as replacement of `fee`; `undefined` when that would be above `ceilingWei`. */
export function bumpFee(fee: Fee, ceilingWei: bigint): Fee | undefined {
  const raise = (wei: bigint): bigint => (wei * (100n + FEE_BUMP_PERCENT)) / 100n + 1n
  const maxWei = raise(fee.maxWei)
  if (maxWei > ceilingWei) return undefined
  return fee.kind === 'legacy' ? { kind: 'legacy', maxWei } : { kind: 'dynamic', maxWei, tipWei: raise(fee.tipWei) }
}

/** The larger of two fees of one chain, part by part. */
export function largerFee(a: Fee, b: Fee): Fee {
  const maxWei = a.maxWei > b.maxWei ? a.maxWei : b.maxWei
  if (a.kind === 'legacy' || b.kind === 'legacy') return { kind: 'legacy', maxWei }
  return { kind: 'dynamic', maxWei, tipWei: a.tipWei > b.tipWei ? a.tipWei : b.tipWei }
}

async function suggestTip(rpc: JsonRpc, options: RequestOptions): Promise<bigint> {
  try {
    return await rpc.call(quantityShape, 'eth_maxPriorityFeePerGas', [], options)
  } catch (thrown) {
    // Not every chain has the method; a dead endpoint is another matter.
    if (thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_RPC') return DEFAULT_TIP_WEI
    throw thrown
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
