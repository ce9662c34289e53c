import { rejection } from '../refusal.ts'
import { placeOf } from './frame.ts'

/** Codes that all ranges of one character map may cover: two bytes have 65,536, and maps repeat some. */
const MAX_CODES = 4 * 65_536
/** A range in a character map (Adobe Technical Note 5014): first and last code, in hex. */
const RANGE = /<([\dA-Fa-f\s]{1,64})>\s*<([\dA-Fa-f\s]{1,64})>/g
const RANGE_WORDS = /begin(?:bf|cid|notdef)range/

/**
 * Checks that a character map does not count up to millions: a range costs as much as it says.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE.
 */
export function checkCharacterMap(unpacked: Uint8Array, place: number): void {
  const buffer = Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength)
  if (buffer.indexOf('range', 0, 'latin1') < 0) return
  const text = buffer.toString('latin1')
  if (!RANGE_WORDS.test(text)) return
  // The other spelling of codes, `(..)`, is allowed by no specification and understood by pdf.js.
  const body = text.slice(text.search(RANGE_WORDS))
  if (body.includes('(')) throw rejection('ERR_BILL_CONTAINER', 'character map has codes as text', placeOf(place))
  let codes = 0n
  for (const [, first = '', last = ''] of body.matchAll(RANGE)) {
    const size = codeOf(last) - codeOf(first) + 1n
    if (size > 0n) codes += size
    if (codes > BigInt(MAX_CODES)) {
      throw rejection('ERR_BILL_TOO_LARGE', 'character map has more codes than any font', placeOf(place))
    }
  }
}

function codeOf(hex: string): bigint {
  return BigInt(`0x${hex.replaceAll(/\s/g, '') || '0'}`)
}
