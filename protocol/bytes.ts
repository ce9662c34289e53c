import { compare as compareBytes } from 'uint8arrays/compare'
import { equals } from 'uint8arrays/equals'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { ProtocolError } from './protocol-error.ts'

export { concat as concatBytes } from 'uint8arrays/concat'

/** 32 zero bytes: "none" in signed structures. */
export const ZERO_32: Uint8Array = new Uint8Array(32)

/** True if both arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return equals(a, b)
}

/** Bytewise order, for sorting. */
export function orderBytes(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, b)
}

/** Lower-case hex with `0x`, as Ethereum tools print bytes. */
export function toHex(bytes: Uint8Array): string {
  return `0x${toString(bytes, 'base16')}`
}

/**
 * Bytes from lower-case `0x` hex.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_HEX when the text is not strictly `0x` and an even number of lower-case digits,
 * or not `sizeBytes` long. Upper case is refused so that a text has one spelling only.
 */
export function fromHex(text: string, sizeBytes?: number): Uint8Array {
  if (!/^0x(?:[0-9a-f]{2})*$/.test(text) || (sizeBytes !== undefined && text.length !== 2 + 2 * sizeBytes)) {
    throw new ProtocolError(`not ${sizeBytes ?? 'whole'} bytes of lower-case 0x hex: ${text.slice(0, 80)}`, {
      code: 'ERR_PROTOCOL_HEX',
    })
  }
  const bytes = new Uint8Array(text.length / 2 - 1)
  for (let i = 0; i < bytes.byteLength; i += 1) bytes[i] = digitOf(text, 2 * i + 2) * 16 + digitOf(text, 2 * i + 3)
  return bytes
}

// Of a text that the pattern has passed: codes 48 to 57 are digits, 97 to 102 are a to f. Four times as fast as a general
// decoder, which counts in proofs.
function digitOf(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 97 ? code - 48 : code - 87
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return fromString(text, 'utf8')
}
