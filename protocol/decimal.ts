import { ValueError } from './value-error.ts'

/**
 * Exact decimal number u x 10^e.
 *
 * Normalised: `u` has no trailing decimal zero, and zero is `{u: 0n, e: 0}`; equal numbers are equal field by field.
 */
export type Decimal = { readonly u: bigint; readonly e: number }

/** Longest text that is read as a number: more than any meter prints, and too short to make arithmetic slow. */
export const MAX_DECIMAL_CHARS = 64

const PLAIN_DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** Normalised decimal u x 10^e; `e` is a small integer (|e| below a thousand). */
export function makeDecimal(u: bigint, e: number): Decimal {
  if (u === 0n) return { u: 0n, e: 0 }
  let digits = u
  // `-text.length` of an empty text is -0, which is another value to a codec and to deep equality.
  let exponent = e === 0 ? 0 : e
  while (digits % 10n === 0n) {
    digits /= 10n
    exponent += 1
  }
  return { u: digits, e: exponent }
}

/**
 * Decimal of a plain text: optional minus, ASCII digits, optional point with digits on both sides.
 *
 * @throws {ValueError} ERR_VALUE_DECIMAL for anything else: exponent, plus sign, blanks, separators, over 64 characters.
 */
export function parseDecimal(text: string): Decimal {
  const match = text.length <= MAX_DECIMAL_CHARS ? PLAIN_DECIMAL.exec(text) : null
  if (match === null) {
    const found = text.slice(0, MAX_DECIMAL_CHARS)
    throw new ValueError(`not a plain decimal number: ${JSON.stringify(found)}`, { code: 'ERR_VALUE_DECIMAL', found })
  }
  const [, sign = '', whole = '', fraction = ''] = match
  const magnitude = BigInt(whole + fraction)
  return makeDecimal(sign === '-' ? -magnitude : magnitude, -fraction.length)
}

/** Plain text of a decimal: no exponent, no trailing zeros after the point; {@link parseDecimal} reads it back. */
export function formatDecimal(value: Decimal): string {
  const sign = value.u < 0n ? '-' : ''
  const digits = (value.u < 0n ? -value.u : value.u).toString()
  if (value.e >= 0) return sign + digits + '0'.repeat(value.e)
  const padded = digits.padStart(1 - value.e, '0')
  return `${sign}${padded.slice(0, value.e)}.${padded.slice(value.e)}`
}

/** Exact sum. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const e = Math.min(a.e, b.e)
  return makeDecimal(unitsAt(a, e) + unitsAt(b, e), e)
}

/** Value x 10^power, exactly. */
export function scaleDecimal(value: Decimal, power: number): Decimal {
  return makeDecimal(value.u, value.e + power)
}

/** Negative, 0 or positive as `a` is below, equal to or above `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const e = Math.min(a.e, b.e)
  const left = unitsAt(a, e)
  const right = unitsAt(b, e)
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** The value counted in units of 10^e; `e` is at most `value.e`. */
function unitsAt(value: Decimal, e: number): bigint {
  return value.u * 10n ** BigInt(value.e - e)
}
