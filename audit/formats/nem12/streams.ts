import type { Decimal, FilePlace } from '#protocol'
import { addDecimals, compareDecimals, makeDecimal } from '#protocol'
import { MAX_READING_WH } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review } from '../refusal.ts'
import { hashSeries } from '../series-hash.ts'
import type { HashedReading } from '../series-hash.ts'
import { checkQuality } from './quality.ts'
import type { IntervalDay } from './records.ts'
import { unitOfEnergy } from './suffix.ts'
import type { StreamUnit } from './suffix.ts'

const DAY_S = 86_400

/** One data stream of energy: one day record a civil day, in order of time. */
export type EnergyStream = {
  readonly suffix: string
  readonly direction: 'import' | 'export'
  readonly unit: StreamUnit
  readonly days: readonly IntervalDay[]
  /** Day records that said the same again, counted in intervals. */
  readonly duplicates: number
  /** A later version of a day replaced an earlier one. */
  readonly isRevised: boolean
  readonly place: FilePlace
}

/**
 * A stream from all its day records, in whatever order they stand; the same day twice is told apart by
 * `UpdateDateTime`, and the later one counts.
 *
 * @throws {Refusal} ERR_BILL_UNIT, ERR_BILL_READINGS_CONFLICT, ERR_BILL_GAP, ERR_BILL_FORECAST, ERR_BILL_ABSURD.
 */
export function makeStream(
  suffix: string,
  direction: EnergyStream['direction'],
  records: readonly IntervalDay[],
): EnergyStream {
  const byDay = new Map<number, IntervalDay>()
  let duplicates = 0
  let isRevised = false
  for (const record of records.toSorted((a, b) => orderTexts(a.updated, b.updated))) {
    const known = byDay.get(record.day)
    if (known !== undefined) {
      checkOneRegister(known, record)
      if (isSame(known, record)) duplicates += intervalsOf(record)
      else isRevised = checkRevision(known, record)
    }
    byDay.set(record.day, record)
  }
  const days = [...byDay.values()].toSorted((a, b) => a.day - b.day)
  const [first] = days
  const stream = first?.stream
  if (stream === undefined) throw new TypeError('a stream has at least one day')
  const unit = unitOfEnergy(stream.uom, suffix, stream.place)
  days.forEach((day, index) => {
    const previous = days[index - 1]
    if (previous !== undefined && day.day !== previous.day + 1) {
      const message = `${day.day - previous.day - 1} days of stream ${suffix} are missing before this one`
      throw review('ERR_BILL_GAP', message, day.place)
    }
    checkDay(day, suffix, unit)
  })
  return { suffix, direction, unit, days, duplicates, isRevised, place: stream.place }
}

/** One suffix is one stream: where it names two registers or meters on one day, they may be two energies, or one twice. */
function checkOneRegister(known: IntervalDay, record: IntervalDay): void {
  const isOther = (a: string, b: string): boolean => a !== '' && b !== '' && a !== b
  const [a, b] = [known.stream, record.stream]
  if (!isOther(a.register, b.register) && !isOther(a.serial, b.serial)) return
  const message = `two registers or meters have records of stream ${b.suffix} for one day`
  throw review('ERR_BILL_READINGS_CONFLICT', message, record.place)
}

/** Two records of one day that differ; which is the later, only the file can say. */
function checkRevision(earlier: IntervalDay, later: IntervalDay): true {
  if (earlier.updated === '' || later.updated === '' || earlier.updated === later.updated) {
    const message = 'one day has two different records, and no update time tells which is the later'
    throw review('ERR_BILL_READINGS_CONFLICT', message, later.place)
  }
  if (earlier.stream.serial !== later.stream.serial) {
    const message = 'two meters have different records of one stream and day'
    throw review('ERR_BILL_READINGS_CONFLICT', message, later.place)
  }
  return true
}

function isSame(a: IntervalDay, b: IntervalDay): boolean {
  return (
    a.stream.intervalMinutes === b.stream.intervalMinutes &&
    a.stream.uom.toLowerCase() === b.stream.uom.toLowerCase() &&
    textOfRuns(a) === textOfRuns(b) &&
    isSameSeries(a, b, 0)
  )
}

