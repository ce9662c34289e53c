import { decimalOfRational, formatDecimal, makeDecimal, makeRational, roundHalfEven } from '#protocol'
import type { Rational } from '#protocol'

/** True if a fraction has a decimal expansion that ends. */
export function isDecimal(value: Rational): boolean {
  return decimalOfRational(value) !== undefined
}

/** Decimal text rounded half to even, for reading only: what is computed with is always exact. */
export function roundedText(value: Rational, places: number): string {
  const scaled = makeRational(value.n * 10n ** BigInt(places), value.d)
  return formatDecimal(makeDecimal(roundHalfEven(scaled), -places))
}
