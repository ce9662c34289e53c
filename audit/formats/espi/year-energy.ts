import {
  addRationals,
  countDaysByYear,
  formatRational,
  isEnergy,
  makeRational,
  multiplyRationals,
  parseCivilDate,
  spanOfYear,
  toWh,
} from '#protocol'
import type { Rational, Readings, Service } from '#protocol'
import { amountOf } from './amounts.ts'
import { isStandardClock, startOfDay } from './civil-days.ts'
import type { LocalOffset } from './civil-days.ts'
import type { Reading } from './document.ts'
import type { ReadingSum, SeriesUnit } from './readings.ts'

/** Energy by calendar year, and what was noticed. */
export type YearEnergy = { readonly whByYear?: NonNullable<Readings['whByYear']>; readonly flags: readonly string[] }

/** A calendar year in epoch seconds, half-open, with what was found in it: whole readings, and shares of divided ones. */
type Year = { readonly year: number; readonly startS: number; readonly endS: number; whole: bigint; shares: Rational }

/**
 * Energy of a series in each calendar year of its service period, exact; nothing when the period lies in one year.
 *
 * A year begins at midnight of the file's standard offset, if the bounds of the period bear that offset out; else the
 * split is left out and flagged `readings-not-by-year`, and the rules go by days: hours in the wrong year would be worse,
 * since they look exact. So it is for files without a usable offset, for those that give local time as UTC beside an
 * offset (real ones do), and for southern summers, where daylight saving time holds at New Year.
 *
 * The readings are in order of time and without repetitions, so the split depends on neither.
 */
export function splitByYear(sum: ReadingSum, unit: SeriesUnit, service: Service, offset: LocalOffset): YearEnergy {
  const one = amountOf(1n, unit.power, unit.unit)
  // A volume has no energy without a calorific value, which is not in the file.
  if (!isEnergy(one)) return { flags: [] }
  const days = { start: parseCivilDate(service.start), end: parseCivilDate(service.end) }
  const years = countDaysByYear(days).map(({ year }) => yearOf(year, offset))
  if (years.length === 1) return { flags: [] }
  const isInYears = sum.start >= (years[0]?.startS ?? 0) && sum.end <= (years.at(-1)?.endS ?? 0)
  const isClockKnown = [sum.start, sum.end].every((instant) => isStandardClock(instant, offset))
  if (!isClockKnown || !isInYears) return { flags: ['readings-not-by-year'] }
  addReadings(years, sum.ordered)
  const scale = toWh(one)
  const whByYear = years.map(({ year, whole, shares }) => ({
    year,
    wh: formatRational(multiplyRationals(addRationals(makeRational(whole), shares), scale)),
  }))
  return { whByYear, flags: [] }
}

function yearOf(year: number, offset: LocalOffset): Year {
  const { start, end } = spanOfYear(year)
  const [startS, endS] = [startOfDay(start, offset), startOfDay(end, offset)]
  return { year, startS, endS, whole: 0n, shares: makeRational(0n) }
}

/** Adds readings in order of time; the last year takes what begins at the very end (a reading of no length). */
function addReadings(years: readonly Year[], ordered: readonly Reading[]): void {
  let at = 0
  for (const reading of ordered) {
    while (at < years.length - 1 && reading.start >= (years[at]?.endS ?? reading.start)) at += 1
    const year = years[at]
    if (year !== undefined && reading.start + reading.durationS <= year.endS) year.whole += BigInt(reading.value)
    else divideReading(years.slice(at), reading)
  }
}

/** Divides a reading that crosses midnight of New Year's Eve, by its seconds. */
function divideReading(years: readonly Year[], { start, durationS, value }: Reading): void {
  let from = start
  for (const year of years) {
    const to = Math.min(start + durationS, year.endS)
    year.shares = addRationals(year.shares, makeRational(BigInt(value) * BigInt(to - from), BigInt(durationS)))
    from = to
  }
}
