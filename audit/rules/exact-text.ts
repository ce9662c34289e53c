import { decimalOfRational, formatDecimal, formatRational } from '#protocol'
import type { Rational } from '#protocol'

/** Exact decimal text, or `p/q` where the decimal expansion does not end. */
export function formatExact(value: Rational): string {
  const decimal = decimalOfRational(value)
  return decimal === undefined ? formatRational(value) : formatDecimal(decimal)
}
