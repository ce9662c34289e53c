import { parseCivilDate, parseDecimal, rationalOfDecimal, ValueError } from '#protocol'
import type { Decimal, Rational } from '#protocol'
import { Refusal, rejection, review } from '../refusal.ts'
import type { Days, EndDate, Printed, PrintedPeriod } from './model.ts'

/** Days outside these are slips of the pen. */
const FIRST_DAY = parseCivilDate('1990-01-01')
const LAST_DAY = parseCivilDate('2100-01-01')
/** Longest period of one bill: ten years and a bit. */
const MAX_PERIOD_DAYS = 3_660

/** A number as printed: its value, and how many digits stand after the point. */
export type Figure = { readonly value: Decimal; readonly places: number; readonly printed: Printed }

/**
 * Plain decimal number as EN 16931 writes one: ASCII digits, a point, a minus. XML Schema lets digits be left out on one
 * side of the point, and files do.
 *
 * @throws {Refusal} ERR_BILL_NUMBER for exponents, plus signs, separators, blanks inside and digits of other scripts.
 */
export function parseFigure(printed: Printed): Figure {
  try {
    const text = printed.text.replace(/^(-?[0-9]+)\.$/, '$1').replace(/^(-?)\.(?=[0-9])/, '$10.')
    const value = parseDecimal(text)
    const point = text.indexOf('.')
    return { value, places: point < 0 ? 0 : text.length - point - 1, printed }
  } catch (thrown) {
    if (!(thrown instanceof ValueError)) throw thrown
    throw rejection('ERR_BILL_NUMBER', thrown.message, printed.place)
  }
}

/** The number, or `undefined` where it is not a plain one: for lines on which no fact depends. */
export function findFigure(printed: Printed | undefined): Figure | undefined {
  try {
    return printed === undefined ? undefined : parseFigure(printed)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return undefined
  }
}

/** Half a unit of the last printed digit. */
export function halfUnitOf(figure: Figure): Rational {
  return rationalOfDecimal({ u: 5n, e: -figure.places - 1 })
}

/**
 * Day number of a date. XML Schema allows a time zone after a date; the civil day is what a bill means.
 *
 * @throws {Refusal} ERR_BILL_DATE when it is malformed or outside 1990 to 2100.
 */
export function parseDay(printed: Printed): number {
  const text = printed.text.replace(/(?:Z|[+-]\d{2}:\d{2})$/, '')
  try {
    const day = parseCivilDate(text)
    if (day >= FIRST_DAY && day < LAST_DAY) return day
    throw rejection('ERR_BILL_DATE', `date ${text} is outside 1990 to 2100`, printed.place)
  } catch (thrown) {
    if (!(thrown instanceof ValueError)) throw thrown
    throw rejection('ERR_BILL_DATE', thrown.message, printed.place)
  }
}

/**
 * Half-open days of a printed period.
 *
 * @throws {Refusal} ERR_BILL_DATE, ERR_BILL_PERIOD.
 */
export function daysOf(period: PrintedPeriod, end: EndDate): Days {
  const start = parseDay(period.start)
  const last = parseDay(period.end)
  const days = { start, end: end.isInclusive ? last + 1 : last }
  if (days.end <= days.start) {
    const message = `period from ${period.start.text} to ${period.end.text} is empty or runs backwards`
    throw review('ERR_BILL_PERIOD', message, period.end.place)
  }
  if (days.end - days.start > MAX_PERIOD_DAYS) {
    throw rejection('ERR_BILL_PERIOD', 'period is longer than ten years', period.end.place)
  }
  return days
}
