import { divideFloor, parseCivilDate, yearOfDay } from '#protocol'

const HOUR_S = 3_600
const DAY_S = 86_400

/** When clocks change: instants of one year, in epoch seconds. */
type Change = (year: number, standardS: number) => { readonly start: number; readonly end: number }

type ZoneRule = {
  readonly standardS: number
  readonly change: Change
  readonly firstYear: number
  readonly lastYear: number
}

/**
 * European Union and United Kingdom: from the last Sunday of March to the last of October, at 01:00 UTC (Directive
 * 2000/84/EC; Summer Time Order 2002; the same dates since 1996 by the directives before).
 */
const EUROPE: Change = (year) => ({
  start: lastSunday(year, 3) * DAY_S + HOUR_S,
  end: lastSunday(year, 10) * DAY_S + HOUR_S,
})

/**
 * United States and most of Canada: from the second Sunday of March to the first of November, at 02:00 of the local
 * time then valid (Energy Policy Act of 2005, 15 USC 260a, since 2007).
 */
const NORTH_AMERICA: Change = (year, standardS) => ({
  start: (firstSunday(year, 3) + 7) * DAY_S + 2 * HOUR_S - standardS,
  end: firstSunday(year, 11) * DAY_S + 2 * HOUR_S - standardS - HOUR_S,
})

/**
 * Years are bounded: rules before them were others, and a rule that a parliament will change is not used beyond the
 * years for which it is certain enough; a later version of this table extends them.
 */
const EUROPEAN_YEARS = { firstYear: 1996, lastYear: 2030 } as const
const AMERICAN_YEARS = { firstYear: 2007, lastYear: 2030 } as const

const ZONES = {
  'Europe/Brussels': { standardS: HOUR_S, change: EUROPE, ...EUROPEAN_YEARS },
  'Europe/London': { standardS: 0, change: EUROPE, ...EUROPEAN_YEARS },
  'Europe/Rome': { standardS: HOUR_S, change: EUROPE, ...EUROPEAN_YEARS },
  'Europe/Vienna': { standardS: HOUR_S, change: EUROPE, ...EUROPEAN_YEARS },
  'America/New_York': { standardS: -5 * HOUR_S, change: NORTH_AMERICA, ...AMERICAN_YEARS },
  'America/Chicago': { standardS: -6 * HOUR_S, change: NORTH_AMERICA, ...AMERICAN_YEARS },
  'America/Denver': { standardS: -7 * HOUR_S, change: NORTH_AMERICA, ...AMERICAN_YEARS },
  'America/Los_Angeles': { standardS: -8 * HOUR_S, change: NORTH_AMERICA, ...AMERICAN_YEARS },
} as const satisfies Readonly<Record<string, ZoneRule>>

/** Zones of profiles, by their names in the IANA time zone database, whose data are not used. */
export type ZoneName = keyof typeof ZONES
/** All of them. */
export const ZONE_NAMES = Object.keys(ZONES) as readonly ZoneName[]

/** One zone; remembers the changes of years that were asked for. */
export class Zone {
  readonly name: ZoneName
  readonly #rule: ZoneRule
  readonly #changes = new Map<number, { readonly start: number; readonly end: number }>()

  constructor(name: ZoneName) {
    this.name = name
    this.#rule = ZONES[name]
  }

  /** True if the rule is known for the day and for those around it. */
  isKnown(day: number): boolean {
    const { firstYear, lastYear } = this.#rule
    return yearOfDay(day - 1) >= firstYear && yearOfDay(day + 1) <= lastYear
  }

  /** Seconds that local time is ahead of UTC at an instant, in epoch seconds. */
  offsetAt(epochS: number): number {
    const { standardS, change } = this.#rule
    const year = yearOfDay(divideFloor(epochS + standardS, DAY_S))
    const known = this.#changes.get(year) ?? change(year, standardS)
    this.#changes.set(year, known)
    return epochS >= known.start && epochS < known.end ? standardS + HOUR_S : standardS
  }

  /**
   * Offsets with which a reading of the clock is an instant: none in the hour that spring leaves out, two in the hour
   * that autumn repeats, the earlier instant first.
   */
  offsetsOf(wallS: number): number[] {
    const { standardS } = this.#rule
    return [standardS + HOUR_S, standardS].filter((offset) => this.offsetAt(wallS - offset) === offset)
  }
}

function lastSunday(year: number, month: 3 | 10): number {
  const last = dayOf(year, month, 31)
  return last - weekdayOf(last)
}

function firstSunday(year: number, month: 3 | 11): number {
  const first = dayOf(year, month, 1)
  return first + ((7 - weekdayOf(first)) % 7)
}

/** 0 is Sunday; 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

function dayOf(year: number, month: number, dayOfMonth: number): number {
  return parseCivilDate(`${year}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`)
}
