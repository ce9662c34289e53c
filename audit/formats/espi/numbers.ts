import { numberOfBigint, parseInteger } from '#protocol'
import type { FilePlace } from '#protocol'
import { rejection } from '../refusal.ts'

/** Instants outside these days are placeholders or mistakes (1990-01-01, 2100-01-01), in epoch seconds. */
const FIRST_EPOCH_S = 631_152_000
const LAST_EPOCH_S = 4_102_444_800

/** ESPI Int48. */
const MAX_INT48 = 2n ** 47n

/** Longest interval or billing period: ten years and a bit. */
export const MAX_PERIOD_S = 3_660 * 86_400

/**
 * Integer of an ESPI value: digits with an optional minus, at most 48 bits.
 *
 * @throws {Refusal} ERR_BILL_NUMBER for fractions, exponents, signs and anything else.
 */
export function parseInt48(text: string | undefined, what: string, place: FilePlace): bigint {
  if (text !== undefined && /^-?\d{1,16}$/.test(text)) {
    const value = BigInt(text)
    if (value < MAX_INT48 && value >= -MAX_INT48) return value
  }
  throw rejection('ERR_BILL_NUMBER', `${what} is not a whole number of 48 bits: ${quote(text)}`, place)
}

/**
 * Instant in epoch seconds.
 *
 * @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_DATE when it is outside 1990 to 2100.
 */
export function parseEpoch(text: string | undefined, place: FilePlace): number {
  const seconds = numberOfBigint(parseInt48(text, 'start', place))
  if (seconds >= FIRST_EPOCH_S && seconds < LAST_EPOCH_S) return seconds
  throw rejection('ERR_BILL_DATE', `start ${seconds} is outside 1990 to 2100`, place)
}

/**
 * Length of an interval in seconds; zero is allowed (an hour that a clock change removes).
 *
 * @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_PERIOD.
 */
export function parseDuration(text: string | undefined, place: FilePlace): number {
  const seconds = numberOfBigint(parseInt48(text, 'duration', place))
  if (seconds >= 0 && seconds <= MAX_PERIOD_S) return seconds
  throw rejection('ERR_BILL_PERIOD', `duration of ${seconds} s is not one of a bill`, place)
}

/**
 * Power of ten; real files use values that the schema's enumeration lacks (-5, -8), so any of -18 to 18 is one.
 *
 * @throws {Refusal} ERR_BILL_NUMBER, also when it is missing: assuming 0 could be wrong a thousandfold.
 */
export function parsePowerOfTen(text: string | undefined, place: FilePlace): number {
  if (text !== undefined && /^-?\d{1,2}$/.test(text)) {
    const power = parseInteger(text)
    if (power >= -18 && power <= 18) return power
  }
  throw rejection('ERR_BILL_NUMBER', `powerOfTenMultiplier is not a whole number from -18 to 18: ${quote(text)}`, place)
}

/** A value from the file as a message shows it. */
export function quote(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text.slice(0, 40))
}
