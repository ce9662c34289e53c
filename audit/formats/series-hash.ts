import { sha256 } from '@noble/hashes/sha2.js'
import { makeDecimal, utf8 } from '#protocol'

/** One reading as its hash sees it: `value` x 10^`e`, in Wh for energy, else in the unit of the facts. */
export type HashedReading = {
  /** Epoch seconds. */
  readonly start: number
  readonly durationS: number
  readonly value: bigint
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
    const normal = makeDecimal(value, e)
    lines.push(`${start},${durationS},${normal.u},${normal.e},${quality}\n`)
    if (lines.length < LINES_PER_BLOCK) continue
    hasher.update(utf8(lines.join('')))
    lines = []
  }
  hasher.update(utf8(lines.join('')))
  return hasher.digest()
}
