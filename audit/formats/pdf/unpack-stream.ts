import { inflateSync } from 'node:zlib'
import { isPdfSpace } from '../../origin/pdf-objects.ts'
import { rejection, review } from '../refusal.ts'
import { placeOf } from './frame.ts'

/** Ways of packing that are checked before pdf.js unpacks them; the short names are those of inline images. */
export const FLATE_NAMES: ReadonlySet<string> = new Set(['FlateDecode', 'Fl'])
export const HEX_NAMES: ReadonlySet<string> = new Set(['ASCIIHexDecode', 'AHx'])
export const BASE85_NAMES: ReadonlySet<string> = new Set(['ASCII85Decode', 'A85'])

const TILDE = 0x7e
const GREATER = 0x3e
const ZERO_GROUP = 0x7a
/** `!` to `u`. */
const [FIRST_DIGIT, LAST_DIGIT] = [0x21, 0x75] as const

/**
 * Unpacked bytes of a zlib stream (RFC 1950) at the beginning of `packed`; what follows it is not looked at, so that a
 * wrong `Length` changes nothing.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE over `mostBytes`, ERR_BILL_CONTAINER when it is damaged.
 */
export function inflateBounded(packed: Uint8Array, mostBytes: number, offset: number): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, mostBytes) })
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    if ('code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE') {
      throw rejection('ERR_BILL_TOO_LARGE', 'streams of the PDF unpack beyond the limit', placeOf(offset))
    }
    throw rejection('ERR_BILL_CONTAINER', 'stream cannot be unpacked', placeOf(offset))
  }
}

/** Bytes of a hex stream (ISO 32000-1 section 7.4.2) up to its end mark. */
export function decodeHexStream(text: Uint8Array): Uint8Array {
  const end = text.indexOf(GREATER)
  const digits = Buffer.from(end < 0 ? text : text.subarray(0, end))
    .toString('latin1')
    .replaceAll(/[^0-9A-Fa-f]/g, '')
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex')
}

/**
 * Bytes of a base-85 stream (ISO 32000-1 section 7.4.3) up to its end mark; at most four for each character.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) for bytes that are no digits.
 */
export function decodeBase85Stream(text: Uint8Array, offset: number): Uint8Array {
  const end = text.indexOf(TILDE)
  const digits = end < 0 ? text : text.subarray(0, end)
  const found = new Uint8Array(4 * digits.byteLength)
  let length = 0
  let group: number[] = []
  for (const byte of digits) {
    if (byte === ZERO_GROUP && group.length === 0) length += 4
    if (isPdfSpace(byte)) continue
    // Readers differ in what such bytes are, and so in all that follows.
    if (byte < FIRST_DIGIT || byte > LAST_DIGIT) {
      throw review('ERR_BILL_CONTAINER', 'stream in text form has bytes that are no digits', placeOf(offset))
    }
    group.push(byte - FIRST_DIGIT)
    if (group.length < 5) continue
    found.set(bytesOfGroup(group), length)
    length += 4
    group = []
  }
  if (group.length > 1) {
    const padded = [...group, 84, 84, 84, 84].slice(0, 5)
    found.set(bytesOfGroup(padded).slice(0, group.length - 1), length)
    length += group.length - 1
  }
  return found.subarray(0, length)
}

function bytesOfGroup(group: readonly number[]): readonly number[] {
  let value = 0
  for (const digit of group) value = value * 85 + digit
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
