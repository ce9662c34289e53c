import { BaseBlock, fromBER } from 'asn1js'
import type { ObjectIdentifier } from 'asn1js'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'

/** Tag classes of ASN.1 (X.690 section 8.1.2.2) as asn1js numbers them. */
const UNIVERSAL = 1
const CONTEXT = 3

/** Tags of the universal class. */
export const TAG = { octetString: 4, oid: 6, sequence: 16, set: 17, utcTime: 23, generalizedTime: 24 } as const

/**
 * The one ASN.1 element that the bytes are, BER or DER.
 *
 * @throws {SignatureError} when they are none, more than one, or over a limit.
 */
export function parseAsn1(bytes: Uint8Array, what: string): BaseBlock {
  const { block, sizeBytes } = parseAsn1Prefix(bytes, what)
  if (sizeBytes !== bytes.byteLength) throw new SignatureError(`${what}: bytes follow the ASN.1 structure`)
  return block
}

/**
 * The ASN.1 element at the beginning of the bytes, and how many bytes it has.
 *
 * @throws {SignatureError} when there is none, or it is over a limit.
 */
export function parseAsn1Prefix(bytes: Uint8Array, what: string): { block: BaseBlock; sizeBytes: number } {
  const { offset, result } = decodeWith(what, () =>
    fromBER(ownBytes(bytes), {
      maxDepth: ORIGIN_LIMITS.asn1Depth,
      maxNodes: ORIGIN_LIMITS.asn1Nodes,
      maxContentLength: ORIGIN_LIMITS.asn1Bytes,
      // Bytes inside an OCTET STRING are bytes, even when they look like another structure.
      parseEmbedded: false,
    }),
  )
  if (offset === -1) throw new SignatureError(`${what} is not ASN.1: ${result.error}`)
  return { block: result, sizeBytes: offset }
}

/** The bytes in a buffer of their own, as ASN.1 and WebCrypto libraries want them. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** True if an element has a tag of the universal class. */
export function isUniversal(block: BaseBlock | undefined, tag: number): boolean {
  return block?.idBlock.tagClass === UNIVERSAL && block.idBlock.tagNumber === tag
}

/** True if an element has a context-specific tag. */
export function isContext(block: BaseBlock | undefined, tag: number): boolean {
  return block?.idBlock.tagClass === CONTEXT && block.idBlock.tagNumber === tag
}

/** Elements inside a constructed element; none inside others. */
export function childrenOf(block: BaseBlock | undefined): readonly BaseBlock[] {
  const inner: unknown = block === undefined ? undefined : (block.valueBlock as { value?: unknown }).value
  // Object identifiers keep their numbers in the same place.
  return Array.isArray(inner) ? inner.filter((child) => child instanceof BaseBlock) : []
}

/** Tag, length and content of a parsed element as they stand in the file. */
export function rawOf(block: BaseBlock): Uint8Array {
  return block.valueBeforeDecodeView
}

/** Dotted text of an OBJECT IDENTIFIER; `undefined` for other elements. */
export function oidOf(block: BaseBlock | undefined): string | undefined {
  return block !== undefined && isUniversal(block, TAG.oid)
    ? (block as ObjectIdentifier).valueBlock.toString()
    : undefined
}

/** Content of a primitive OCTET STRING; `undefined` for other elements. */
export function octetsOf(block: BaseBlock | undefined): Uint8Array | undefined {
  return block !== undefined && isUniversal(block, TAG.octetString) && !block.idBlock.isConstructed
    ? contentOf(block)
    : undefined
}

/** Content of a primitive element, without tag and length. */
export function contentOf(block: BaseBlock): Uint8Array {
  const raw = rawOf(block)
  return raw.subarray(block.idBlock.blockLength + block.lenBlock.blockLength)
}

/**
 * An instant as 14 digits `YYYYMMDDHHMMSS` of UTC, which order as texts; fractions of a second are cut off.
 *
 * Only the forms of RFC 5280 section 4.1.2.5: a time without seconds or without `Z` would depend on who reads it.
 *
 * @throws {SignatureError} for any other form.
 */
export function readTime(block: BaseBlock | undefined, what: string): string {
  const text = block === undefined ? '' : String.fromCharCode(...contentOf(block).subarray(0, 32))
  if (isUniversal(block, TAG.utcTime) && /^\d{12}Z$/.test(text)) {
    return `${text < '50' ? '20' : '19'}${text.slice(0, 12)}`
  }
  if (isUniversal(block, TAG.generalizedTime) && /^\d{14}(?:\.\d{1,9})?Z$/.test(text)) return text.slice(0, 14)
  throw new SignatureError(`${what} has a time that is not UTC with seconds`)
}

/** ISO 8601 of 14 digits. */
export function formatTime(digits: string): string {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)]
  return `${year}-${month}-${day}T${digits.slice(8, 10)}:${digits.slice(10, 12)}:${digits.slice(12, 14)}Z`
}

/**
 * What a library makes of a structure; its own failures become ours.
 *
 * @throws {SignatureError}
 */
export function decodeWith<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause
    throw new SignatureError(`${what} is malformed`, { cause })
  }
}
