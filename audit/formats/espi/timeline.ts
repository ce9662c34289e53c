import { divideFloor, formatCivilDate } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review } from '../refusal.ts'
import { isNearMidnight } from './civil-days.ts'
import type { LocalOffset } from './civil-days.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'
import { MAX_PERIOD_S } from './numbers.ts'

/** A gap or overlap of one clock change between two readings is an artefact of local time, not of energy. */
const CLOCK_CHANGE_S = 3_600
const DAY_S = 86_400
/** Days from a Sunday to 1970-01-01, a Thursday. */
const SUNDAY_SHIFT = 4
/**
 * Months in which clocks are set forward by an hour: March and April in the north, September and October in the south.
 * All countries whose utilities write Green Button do so on a Sunday.
 */
const FORWARD_MONTHS: ReadonlySet<string> = new Set(['03', '04', '09', '10'])
/** The shortest day: readings of a day or more are cut at local midnights, whatever length they state. */
const SHORT_DAY_S = 82_800
/** A year has two clock changes. */
const CHANGES_PER_YEAR = 2
const YEAR_S = 366 * 86_400
/** Some meters count intervals up to their last second: 00:00:00 for 899 s. */
const LAST_SECOND_S = 1

/** Readings without a hole between them, by ascending start. */
export type Run = {
  readonly start: number
  readonly end: number
  readonly readings: readonly Reading[]
  readonly gaps: number
  readonly flags: readonly string[]
}

/** A series in order of time. */
export type Timeline = { readonly runs: readonly Run[]; readonly duplicates: number }

/**
 * Orders readings, drops identical repetitions, and cuts the series where whole days are missing: the bills of the days
 * before and after are true by themselves, and nothing is said of the days between.
 *
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT for two values of one interval and for overlaps, ERR_BILL_GAP for time that
 * is missing inside of days, ERR_BILL_PERIOD for a series without length or of more than ten years.
 */
export function orderReadings(readings: readonly Reading[], offset: LocalOffset): Timeline {
  const { ordered, duplicates } = dropDuplicates(sortByTime(readings))
  const first = ordered[0]
  let end = first?.start ?? 0
  for (const { start, durationS } of ordered) end = Math.max(end, start + durationS)
  if (first === undefined || end <= first.start || end - first.start > MAX_PERIOD_S) {
    const place = first === undefined ? undefined : placeOfReading(first)
    throw rejection('ERR_BILL_PERIOD', 'readings span no time, or more than ten years', place)
  }
  const years = divideFloor(end - first.start, YEAR_S) + 1
  const runs = cutRuns(ordered, offset, years * CHANGES_PER_YEAR)
  if (runs.length > EXTRACTION_LIMITS.bills) {
    throw review('ERR_BILL_GAP', `whole days are missing ${runs.length - 1} times`, placeOfReading(first))
  }
  return { runs, duplicates }
}

/** Files are nearly always in order: one look saves the sorting. */
function sortByTime(readings: readonly Reading[]): readonly Reading[] {
  for (let at = 1; at < readings.length; at += 1) {
    const [a, b] = [readings[at - 1], readings[at]]
    if (a !== undefined && b !== undefined && compareTimes(a, b) > 0) return readings.toSorted(compareTimes)
  }
  return readings
}

function compareTimes(a: Reading, b: Reading): number {
  return a.start - b.start || a.durationS - b.durationS
}

function dropDuplicates(sorted: readonly Reading[]): { ordered: readonly Reading[]; duplicates: number } {
  const ordered: Reading[] = []
  let previous: Reading | undefined
  for (const reading of sorted) {
    if (previous === undefined || previous.start !== reading.start || previous.durationS !== reading.durationS) {
      ordered.push(reading)
      previous = reading
    } else if (previous.value !== reading.value) {
      const message = 'one interval has two different readings'
      throw review('ERR_BILL_READINGS_CONFLICT', message, placeOfReading(reading))
    } else if (previous.quality !== reading.quality) {
      previous = { ...previous, quality: joinQualities(previous.quality, reading.quality) }
      ordered[ordered.length - 1] = previous
    }
  }
  return { ordered, duplicates: sorted.length - ordered.length }
}

/** One value under two qualities keeps both, in one order whichever came first. */
function joinQualities(a: string, b: string): string {
  const codes = new Set([...a.split('+'), ...b.split('+')].filter((code) => code !== ''))
  return [...codes].sort(orderTexts).join('+')
}

