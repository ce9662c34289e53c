import { addRationals, makeRational } from '#protocol'
import type { Rational } from '#protocol'

/** The number zero. */
export const ZERO: Rational = makeRational(0n)

/** Exact sum. */
export function sumOf(values: readonly Rational[]): Rational {
  const [first, ...others] = values
  return first === undefined ? ZERO : others.reduce(addRationals, first)
}
