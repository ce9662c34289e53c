import { divideFloor, formatCivilDate, parseInteger } from '#protocol'
import type { Service } from '#protocol'
import { formatInstant } from '../instants.ts'
import type { LocalTime, UsagePoint } from './document.ts'

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

/** The clocks of a file: by their own links, and the one that all of them agree on. */
export type Clocks = { readonly byLink: ReadonlyMap<string, LocalOffset | undefined>; readonly all: LocalOffset }

/** The clocks of a file; under one link only what all that are there agree on. */
export function indexClocks(localTimes: readonly LocalTime[]): Clocks {
  const byLink = new Map<string, LocalOffset | undefined>()
  for (const one of localTimes) {
    const { self } = one.links
    if (self === undefined) continue
    const offset = offsetOf([one])
    byLink.set(self, !byLink.has(self) || byLink.get(self)?.seconds === offset?.seconds ? offset : undefined)
  }
  return { byLink, all: offsetOf(localTimes) ?? { seconds: 0, flags: ['days-in-utc'] } }
}

/**
 * Standard offset of a metering point: that of the clock which the point links to, else that of all clocks of the file,
 * if it states one that can be an offset, and only one.
 *
 * Daylight-saving rules are not read: real files have epochs and truncated masks in those fields.
 */
export function localOffsetOf({ byLink, all }: Clocks, point?: UsagePoint): LocalOffset {
  const linked = (point?.links.related ?? []).map((link) => byLink.get(link)).filter((offset) => offset !== undefined)
  const [first] = linked
  return first !== undefined && linked.every(({ seconds }) => seconds === first.seconds) ? first : all
}

function offsetOf(localTimes: readonly LocalTime[]): LocalOffset | undefined {
  const distinct = [...new Set(localTimes.map(({ tzOffset }) => tzOffset).filter((text) => text !== undefined))]
  const [only = ''] = distinct
  const seconds = distinct.length === 1 && /^-?\d{1,5}$/.test(only) ? parseInteger(only) : undefined
  return seconds === undefined || Math.abs(seconds) > MAX_OFFSET_S ? undefined : { seconds, flags: [] }
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
  const isWhole = isNearMidnight(startS, offset) && isNearMidnight(endS, offset)
  const isKnown = offset.flags.length === 0
  return {
    service: {
      start: formatCivilDate(first),
      end: formatCivilDate(end > start ? end : first + 1),
      startUtc: formatInstant(startS),
      endUtc: formatInstant(endS),
      basis: 'epoch',
    },
    flags: [
      ...offset.flags,
      ...(end > start && (isWhole || !isKnown) ? [] : ['not-whole-days']),
      ...(looksLikeLocalEpochs(startS, endS, offset) ? ['epochs-maybe-local'] : []),
    ],
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
  if (offset.flags.length > 0 || !isNearMidnight(instantS, offset)) return false
  const midnight = nearestMidnight(localS)
  const monthAndDay = formatCivilDate(midnight).slice(5)
  const isWinter = monthAndDay >= NORTHERN_WINTER[0] || monthAndDay <= NORTHERN_WINTER[1]
  const lateS = localS - midnight * DAY_S
  return lateS < OTHER_CLOCK_S && (lateS > -OTHER_CLOCK_S || !isWinter)
}

function nearestMidnight(localS: number): number {
  return divideFloor(localS + HALF_DAY_S, DAY_S)
}

/** True if an instant is a local midnight, a clock change or an hour's mistake in the offset apart. */
export function isNearMidnight(instantS: number, offset: LocalOffset): boolean {
  const localS = instantS + offset.seconds
  return Math.abs(localS - nearestMidnight(localS) * DAY_S) <= CLOCK_CHANGE_S
}

/**
 * True if a period looks like local time that was written as UTC: its bounds are midnights in UTC and none by the file's
 * own offset. Real exports do so; the instants stay as the file gives them, and the doubt is flagged.
 */
function looksLikeLocalEpochs(startS: number, endS: number, offset: LocalOffset): boolean {
  if (offset.flags.length > 0 || offset.seconds === 0) return false
  const isMidnightUtc = startS % DAY_S === 0 && endS % DAY_S === 0
  return isMidnightUtc && !isNearMidnight(startS, offset) && !isNearMidnight(endS, offset)
}
