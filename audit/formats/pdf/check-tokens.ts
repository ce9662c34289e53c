import { rejection } from '../refusal.ts'
import { placeOf } from './frame.ts'

const [OPEN_ARRAY, CLOSE_ARRAY, LESS, GREATER] = [0x5b, 0x5d, 0x3c, 0x3e] as const
/**
 * Arrays and dictionaries inside each other. Bytes of fonts and pictures are counted as if they were text, which makes
 * some hundreds; a parser that calls itself ends at about 5,000, and where exactly depends on the machine.
 */
const MAX_DEPTH = 2_000

/**
 * Checks that no parser has to go deeper than every machine can.
 *
 * @throws {Refusal} ERR_BILL_DEPTH.
 */
export function checkTokens(bytes: Uint8Array, place: number): void {
  let depth = 0
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const byte = bytes[at]
    if (byte === OPEN_ARRAY || byte === LESS) {
      depth += 1
      if (depth > 2 * MAX_DEPTH) throw rejection('ERR_BILL_DEPTH', 'objects are nested too deep', placeOf(place + at))
    } else if ((byte === CLOSE_ARRAY || byte === GREATER) && depth > 0) depth -= 1
  }
}
