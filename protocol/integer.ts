import { ValueError } from './value-error.ts'

/** Digits that every safe integer has room for: 10^15 is below 2^53. */
const PLAIN_INTEGER = /^-?\d{1,15}$/

/**
 * Integer of a plain text: optional minus and at most 15 ASCII digits, so that no digit is lost.
 *
 * `Number` would take `''` for 0, `0x10` for 16, `1e3` for 1000, and `0.1` for something near it.
 *
 * @throws {ValueError} ERR_VALUE_INTEGER for anything else: point, exponent, plus sign, blanks, separators.
 */
export function parseInteger(text: string): number {
  if (!PLAIN_INTEGER.test(text)) throw notAnInteger(text.slice(0, 32))
  // `-0` is another value to a codec and to deep equality.
  return Number(text) + 0
}

/**
 * A big integer as a number.
 *
 * @throws {ValueError} ERR_VALUE_INTEGER beyond 2^53 - 1, where numbers have gaps.
 */
export function numberOfBigint(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw notAnInteger(value.toString().slice(0, 32))
  return number
}

/**
 * Largest integer not above `dividend / divisor`, exactly; -1 by 2 gives -1.
 *
 * No fraction comes up on the way: the rest is taken off first, and the quotient of what remains is an integer.
 *
 * @throws {ValueError} ERR_VALUE_INTEGER when one of the two is no safe integer, ERR_VALUE_DIVISION by zero.
 */
export function divideFloor(dividend: number, divisor: number): number {
  if (!Number.isSafeInteger(dividend) || !Number.isSafeInteger(divisor)) {
    throw notAnInteger(`${dividend} / ${divisor}`)
  }
  if (divisor === 0) throw new ValueError('division by zero', { code: 'ERR_VALUE_DIVISION' })
  const rest = dividend % divisor
  const isBelow = rest !== 0 && rest < 0 !== divisor < 0
  return (dividend - rest) / divisor - (isBelow ? 1 : 0) + 0
}

function notAnInteger(found: string): ValueError {
  return new ValueError(`not a plain integer: ${JSON.stringify(found)}`, { code: 'ERR_VALUE_INTEGER', found })
}
