import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { z } from 'zod'
import { equalBytes } from './bytes.ts'
import { sha256 } from './hash.ts'
import { ProtocolError } from './protocol-error.ts'

/** Multicodec of DAG-CBOR blocks. */
export const DAG_CBOR_CODE = 0x71
/** Multicodec of raw blocks. */
export const RAW_CODE = 0x55
/** Multicodec of DAG-PB blocks (UnixFS files of several chunks). */
export const DAG_PB_CODE = 0x70
/** Multihash code of SHA2-256. */
export const SHA2_256_CODE = 0x12

/** Canonical DAG-CBOR of a plain value; `undefined` fields must be left out by the caller. */
export function encodeCanonical(value: unknown): Uint8Array {
  const bytes = dagCbor.encode(value)
  // In Node the encoder gives Buffers for longer values, whose slice() is a view and not a copy as everybody expects.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Plain value of canonical DAG-CBOR bytes: size first, then decode, then encode again and compare.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC.
 */
export function decodeCanonical(bytes: Uint8Array, limitBytes: number): unknown {
  if (bytes.byteLength > limitBytes) {
    throw new ProtocolError(`block has ${bytes.byteLength} bytes, at most ${limitBytes} are read`, {
      code: 'ERR_PROTOCOL_TOO_LARGE',
      sizeBytes: bytes.byteLength,
      limitBytes,
    })
  }
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch (cause) {
    throw new ProtocolError('not DAG-CBOR', { code: 'ERR_PROTOCOL_CODEC' }, { cause })
  }
  if (!equalBytes(dagCbor.encode(value), bytes)) {
    throw new ProtocolError('DAG-CBOR is not in canonical form', { code: 'ERR_PROTOCOL_CODEC' })
  }
  return value
}

/**
 * A value checked against its schema.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SCHEMA with the path of the first wrong field.
 */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, kind: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const place = issue?.path.join('.') ?? ''
  throw new ProtocolError(`${kind}: ${place === '' ? '' : `${place}: `}${issue?.message ?? 'wrong shape'}`, {
    code: 'ERR_PROTOCOL_SCHEMA',
    place,
  })
}

/** CID (v1, DAG-CBOR, sha2-256) of an encoded block. */
export function cidOfBlock(bytes: Uint8Array): CID {
  return cidOfDigest(sha256(bytes), DAG_CBOR_CODE)
}

/** CIDv1 with a sha2-256 digest. */
export function cidOfDigest(digest: Uint8Array, codec: number): CID {
  return CID.createV1(codec, createDigest(SHA2_256_CODE, digest))
}

/**
 * The 32-byte sha2-256 digest of a CID.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SCHEMA when the CID uses another hash.
 */
export function digestOf(cid: CID): Uint8Array {
  if (cid.multihash.code !== SHA2_256_CODE || cid.multihash.digest.byteLength !== 32) {
    throw new ProtocolError(`cid ${cid.toString()} has no sha2-256 digest`, {
      code: 'ERR_PROTOCOL_SCHEMA',
      place: 'cid',
    })
  }
  return cid.multihash.digest
}
