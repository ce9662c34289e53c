import { parseInteger } from '#protocol'
import type { FilePlace } from '#protocol'
import { rejection } from '../refusal.ts'

/** Instants outside these days are placeholders or mistakes (1990-01-01, 2100-01-01), in epoch seconds. */
const FIRST_EPOCH_S = 631_152_000
const LAST_EPOCH_S = 4_102_444_800

/** ESPI Int48: 2^47. */
const MAX_INT48 = 140_737_488_355_328
/** Digits that are read at most, leading zeros among them. */
const MAX_DIGITS = 16

/** Longest interval or billing period: ten years and a bit. */
export const MAX_PERIOD_S = 3_660 * 86_400

/**
 * Integer of an ESPI value: digits with an optional minus, at most 48 bits; XML blanks around it are not part of it.
 *
 * Reads digit by digit, without a text or pattern on the way: a file has 300,000 of them.
 *
 * @throws {Refusal} ERR_BILL_NUMBER for fractions, exponents, signs and anything else.
 */
export function parseInt48(text: string | undefined, what: string, place: FilePlace): number {
  const value = text === undefined ? undefined : integerOf(text)
  if (value !== undefined) return value
  throw rejection('ERR_BILL_NUMBER', `${what} is not a whole number of 48 bits: ${quote(text)}`, place)
}

function integerOf(text: string): number | undefined {
  let [at, end] = [0, text.length]
  while (at < end && isBlank(text.charCodeAt(at))) at += 1
  while (end > at && isBlank(text.charCodeAt(end - 1))) end -= 1
  const isNegative = text.charCodeAt(at) === 0x2d
  if (isNegative) at += 1
  if (end <= at || end - at > MAX_DIGITS) return undefined
  let value = 0
  for (; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
    // Stops before a number could lose a digit: 2^47 is far below 2^53.
    if (value > MAX_INT48) return undefined
  }
  if (value === MAX_INT48 && !isNegative) return undefined
  return isNegative && value !== 0 ? -value : value
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/**
 * Instant in epoch seconds.
 *
 * @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_DATE when it is outside 1990 to 2100.
 */
export function parseEpoch(text: string | undefined, place: FilePlace): number {
  const seconds = parseInt48(text, 'start', place)
  if (seconds >= FIRST_EPOCH_S && seconds < LAST_EPOCH_S) return seconds
  throw rejection('ERR_BILL_DATE', `start ${seconds} is outside 1990 to 2100`, place)
}

/**
 * Length of an interval in seconds; zero is allowed (an hour that a clock change removes).
 *
 * @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_PERIOD.
 */
export function parseDuration(text: string | undefined, place: FilePlace): number {
  const seconds = parseInt48(text, 'duration', place)
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

/** Exact sum of integers of 48 bits: numbers while they are exact, and a big integer beyond. */
export class IntegerSum {
  #large = 0n
  #small = 0

  add(value: number): void {
    this.#small += value
    // 2^52: with another 48 bits on top a number is still exact.
    if (Math.abs(this.#small) >= 4_503_599_627_370_496) {
      this.#large += BigInt(this.#small)
      this.#small = 0
    }
  }

  get total(): bigint {
    return this.#large + BigInt(this.#small)
  }
}

/** A value from the file as a message shows it. */
export function quote(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text.slice(0, 40))
}
