import { divideFloor } from '#protocol'
import { rejection } from './refusal.ts'

const LINE_FEED = 0x0a

/**
 * Text of UTF-8 bytes, without a byte order mark.
 *
 * @throws {Refusal} ERR_BILL_ENCODING with line and column of the first wrong byte.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0)
  if (nul >= 0) {
    throw rejection('ERR_BILL_ENCODING', 'file contains a NUL byte; only UTF-8 text is read', placeOfByte(bytes, nul))
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw rejection('ERR_BILL_ENCODING', 'file is not UTF-8', placeOfByte(bytes, findMalformedByte(bytes)))
  }
}

/** Line and column (bytes) of an offset, from 1. */
function placeOfByte(bytes: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && at < offset; at = bytes.indexOf(LINE_FEED, at + 1)) {
    line += 1
    lineStart = at + 1
  }
  return { line, column: offset - lineStart + 1 }
}

/** Offset of the first byte that no UTF-8 text can have there; found by halving, since decoders do not tell. */
function findMalformedByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.byteLength]
  while (bad - good > 1) {
    const middle = divideFloor(good + bad, 2)
    if (isDecodable(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  return good
}

/** True if the bytes begin a UTF-8 text; a last character may be cut. */
function isDecodable(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
