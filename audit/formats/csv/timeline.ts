import { divideFloor, formatCivilDate } from '#protocol'
import { rejection, review } from '../refusal.ts'
import type { RowsTime, TimeShape } from './profile.ts'
import type { CsvReading } from './readings.ts'
import type { Zone } from './zones.ts'

const DAY_S = 86_400

/** A reading at its instant. */
export type PlacedReading = {
  /** Epoch seconds. */
  readonly start: number
  readonly reading: CsvReading
}

/** Readings of a series in order of time, without gaps. */
export type Timeline = {
  readonly placed: readonly PlacedReading[]
  readonly start: number
  readonly end: number
  readonly duplicates: number
  readonly flags: readonly string[]
}

/**
 * Puts readings on the time line: each follows the one before without a gap, so that a local day has as many as it has
 * intervals (23, 24 or 25 hours of them).
 *
 * @throws {Refusal} ERR_BILL_DATE, ERR_BILL_GAP, ERR_BILL_READINGS_CONFLICT, ERR_BILL_UNSTATED.
 */
export function makeTimeline(readings: readonly CsvReading[], time: TimeShape, zone: Zone): Timeline {
  const flags = new Set<string>()
  for (const { wallS, durationS, line } of readings) {
    if (timeOfDay(wallS) % durationS !== 0) {
      throw rejection('ERR_BILL_DATE', `interval does not begin at a multiple of ${durationS} s`, { line, column: 1 })
    }
    if (!zone.isKnown(divideFloor(wallS, DAY_S))) {
      throw review('ERR_BILL_DATE', `time changes of ${zone.name} are not known for this year`, { line, column: 1 })
    }
  }
  const placed = time.kind === 'rows' ? placeRows(readings, time, zone) : placeDays(readings, zone)
  if (placed.length === 0) {
    throw rejection('ERR_BILL_NO_CONSUMPTION', 'series has no value', { line: readings[0]?.line ?? 1, column: 1 })
  }
  checkEnds(placed, time, zone, flags)
  const { ordered, duplicates, isRevised } = dropRepetitions(placed)
  if (duplicates > 0) flags.add('duplicates-dropped')
  if (isRevised) flags.add('revisions-superseded')
  checkGaps(ordered, zone)
  const [first] = ordered
  const last = ordered.at(-1)
  if (first === undefined || last === undefined) throw new TypeError('a series has at least one reading')
  const end = last.start + last.reading.durationS
  if (time.kind === 'rows' && time.isWholeDays === true) {
    if (!isMidnight(first.start, zone)) throw partDay(first, zone)
    if (!isMidnight(end, zone)) throw partDay(last, zone)
  }
  return { placed: ordered, start: first.start, end, duplicates, flags: [...flags] }
}

function placeRows(readings: readonly CsvReading[], time: RowsTime, zone: Zone): PlacedReading[] {
  const placed: PlacedReading[] = []
  const repeated = new Map<number, CsvReading[]>()
  for (const reading of time.order === 'descending' ? readings.toReversed() : readings) {
    const { wallS, offsetS, line } = reading
    const offsets = offsetS === undefined ? zone.offsetsOf(wallS) : [offsetS]
    const [only] = offsets
    if (only === undefined) {
      if (reading.isBlank) continue
      throw rejection('ERR_BILL_DATE', 'this hour does not exist: clocks were put forward', { line, column: 1 })
    }
    if (reading.isBlank) throw review('ERR_BILL_GAP', 'there is no value', { line, column: 1 })
    if (offsets.length === 1) placed.push({ start: wallS - only, reading })
    else {
      const day = divideFloor(wallS, DAY_S)
      const hour = repeated.get(day)
      if (hour === undefined) repeated.set(day, [reading])
      else hour.push(reading)
    }
  }
  for (const hour of repeated.values()) placed.push(...placeRepeatedHour(hour, zone))
  return placed
}

/** The hour that autumn repeats: the file lists it twice, pass by pass, and nothing else tells them apart. */
function placeRepeatedHour(readings: readonly CsvReading[], zone: Zone): PlacedReading[] {
  const walls = readings.map(({ wallS }) => wallS)
  const place = { line: readings[0]?.line ?? 1, column: 1 }
  if (new Set(walls).size === walls.length) {
    throw review(
      'ERR_BILL_GAP',
      'the hour that is repeated in autumn stands once: one of two is missing, or both are one',
      place,
    )
  }
  const second = walls.findIndex((wall, index) => index > 0 && wall <= (walls[index - 1] ?? 0))
  const passes = [readings.slice(0, second), readings.slice(second)] as const
  const isTwice =
    passes[0].length === passes[1].length && passes[0].every(({ wallS }, index) => passes[1][index]?.wallS === wallS)
  if (!isTwice) {
    const message =
      'the hour that is repeated in autumn does not stand twice in its order: which pass is which, is not told'
    throw review('ERR_BILL_READINGS_CONFLICT', message, place)
  }
  return passes.flatMap((pass, index) =>
    pass.map((reading) => {
      const offsetS = zone.offsetsOf(reading.wallS)[index] ?? 0
      return { start: reading.wallS - offsetS, reading }
    }),
  )
}