/** A run while it grows. */
class OpenRun {
  readonly #readings: Reading[] = []
  readonly #flags = new Set<string>()
  #start = 0
  #end = 0
  #gaps = 0
  #changes = 0

  get end(): number {
    return this.#end
  }

  get last(): Reading | undefined {
    return this.#readings.at(-1)
  }

  add(reading: Reading): void {
    if (this.#readings.length === 0) this.#start = reading.start
    this.#readings.push(reading)
    this.#end = Math.max(this.#end, reading.start + reading.durationS)
  }

  /** Notes a difference between two readings that is one of clocks; false when there are more than clocks can make. */
  note(flag: string, isGap: boolean, limit: number): boolean {
    if (isGap) this.#gaps += 1
    if (flag === '') return true
    this.#changes += 1
    this.#flags.add(flag)
    return this.#changes <= limit
  }

  close(): Run {
    const { last } = this
    return {
      start: this.#start,
      end: last === undefined ? this.#end : Math.max(this.#end, last.start + last.durationS),
      readings: this.#readings,
      gaps: this.#gaps,
      flags: [...this.#flags],
    }
  }
}

function cutRuns(ordered: readonly Reading[], offset: LocalOffset, changeLimit: number): Run[] {
  const runs: Run[] = []
  let run = new OpenRun()
  for (const reading of ordered) {
    const { last, end } = run
    if (last !== undefined && reading.start !== end) {
      const isJoined =
        reading.start > end
          ? noteGap({ run, last, reading, offset }, changeLimit)
          : noteOverlap(run, last, reading, changeLimit)
      if (!isJoined) {
        if (!isWholeDays(end, reading.start, offset)) {
          const message = `${reading.start - end} s without a reading before this one`
          throw review('ERR_BILL_GAP', message, placeOfReading(reading))
        }
        runs.push(run.close())
        run = new OpenRun()
      }
    }
    run.add(reading)
  }
  runs.push(run.close())
  return runs
}

/** Where the file's clock is not known, nobody can say that the missing time is of whole days. */
function isWholeDays(from: number, to: number, offset: LocalOffset): boolean {
  return (
    to - from >= SHORT_DAY_S && offset.flags.length === 0 && isNearMidnight(from, offset) && isNearMidnight(to, offset)
  )
}

type Gap = { readonly run: OpenRun; readonly last: Reading; readonly reading: Reading; readonly offset: LocalOffset }

/**
 * An hour between days may be one of clocks whenever it is: their bounds are local. Between shorter readings time is missing,
 * and with it energy, unless the file has local time as UTC and the hour is the one that clocks skip.
 */
function noteGap({ run, last, reading, offset }: Gap, limit: number): boolean {
  const gapS = reading.start - run.end
  if (gapS <= LAST_SECOND_S) return run.note('', true, limit)
  const isOfDays = last.durationS >= SHORT_DAY_S && reading.durationS >= SHORT_DAY_S
  const isOfClocks = isOfDays ? gapS <= CLOCK_CHANGE_S : gapS === CLOCK_CHANGE_S && isSkippedHour(run.end, offset)
  return isOfClocks && run.note('clock-change-gap', true, limit)
}

/** True if an hour may be skipped by clocks, as UTC or by the file's offset: which of both a file means is in doubt. */
function isSkippedHour(instantS: number, offset: LocalOffset): boolean {
  return [0, offset.seconds].some((seconds) => {
    const day = divideFloor(instantS + seconds, DAY_S)
    const isSunday = (day + SUNDAY_SHIFT) % 7 === 0
    return isSunday && FORWARD_MONTHS.has(formatCivilDate(day).slice(5, 7))
  })
}

/** An overlap can be one of clocks only between readings of a day or more. */
function noteOverlap(run: OpenRun, last: Reading, reading: Reading, limit: number): boolean {
  const isOfDays = last.durationS >= SHORT_DAY_S && reading.durationS >= SHORT_DAY_S
  if (isOfDays && run.end - reading.start <= CLOCK_CHANGE_S && run.note('clock-change-overlap', false, limit))
    return true
  throw review('ERR_BILL_READINGS_CONFLICT', 'readings overlap', placeOfReading(reading))
}
