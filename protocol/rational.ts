import { makeDecimal } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import { ValueError } from './value-error.ts'

/** Exact fraction n/d in lowest terms; `d` is positive, zero is 0/1. */
export type Rational = { readonly n: bigint; readonly d: bigint }

/**
 * Reduced fraction.
 *
 * @throws {ValueError} ERR_VALUE_DIVISION when `d` is zero.
 */
export function makeRational(n: bigint, d: bigint = 1n): Rational {
  if (d === 0n) throw new ValueError('fraction with denominator zero', { code: 'ERR_VALUE_DIVISION' })
  const common = findCommonDivisor(n < 0n ? -n : n, d < 0n ? -d : d)
  const sign = d < 0n ? -1n : 1n
  return { n: (sign * n) / common, d: (sign * d) / common }
}

/** Exact fraction of a decimal. */
export function rationalOfDecimal(value: Decimal): Rational {
  return value.e >= 0 ? makeRational(value.u * 10n ** BigInt(value.e)) : makeRational(value.u, 10n ** BigInt(-value.e))
}

/** The fraction as a decimal, or `undefined` when its decimal expansion does not end (1/3). */
export function decimalOfRational(value: Rational): Decimal | undefined {
  let rest = value.d
  let twos = 0
  let fives = 0
  for (; rest % 2n === 0n; twos += 1) rest /= 2n
  for (; rest % 5n === 0n; fives += 1) rest /= 5n
  if (rest !== 1n) return undefined
  const places = Math.max(twos, fives)
  return makeDecimal((value.n * 10n ** BigInt(places)) / value.d, -places)
}

/** Exact sum. */
export function addRationals(a: Rational, b: Rational): Rational {
  return makeRational(a.n * b.d + b.n * a.d, a.d * b.d)
}

/** Exact difference. */
export function subtractRationals(a: Rational, b: Rational): Rational {
  return makeRational(a.n * b.d - b.n * a.d, a.d * b.d)
}

/** Exact product. */
export function multiplyRationals(a: Rational, b: Rational): Rational {
  return makeRational(a.n * b.n, a.d * b.d)
}

/**
 * Exact quotient.
 *
 * @throws {ValueError} ERR_VALUE_DIVISION when `b` is zero.
 */
export function divideRationals(a: Rational, b: Rational): Rational {
  return makeRational(a.n * b.d, a.d * b.n)
}

/** Negative, 0 or positive as `a` is below, equal to or above `b`. */
export function compareRationals(a: Rational, b: Rational): number {
  const left = a.n * b.d
  const right = b.n * a.d
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** Nearest integer; a half goes to the even neighbour (IEEE 754 roundTiesToEven), for negative values as well. */
export function roundHalfEven(value: Rational): bigint {
  const truncated = value.n / value.d
  const floor = value.n < 0n && truncated * value.d !== value.n ? truncated - 1n : truncated
  const twiceRest = 2n * (value.n - floor * value.d)
  if (twiceRest < value.d) return floor
  if (twiceRest > value.d) return floor + 1n
  return floor % 2n === 0n ? floor : floor + 1n
}

/** Text `p/q` in lowest terms, also for whole numbers (`5/1`). */
export function formatRational(value: Rational): string {
  return `${value.n}/${value.d}`
}

/**
 * Fraction of a text `p/q` as {@link formatRational} writes it.
 *
 * @throws {ValueError} ERR_VALUE_DECIMAL for any other text, ERR_VALUE_DIVISION for `p/0`.
 */
export function parseRational(text: string): Rational {
  const match = /^(-?\d{1,400})\/(\d{1,400})$/.exec(text)
  if (match === null) {
    const found = text.slice(0, 64)
    throw new ValueError(`not a fraction p/q: ${JSON.stringify(found)}`, { code: 'ERR_VALUE_DECIMAL', found })
  }
  return makeRational(BigInt(match[1] ?? ''), BigInt(match[2] ?? ''))
}

function findCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}
