import { sha256 } from '@noble/hashes/sha2.js'
import { divideFloor, makeDecimal, utf8 } from '#protocol'

/** One reading as its hash sees it: `value` x 10^`e` in the unit of the facts. */
export type HashedReading = {
  /** Epoch seconds. */
  readonly start: number
  readonly durationS: number
  /** A number only where it is a safe integer. */
  readonly value: bigint | number
  readonly e: number
  /** As the format writes qualities; several are joined by `+`. */
  readonly quality: string
}

/** Lines hashed at once: enough to keep the hash busy, too few to fill memory. */
const LINES_PER_BLOCK = 4_096

/**
 * SHA-256 over a line `start,duration,u,e,quality\n` for each reading, in the order given (ascending by start); the
 * decimal u x 10^e is normalised, so that 1.50 and 1.5 are one line.
 */
export function hashSeries(readings: Iterable<HashedReading>): Uint8Array {
  const hasher = sha256.create()
  let lines: string[] = []
  for (const { start, durationS, value, e, quality } of readings) {
    lines.push(`${start},${durationS},${normalText(value, e)},${quality}\n`)
    if (lines.length < LINES_PER_BLOCK) continue
    hasher.update(utf8(lines.join('')))
    lines = []
  }
  hasher.update(utf8(lines.join('')))
  return hasher.digest()
}

/** `u,e` of a normalised decimal; the same text for a number and for the big integer equal to it. */
function normalText(value: bigint | number, e: number): string {
  if (typeof value === 'bigint') {
    const { u, e: exponent } = makeDecimal(value, e)
    return `${u},${exponent}`
  }
  if (value === 0) return '0,0'
  let [digits, exponent] = [value, e]
  while (digits % 10 === 0) {
    digits = divideFloor(digits, 10)
    exponent += 1
  }
  return `${digits},${exponent}`
}
