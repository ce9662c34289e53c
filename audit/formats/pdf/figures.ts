import { addDecimals, compareDecimals, makeDecimal, parseDecimal } from '#protocol'
import type { Decimal } from '#protocol'
import { refuseFact } from './find-pattern.ts'
import type { TextLine } from './page-lines.ts'

/**
 * Figure with a decimal comma, points between thousands and a minus behind: `1.178,50-`.
 *
 * @throws {Refusal} ERR_BILL_TEMPLATE (review) when thousands are not where they belong.
 */
export function parseCommaFigure(text: string, what: string, line: TextLine): Decimal {
  const [, whole = '', fraction = '', minus = ''] = /^(\d{1,3}(?:\.\d{3})+|\d{1,12})(,\d{1,10})?(-?)$/.exec(text) ?? []
  if (whole === '') throw refuseFact(what, 'is no figure of this print', line)
  return parseDecimal(`${minus}${whole.replaceAll('.', '')}${fraction.replace(',', '.')}`)
}

/** Sum, exactly. */
export function sumOf(figures: readonly Decimal[]): Decimal {
  return figures.reduce(addDecimals, makeDecimal(0n, 0))
}

/** True if two figures are the same amount. */
export function isSame(a: Decimal, b: Decimal): boolean {
  return compareDecimals(a, b) === 0
}