/** A table with a fixed number of columns a day says nothing of the days that have 23 or 25 hours. */
function placeDays(readings: readonly CsvReading[], zone: Zone): PlacedReading[] {
  return readings.map((reading) => {
    const midnight = divideFloor(reading.wallS, DAY_S) * DAY_S
    const [offsetS = 0] = zone.offsetsOf(midnight)
    if (zone.offsetsOf(midnight + DAY_S)[0] !== offsetS) {
      const message = 'clocks change on this day, and its columns do not say where'
      throw review('ERR_BILL_UNSTATED', message, { line: reading.line, column: 1 })
    }
    return { start: reading.wallS - offsetS, reading }
  })
}

/** Ends must be where the interval ends: on the clock that it began with, or on the one of its end. */
function checkEnds(placed: readonly PlacedReading[], time: TimeShape, zone: Zone, flags: Set<string>): void {
  if (time.kind !== 'rows' || time.end === undefined) return
  let misprints = 0
  for (const { start, reading } of placed) {
    const { wallS, durationS, endWallS, isEndDated, offsetS, line } = reading
    if (endWallS === undefined) continue
    const end = start + durationS
    const expected = [wallS + durationS, end + (offsetS ?? zone.offsetAt(end))]
    if (expected.some((wall) => (isEndDated ? wall === endWallS : timeOfDay(wall) === timeOfDay(endWallS)))) continue
    const place = { line, column: 1, path: time.end.columns[0] ?? '' }
    const isMisprint = time.end.mayMisprintDate === true && timeOfDay(expected[0] ?? 0) === timeOfDay(endWallS)
    misprints += 1
    if (!isMisprint || misprints > 1) {
      throw rejection('ERR_BILL_PERIOD', `interval does not end ${durationS} s after it begins`, place)
    }
    flags.add('end-date-misprinted')
  }
}

function dropRepetitions(placed: readonly PlacedReading[]): {
  ordered: PlacedReading[]
  duplicates: number
  isRevised: boolean
} {
  const sorted = placed.toSorted((a, b) => a.start - b.start || a.reading.revision - b.reading.revision)
  const ordered: PlacedReading[] = []
  let duplicates = 0
  let isRevised = false
  for (const one of sorted) {
    const previous = ordered.at(-1)
    if (previous === undefined || previous.start !== one.start) {
      ordered.push(one)
      continue
    }
    const [a, b] = [previous.reading, one.reading]
    if (a.u === b.u && a.e === b.e && a.quality === b.quality) duplicates += 1
    else if (a.revision === b.revision) {
      throw review('ERR_BILL_READINGS_CONFLICT', 'one interval has two different values', { line: b.line, column: 1 })
    } else {
      isRevised = true
      ordered[ordered.length - 1] = one
    }
  }
  return { ordered, duplicates, isRevised }
}

function checkGaps(ordered: readonly PlacedReading[], zone: Zone): void {
  ordered.forEach((one, index) => {
    const previous = ordered[index - 1]
    if (previous === undefined) return
    const end = previous.start + previous.reading.durationS
    if (end === one.start) return
    if (end > one.start) throw review('ERR_BILL_READINGS_CONFLICT', 'intervals overlap', placeOf(one))
    const day = divideFloor(end + zone.offsetAt(end), DAY_S)
    const found = ordered.filter(({ start }) => divideFloor(start + zone.offsetAt(start), DAY_S) === day).length
    const needed = divideFloor(dayLength(day, zone), previous.reading.durationS)
    const message = `${formatCivilDate(day)} has ${found} of ${needed} readings: time is missing before this one`
    throw review('ERR_BILL_GAP', message, placeOf(one))
  })
}

/** Seconds of a local day: 23, 24 or 25 hours. */
function dayLength(day: number, zone: Zone): number {
  return midnightOf(day + 1, zone) - midnightOf(day, zone)
}

function midnightOf(day: number, zone: Zone): number {
  const wall = day * DAY_S
  return wall - (zone.offsetsOf(wall)[0] ?? 0)
}

function isMidnight(epochS: number, zone: Zone): boolean {
  return timeOfDay(epochS + zone.offsetAt(epochS)) === 0
}

function partDay(one: PlacedReading, zone: Zone): Error {
  const day = formatCivilDate(divideFloor(one.start + zone.offsetAt(one.start), DAY_S))
  return review('ERR_BILL_GAP', `${day} is not whole: files of this layout have whole days`, placeOf(one))
}

function placeOf({ reading }: PlacedReading): { line: number; column: number } {
  return { line: reading.line, column: 1 }
}

function timeOfDay(wallS: number): number {
  return wallS - divideFloor(wallS, DAY_S) * DAY_S
}
