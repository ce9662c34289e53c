import { z } from 'zod'
import { toHex, utf8 } from './bytes.ts'
import { parseShape } from './codec.ts'
import { sha256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { proofShape } from './proof-shape.ts'
import type { Proof } from './proof-shape.ts'
import { ProtocolError } from './protocol-error.ts'

/*
 * Bytes of a proof file: UTF-8 of the JSON Canonicalization Scheme (RFC 8785: members sorted by name, no white space)
 * and one line feed.
 *
 *   {"anchor":{…},"batch":{…},"bill":{…},"certificate":{…},"checksum":"0x…","claim":{…},"kind":"kwitness-proof",…,"v":1}\n
 *
 * `checksum` is the SHA-256 of the canonical form of the same object without that member and without the line feed. It
 * proves nothing about who wrote the file; it makes every accident visible, also in the fields that nobody signed.
 */

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sortMembers(member)]))
}

function areMembersSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (!Array.isArray(value)) {
    const names = Object.keys(value)
    if (!names.every((name, i) => i === 0 || (names[i - 1] ?? name) < name)) return false
  }
  return Object.values(value).every(areMembersSorted)
}

/** Canonical bytes of a proof file, with its checksum. */
export function encodeProof(proof: Proof): Uint8Array {
  const body = z.encode(proofShape, proof)
  const checksum = toHex(sha256(utf8(JSON.stringify(sortMembers(body)))))
  return utf8(`${JSON.stringify(sortMembers({ ...body, checksum }))}\n`)
}

function notCanonical(cause?: unknown): ProtocolError {
  return new ProtocolError('proof file is not canonical JSON', { code: 'ERR_PROTOCOL_CODEC' }, { cause })
}

/** The JSON object that is written in `bytes`, if they are its canonical form. */
function parseCanonicalObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  let isCanonical: boolean
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
    isCanonical = `${JSON.stringify(value)}\n` === text && areMembersSorted(value)
  } catch (cause) {
    // Not UTF-8, not JSON, or nested deeper than the stack.
    throw notCanonical(cause)
  }
  if (!isCanonical || typeof value !== 'object' || value === null || Array.isArray(value)) throw notCanonical()
  return { ...value }
}

/**
 * A proof from a file of unknown origin: size, form, checksum and shape are checked, and nothing of what it says.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC when it is not canonical JSON,
 * ERR_PROTOCOL_MISMATCH (place `checksum`) when it was altered, ERR_PROTOCOL_SCHEMA.
 */
export function decodeProof(bytes: Uint8Array): Proof {
  if (bytes.byteLength > LIMITS.proofBytes) {
    throw new ProtocolError(`proof file has ${bytes.byteLength} bytes, at most ${LIMITS.proofBytes} are read`, {
      code: 'ERR_PROTOCOL_TOO_LARGE',
      sizeBytes: bytes.byteLength,
      limitBytes: LIMITS.proofBytes,
    })
  }
  const { checksum, ...body } = parseCanonicalObject(bytes)
  const actual = sha256(utf8(JSON.stringify(body)))
  if (typeof checksum !== 'string' || checksum !== toHex(actual)) {
    throw new ProtocolError('proof file was altered: its checksum differs', {
      code: 'ERR_PROTOCOL_MISMATCH',
      place: 'checksum',
    })
  }
  return parseShape<Proof>(proofShape, body, 'proof file')
}
