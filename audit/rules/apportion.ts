import { countDaysByYear, makeRational, parseCivilDate, spanOfYear, ValueError } from '#protocol'
import type { DaySpan, Derivation, Rational, YearDays } from '#protocol'
import { sumOf } from './sum.ts'

/** When energy was used: civil days `YYYY-MM-DD`, half-open, or a whole calendar year. */
export type When = { readonly service: { readonly start: string; readonly end: string } } | { readonly year: number }

/** How much of the energy readings show in one calendar year; only the proportions count. Never negative. */
export type ReadingWeight = { readonly year: number; readonly weight: Rational }

/** Share of an amount in one year of a period. */
export type YearShare = YearDays & { readonly amount: Rational }

/** Longest period, a hundred years: each year is a part of the result, and a hostile bill may claim ten thousand. */
const MAX_PERIOD_DAYS = 36_525

/**
 * Civil days of a period.
 *
 * @throws {ValueError} ERR_VALUE_DATE, or ERR_VALUE_PERIOD when it is longer than a hundred years.
 */
export function spanOf(when: When): DaySpan {
  if ('year' in when) return spanOfYear(when.year)
  const span = { start: parseCivilDate(when.service.start), end: parseCivilDate(when.service.end) }
  if (span.end - span.start > MAX_PERIOD_DAYS) {
    throw new ValueError('period is longer than a hundred years', { code: 'ERR_VALUE_PERIOD', ...span })
  }
  return span
}

/**
 * Calendar years that a period touches, ascending.
 *
 * @throws {ValueError} ERR_VALUE_DATE, ERR_VALUE_PERIOD.
 */
export function listCalendarYears(when: When): number[] {
  return countDaysByYear(spanOf(when)).map(({ year }) => year)
}

/**
 * Spreads an amount over the years of a period: by readings, if they are of exactly these years and not all zero, else
 * by civil days.
 *
 * @param years not empty.
 * @param readings left out where the years do not begin in January.
 */
export function apportion(
  amount: Rational,
  years: readonly YearDays[],
  readings: readonly ReadingWeight[] = [],
): { readonly shares: readonly YearShare[]; readonly apportioned: Derivation['apportioned'] } {
  const [only] = years
  if (only !== undefined && years.length === 1) return { shares: [{ ...only, amount }], apportioned: 'one-year' }
  const measured = findWeights(years, readings)
  const weights = measured ?? years.map(({ days }) => ({ n: BigInt(days), d: 1n }))
  const total = sumOf(weights)
  const shares = years.map((year, index) => {
    const { n, d } = weights[index] ?? { n: 0n, d: 1n }
    return { ...year, amount: makeRational(amount.n * n * total.d, amount.d * d * total.n) }
  })
  return { shares, apportioned: measured === undefined ? 'days' : 'readings' }
}

/** Weights in the order of `years`; `undefined` when they are of other years, repeat one, or are all zero. */
function findWeights(years: readonly YearDays[], readings: readonly ReadingWeight[]): Rational[] | undefined {
  if (readings.length !== years.length) return undefined
  const byYear = new Map(readings.map(({ year, weight }) => [year, weight]))
  const weights = years.map(({ year }) => byYear.get(year)).filter((weight) => weight !== undefined)
  return weights.length === years.length && weights.some(({ n }) => n !== 0n) ? weights : undefined
}
