import { z } from 'zod'
import { fromHex } from '#protocol'
import { hexShape, quantityShape } from './json-rpc.ts'

/** 32 bytes as `0x` hex, in either case. */
const hash32Shape = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => fromHex(text.toLowerCase(), 32))

/** 20 bytes as `0x` hex, in either case. */
const address20Shape = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => fromHex(text.toLowerCase(), 20))

/** Block number; numbers beyond 2^53 are no chain's. */
const blockNumberShape = quantityShape.refine((n) => n <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number)

/** The parts of a block header that are used. */
export const blockShape = z.object({
  number: blockNumberShape,
  hash: hash32Shape,
  /** Absent on chains without EIP-1559. */
  baseFeePerGas: quantityShape.optional(),
})

/** When a block was made. */
export const blockTimeShape = z.object({
  /** Seconds since 1970. */
  timestamp: quantityShape,
})

/** A log entry of `eth_getLogs` or of a receipt. */
export const logShape = z.object({
  address: address20Shape,
  topics: z.array(hexShape).max(4),
  data: hexShape,
  blockNumber: blockNumberShape,
  blockHash: hash32Shape,
  transactionHash: hash32Shape,
  logIndex: blockNumberShape,
})

/** A log entry with its place in the chain. */
export type ChainLog = z.infer<typeof logShape>

/** A transaction receipt. */
export const receiptShape = z.object({
  transactionHash: hash32Shape,
  blockNumber: blockNumberShape,
  blockHash: hash32Shape,
  /** 1 = the transaction took effect, 0 = it reverted. */
  status: quantityShape.transform(Number),
  gasUsed: quantityShape,
  effectiveGasPrice: quantityShape.optional(),
  contractAddress: address20Shape.nullish(),
  logs: z.array(logShape),
})

/** What became of a mined transaction. */
export type Receipt = z.infer<typeof receiptShape>
