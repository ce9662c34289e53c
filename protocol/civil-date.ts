import { ValueError } from './value-error.ts'

/** Civil days from `start` up to, not including, `end`; both are day numbers since 1970-01-01 (day 0). */
export type DaySpan = { readonly start: number; readonly end: number }

/** Civil days of one year inside a span. */
export type YearDays = { readonly year: number; readonly days: number }

const DAYS_PER_400_YEARS = 146_097
/** Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar. */
const EPOCH_SHIFT_DAYS = 719_468
const FIRST_DAY = dayNumberOf(1, 1, 1)
const LAST_DAY = dayNumberOf(9999, 12, 31)

/**
 * Day number of a strict `YYYY-MM-DD` text; 1970-01-01 is 0.
 *
 * @throws {ValueError} ERR_VALUE_DATE when the text has another form or the date does not exist (2022-02-30).
 */
export function parseCivilDate(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match !== null) {
    const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
    if (year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)) {
      return dayNumberOf(year, month, day)
    }
  }
  const found = text.slice(0, 32)
  throw new ValueError(`not a date YYYY-MM-DD: ${JSON.stringify(found)}`, { code: 'ERR_VALUE_DATE', found })
}

/**
 * `YYYY-MM-DD` of a day number.
 *
 * @throws {ValueError} ERR_VALUE_DATE when the day lies outside the years 0001 to 9999.
 */
export function formatCivilDate(day: number): string {
  const { year, month, dayOfMonth } = splitDay(day)
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(dayOfMonth, 2)}`
}

/**
 * Calendar year of a day number.
 *
 * @throws {ValueError} ERR_VALUE_DATE when the day lies outside the years 0001 to 9999.
 */
export function yearOfDay(day: number): number {
  return splitDay(day).year
}

/** All days of a year that begins with the first day of `firstMonth` (1 to 12); 4 gives India's fiscal year. */
export function spanOfYear(year: number, firstMonth = 1): DaySpan {
  return { start: dayNumberOf(year, firstMonth, 1), end: dayNumberOf(year + 1, firstMonth, 1) }
}

/**
 * Days of the span in each year, years ascending; their sum is `end - start`.
 *
 * @param firstMonth month with which a year begins, 1 to 12; a year is named by the calendar year in which it begins.
 * @throws {ValueError} ERR_VALUE_PERIOD when the span is empty or runs backwards.
 */
export function countDaysByYear(span: DaySpan, firstMonth = 1): YearDays[] {
  if (span.end <= span.start) {
    throw new ValueError('period ends before it starts, or has no day', { code: 'ERR_VALUE_PERIOD', ...span })
  }
  const parts: YearDays[] = []
  const calendarYear = yearOfDay(span.start)
  const first = span.start < spanOfYear(calendarYear, firstMonth).start ? calendarYear - 1 : calendarYear
  for (let year = first; ; year += 1) {
    const whole = spanOfYear(year, firstMonth)
    const days = Math.min(span.end, whole.end) - Math.max(span.start, whole.start)
    if (days <= 0) return parts
    parts.push({ year, days })
  }
}

/** Integer arithmetic on years that begin in March, so that the leap day is a year's last (Howard Hinnant, days_from_civil). */
function dayNumberOf(year: number, month: number, dayOfMonth: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + dayOfMonth - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_400_YEARS + dayOfEra - EPOCH_SHIFT_DAYS
}

function splitDay(day: number): { year: number; month: number; dayOfMonth: number } {
  if (!Number.isInteger(day) || day < FIRST_DAY || day > LAST_DAY) {
    throw new ValueError(`day ${day} is outside the years 0001 to 9999`, { code: 'ERR_VALUE_DATE', found: String(day) })
  }
  const shifted = day + EPOCH_SHIFT_DAYS
  const era = Math.floor(shifted / DAYS_PER_400_YEARS)
  const dayOfEra = shifted - era * DAYS_PER_400_YEARS
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth }
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