/** True if two days have the same values, `powers` apart in their units. */
function isSameSeries(a: IntervalDay, b: IntervalDay, powers: number): boolean {
  return (
    a.values.length === b.values.length &&
    a.values.every((value, index) => {
      const other = b.values[index] ?? 0n
      if (a.e === b.e + powers) return value === other
      return compareDecimals(makeDecimal(value, a.e), makeDecimal(other, b.e + powers)) === 0
    })
  )
}

/** True if two streams have the same readings, and not only zeros. */
export function isRepetition(a: EnergyStream, b: EnergyStream): boolean {
  const total = sumStreams([a])
  return (
    total.u !== 0n &&
    compareDecimals(total, sumStreams([b])) === 0 &&
    a.days.length === b.days.length &&
    a.days.every((day, index) => {
      const other = b.days[index]
      return other?.day === day.day && isSameSeries(day, other, b.unit.power - a.unit.power)
    })
  )
}

function textOfRuns(day: IntervalDay): string {
  return day.qualities.map(({ first, last, quality }) => `${first}-${last}${quality}`).join()
}

function intervalsOf(day: IntervalDay): number {
  return day.qualities.at(-1)?.last ?? 0
}

function checkDay(day: IntervalDay, suffix: string, unit: StreamUnit): void {
  for (const { quality } of day.qualities) checkQuality(quality, day.place)
  const stream = unitOfEnergy(day.stream.uom, suffix, day.stream.place)
  if (stream.unit !== unit.unit) {
    throw review('ERR_BILL_UNIT', `stream ${suffix} is in ${unit.unit} and in ${stream.unit}`, day.stream.place)
  }
  const largest = day.values.reduce((most, value) => (value > most ? value : most), 0n)
  if (compareDecimals(makeDecimal(largest, day.e + unit.power), makeDecimal(MAX_READING_WH, 0)) > 0) {
    throw rejection('ERR_BILL_ABSURD', `a value of stream ${suffix} is beyond any customer`, day.place)
  }
}

/** Energy of streams in Wh, exactly; of the days that `takes` admits. */
export function sumStreams(streams: readonly EnergyStream[], takes: (day: number) => boolean = () => true): Decimal {
  const byPower = new Map<number, bigint>()
  for (const { days, unit } of streams) {
    for (const { day, values, e } of days) {
      if (!takes(day)) continue
      const power = e + unit.power
      byPower.set(
        power,
        values.reduce((total, value) => total + value, byPower.get(power) ?? 0n),
      )
    }
  }
  return [...byPower].map(([power, total]) => makeDecimal(total, power)).reduce(addDecimals, makeDecimal(0n, 0))
}

/** Number of intervals of each quality. */
export function countQualities(streams: readonly EnergyStream[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { days } of streams) {
    for (const { first, last, quality } of days.flatMap(({ qualities }) => qualities)) {
      counts.set(quality, (counts.get(quality) ?? 0) + last - first + 1)
    }
  }
  return counts
}

/** Hash over the readings of several streams, in Wh: by start, then by suffix. */
export function hashStreams(streams: readonly EnergyStream[], offsetS: number): Uint8Array {
  return hashSeries(readingsOf(streams, offsetS))
}

function* readingsOf(streams: readonly EnergyStream[], offsetS: number): Iterable<HashedReading> {
  const ordered = streams.toSorted((a, b) => orderTexts(a.suffix, b.suffix))
  // All streams of a bill cover the same days, without gaps.
  for (let index = 0; index < (ordered[0]?.days.length ?? 0); index += 1) {
    const readings = ordered.flatMap(({ days, unit }) => {
      const day = days[index]
      return day === undefined ? [] : readingsOfDay(day, unit.power, offsetS)
    })
    yield* streams.length === 1 ? readings : readings.toSorted((a, b) => a.start - b.start)
  }
}

function readingsOfDay(day: IntervalDay, power: number, offsetS: number): HashedReading[] {
  const durationS = day.stream.intervalMinutes * 60
  const midnight = day.day * DAY_S - offsetS
  return day.qualities.flatMap(({ first, last, quality }) =>
    day.values.slice(first - 1, last).map((value, index) => ({
      start: midnight + (first - 1 + index) * durationS,
      durationS,
      value,
      e: day.e + power,
      quality,
    })),
  )
}
