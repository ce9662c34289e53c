import { divideFloor, formatCivilDate, parseInteger } from '#protocol'
import type { Service } from '#protocol'

const DAY_S = 86_400
const HALF_DAY_S = 43_200
/** Boundaries farther from a local midnight than one clock change are inside a day. */
const CLOCK_CHANGE_S = 3_600
/** A bound this far from midnight shows another clock; less is an interval too many (real files have a quarter hour). */
const OTHER_CLOCK_S = 1_800
/**
 * No northern clock is on daylight saving time from the first day to the second, month and day: it ends on the first
 * Sunday of November at the latest (US) and begins on the second Sunday of March at the earliest.
 */
const NORTHERN_WINTER = ['11-08', '03-07'] as const
/** Largest offset in use on Earth (UTC+14). */
const MAX_OFFSET_S = 14 * 3_600

/** Offset from UTC to label days with, and a flag when the file gives none that can be used. */
export type LocalOffset = { readonly seconds: number; readonly flags: readonly string[] }

/**
 * Standard offset of a file, if it states one that can be an offset, and only one.
 *
 * Daylight-saving rules are not read: real files have epochs and truncated masks in those fields.
 */
export function localOffsetOf(tzOffsets: readonly string[]): LocalOffset {
  const distinct = [...new Set(tzOffsets)]
  const [only = ''] = distinct
  const seconds = distinct.length === 1 && /^-?\d{1,5}$/.test(only) ? parseInteger(only) : undefined
  if (seconds === undefined || Math.abs(seconds) > MAX_OFFSET_S) return { seconds: 0, flags: ['days-in-utc'] }
  return { seconds, flags: [] }
}

/**
 * Service period of two instants: each goes to the nearest local midnight.
 *
 * One instant always gives one date, as start and as end, so that bills which follow each other never share a day; and
 * the hour of daylight saving time, or an hour's mistake in the file's offset, does not move the date. A period shorter
 * than a day takes the day in which it starts.
 */
export function labelService(startS: number, endS: number, offset: LocalOffset): { service: Service; flags: string[] } {
  const start = nearestMidnight(startS + offset.seconds)
  const end = nearestMidnight(endS + offset.seconds)
  const first = end > start ? start : divideFloor(startS + offset.seconds, DAY_S)
  const isWhole = isNearMidnight(startS + offset.seconds) && isNearMidnight(endS + offset.seconds)
  const isKnown = offset.flags.length === 0
  return {
    service: {
      start: formatCivilDate(first),
      end: formatCivilDate(end > start ? end : first + 1),
      startUtc: formatInstant(startS),
      endUtc: formatInstant(endS),
      basis: 'epoch',
    },
    flags: [...offset.flags, ...(end > start && (isWhole || !isKnown) ? [] : ['not-whole-days'])],
  }
}

/** Instant in epoch seconds at which a day begins by the standard offset. */
export function startOfDay(day: number, offset: LocalOffset): number {
  return day * DAY_S - offset.seconds
}

/**
 * True if a bound of a service period agrees with a clock that keeps the file's offset as its standard time, and keeps
 * it at New Year: the bound is a local midnight, outside of northern winter perhaps one of daylight saving time (23:00).
 *
 * 23:00 in December is midnight on a southern clock, or the offset is wrong. A period with both bounds outside of that
 * winter, so of more than four months, can hide a southern clock: an hour may then be in the wrong year.
 */
export function isStandardClock(instantS: number, offset: LocalOffset): boolean {
  const localS = instantS + offset.seconds
  if (offset.flags.length > 0 || !isNearMidnight(localS)) return false
  const midnight = nearestMidnight(localS)
  const monthAndDay = formatCivilDate(midnight).slice(5)
  const isWinter = monthAndDay >= NORTHERN_WINTER[0] || monthAndDay <= NORTHERN_WINTER[1]
  const lateS = localS - midnight * DAY_S
  return lateS < OTHER_CLOCK_S && (lateS > -OTHER_CLOCK_S || !isWinter)
}

function nearestMidnight(localS: number): number {
  return divideFloor(localS + HALF_DAY_S, DAY_S)
}

function isNearMidnight(localS: number): boolean {
  return Math.abs(localS - nearestMidnight(localS) * DAY_S) <= CLOCK_CHANGE_S
}

/** ISO 8601 instant of epoch seconds: `2019-01-01T08:00:00Z`. */
function formatInstant(epochS: number): string {
  const day = divideFloor(epochS, DAY_S)
  const rest = epochS - day * DAY_S
  const clock = [divideFloor(rest, 3_600), divideFloor(rest, 60) % 60, rest % 60]
  return `${formatCivilDate(day)}T${clock.map((part) => String(part).padStart(2, '0')).join(':')}Z`
}
