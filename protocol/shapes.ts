import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { DAG_CBOR_CODE, DAG_PB_CODE, RAW_CODE, SHA2_256_CODE } from './codec.ts'

/** Schema of a byte string of exactly `size` bytes. */
export function bytesShape(size: number): z.ZodType<Uint8Array, Uint8Array> {
  return z.custom<Uint8Array>((v) => v instanceof Uint8Array && v.byteLength === size, `expected ${size} bytes`)
}

/** Schema of a byte string of at most `limit` bytes. */
export function bytesUpToShape(limit: number): z.ZodType<Uint8Array, Uint8Array> {
  return z.custom<Uint8Array>(
    (v) => v instanceof Uint8Array && v.byteLength <= limit,
    `expected at most ${limit} bytes`,
  )
}

function cidShape(codes: readonly number[]): z.ZodType<CID, CID> {
  return z.custom<CID>((v) => {
    const cid = CID.asCID(v)
    return cid !== null && cid.version === 1 && codes.includes(cid.code) && cid.multihash.code === SHA2_256_CODE
  }, 'expected a CIDv1 with sha2-256')
}

/** Schema of the CID of a bill: a raw block, or a UnixFS file of several. */
export const billCidShape: z.ZodType<CID, CID> = cidShape([RAW_CODE, DAG_PB_CODE])
/** Schema of the CID of a DAG-CBOR block. */
export const blockCidShape: z.ZodType<CID, CID> = cidShape([DAG_CBOR_CODE])
/** Schema of a count or index. */
export const countShape = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
// One check, not a pattern and then a bound: zod runs later checks also where an earlier one failed, and BigInt throws.
function isDecimalText(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,77})$/.test(text) && BigInt(text) < 2n ** 256n
}

/** Schema of an unsigned integer as a decimal text without leading zeros, below 2^256. */
export const decimalTextShape = z.string().refine(isDecimalText, 'expected a decimal text below 2^256')
/** Schema of a region's name: at most 31 bytes, so that it fits a `bytes32` short string. */
export const regionNameShape = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/)
/** Schema of an Ethereum address. */
export const addressShape = bytesShape(20)
/** Schema of a 32-byte hash. */
export const hashShape = bytesShape(32)
/** Schema of a 65-byte signature r || s || v. */
export const signatureShape = bytesShape(65)
