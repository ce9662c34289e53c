import { compareDecimals, makeDecimal } from '#protocol'
import type { Decimal, FactsKind, Readings } from '#protocol'
import { MAX_BILL_WH, MAX_READING_WH } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { hashSeries } from '../series-hash.ts'
import type { HashedReading } from '../series-hash.ts'
import type { Reading } from './document.ts'
import { MAX_PERIOD_S, quote } from './numbers.ts'

/** A gap of one clock change between two readings is an artefact of local time, not missing energy. */
const TOLERATED_GAP_S = 3_600
/** A span of a year has at most two clock changes. */
const TOLERATED_GAPS = 2

/** Readings that rise this often without a fall look like a register, not like intervals. */
const REGISTER_SUSPICION_COUNT = 8

/** Sum of a series, with its period and what was noticed. */
export type ReadingSum = {
  readonly start: number
  readonly end: number
  readonly energyWh: Decimal
  readonly kind: FactsKind
  readonly readings: Readings
  readonly flags: readonly string[]
  /** Readings in order of time, repetitions dropped. */
  readonly ordered: readonly Reading[]
}

/**
 * Sum of delta readings in Wh; equal whatever their order in the file.
 *
 * @throws {Refusal} ERR_BILL_NEGATIVE, ERR_BILL_ABSURD, ERR_BILL_READINGS_CONFLICT, ERR_BILL_GAP, ERR_BILL_PERIOD,
 * ERR_BILL_FORECAST, ERR_BILL_NUMBER.
 */
export function sumReadings(readings: readonly Reading[], powerOfTen: number): ReadingSum {
  const sorted = readings.toSorted((a, b) => a.start - b.start || a.durationS - b.durationS)
  const { ordered, duplicates } = dropDuplicates(sorted)
  const flags = new Set<string>(duplicates > 0 ? ['duplicates-dropped'] : [])
  const gaps = countGaps(ordered)
  if (gaps > 0) flags.add('clock-change-gap')
  const energyWh = addUp(ordered, powerOfTen)
  const first = ordered[0]
  const end = ordered.reduce((latest, { start, durationS }) => Math.max(latest, start + durationS), 0)
  if (first === undefined || end <= first.start || end - first.start > MAX_PERIOD_S) {
    throw rejection('ERR_BILL_PERIOD', 'readings span no time, or more than ten years', first?.place)
  }
  const kind = kindOf(ordered, flags)
  return {
    start: first.start,
    end,
    energyWh,
    kind,
    readings: { count: ordered.length, duplicates, gaps, seriesHash: hashSeries(hashed(ordered, powerOfTen)) },
    flags: [...flags],
    ordered,
  }
}

/** True for eight or more readings that never fall and do rise: a register that the file does not call one. */
export function looksLikeRegister(ordered: readonly Reading[]): boolean {
  const values = ordered.map(({ value }) => value)
  const isRising = values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))
  return values.length >= REGISTER_SUSPICION_COUNT && isRising && values[0] !== values.at(-1)
}

/** Readings share one power of ten, so their sum is one addition of integers. */
function addUp(ordered: readonly Reading[], powerOfTen: number): Decimal {
  let total = 0n
  let largest = ordered[0]
  for (const reading of ordered) {
    if (reading.value < 0n)
      throw rejection('ERR_BILL_NEGATIVE', `reading of ${reading.value} is negative`, reading.place)
    if (largest === undefined || reading.value > largest.value) largest = reading
    total += reading.value
  }
  const sum = makeDecimal(total, powerOfTen)
  const isLargeReading = isAbove(makeDecimal(largest?.value ?? 0n, powerOfTen), MAX_READING_WH)
  if (isLargeReading || isAbove(sum, MAX_BILL_WH)) {
    throw rejection(
      'ERR_BILL_ABSURD',
      `${largest?.value ?? 0n} x 10^${powerOfTen} Wh is beyond any customer`,
      largest?.place,
    )
  }
  return sum
}

function isAbove(value: Decimal, limitWh: bigint): boolean {
  return compareDecimals(value, makeDecimal(limitWh, 0)) > 0
}

function dropDuplicates(sorted: readonly Reading[]): { ordered: Reading[]; duplicates: number } {
  const ordered: Reading[] = []
  let duplicates = 0
  for (const reading of sorted) {
    const previous = ordered.at(-1)
    if (previous === undefined || previous.start !== reading.start || previous.durationS !== reading.durationS) {
      ordered.push(reading)
    } else if (previous.value === reading.value && previous.qualities.join() === reading.qualities.join()) {
      duplicates += 1
    } else {
      throw review('ERR_BILL_READINGS_CONFLICT', 'one interval has two different readings', reading.place)
    }
  }
  return { ordered, duplicates }
}

function countGaps(ordered: readonly Reading[]): number {
  let gaps = 0
  let end: number | undefined
  for (const { start, durationS, place } of ordered) {
    if (end !== undefined && start < end) throw review('ERR_BILL_READINGS_CONFLICT', 'readings overlap', place)
    if (end !== undefined && start > end) {
      gaps += 1
      if (start - end > TOLERATED_GAP_S || gaps > TOLERATED_GAPS) {
        throw review('ERR_BILL_GAP', `${start - end} s without a reading before this one`, place)
      }
    }
    end = start + durationS
  }
  return gaps
}

/**
 * Kind of a series by its ESPI quality codes: 8 and 9 are estimates, 13 is mixed, 12 a forecast.
 *
 * @throws {Refusal} ERR_BILL_FORECAST, ERR_BILL_NUMBER for codes that are no number.
 */
function kindOf(ordered: readonly Reading[], flags: Set<string>): FactsKind {
  let estimated = 0
  let mixed = 0
  for (const { qualities, place } of ordered) {
    for (const quality of qualities) {
      if (!/^\d{1,2}$/.test(quality))
        throw rejection('ERR_BILL_NUMBER', `quality is not a code: ${quote(quality)}`, place)
      if (quality === '12') throw review('ERR_BILL_FORECAST', 'reading is a forecast, not consumption', place)
      if (quality === '7') flags.add('quality-edited')
      if (quality === '10') flags.add('quality-questionable')
    }
    if (qualities.includes('13')) mixed += 1
    else if (qualities.includes('8') || qualities.includes('9')) estimated += 1
  }
  if (estimated === ordered.length) return 'estimated'
  return estimated > 0 || mixed > 0 ? 'mixed' : 'actual'
}

/** Readings as their hash sees them, in Wh. */
function* hashed(ordered: readonly Reading[], powerOfTen: number): Iterable<HashedReading> {
  for (const { start, durationS, value, qualities } of ordered) {
    yield { start, durationS, value, e: powerOfTen, quality: qualities.join('+') }
  }
}
