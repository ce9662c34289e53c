import { rejection, review } from '../refusal.ts'
import { hashSeries } from '../series-hash.ts'
import { amountOf, isAbsurdBill } from './amounts.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'
import { findKind } from './quality.ts'
import { hashed } from './readings.ts'
import type { ReadingSum, SeriesUnit } from './readings.ts'

/** Longest time of one register reading that still says, to a day, when the dial was read; the day of a clock change. */
const LONGEST_SNAPSHOT_S = 90_000

/** Register readings in order of time, repetitions dropped. */
export type Register = { readonly ordered: readonly Reading[]; readonly duplicates: number }

/**
 * Dial readings in order of time.
 *
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT for two values of one instant, ERR_BILL_ACCUMULATION when the dial runs
 * backwards (it rolled over, or was changed), ERR_BILL_NEGATIVE.
 */
export function orderRegister(readings: readonly Reading[]): Register {
  const sorted = readings.toSorted((a, b) => a.start - b.start || a.durationS - b.durationS)
  const ordered: Reading[] = []
  for (const reading of sorted) {
    const place = placeOfReading(reading)
    if (reading.value < 0) throw rejection('ERR_BILL_NEGATIVE', 'register shows a negative figure', place)
    const previous = ordered.at(-1)
    if (previous?.start === reading.start) {
      if (previous.value !== reading.value || previous.durationS !== reading.durationS) {
        throw review('ERR_BILL_READINGS_CONFLICT', 'register shows two figures at one time', place)
      }
      continue
    }
    if (previous !== undefined && reading.value < previous.value) {
      throw review('ERR_BILL_ACCUMULATION', 'register runs backwards: it rolled over, or the meter was changed', place)
    }
    ordered.push(reading)
  }
  return { ordered, duplicates: sorted.length - ordered.length }
}

/**
 * Consumption by a register: its last figure minus its first, between the two times that it was read at.
 *
 * A reading stands at its start. Where it has a length as well, ESPI does not say whether the figure is of the beginning
 * or the end: a day at most is taken as the beginning and flagged (the difference is the same, and the period as long);
 * more is left to a person.
 *
 * @throws {Refusal} ERR_BILL_ACCUMULATION for fewer than two readings or long ones, ERR_BILL_ABSURD, ERR_BILL_FORECAST.
 */
export function readRegister(
  { ordered, duplicates }: Register,
  unit: SeriesUnit,
  quality: string | undefined,
): ReadingSum {
  const [first, last] = [ordered[0], ordered.at(-1)]
  if (first === undefined || last === undefined || first === last) {
    throw review('ERR_BILL_ACCUMULATION', 'one figure of a register says nothing of consumption', placeOf(first))
  }
  const longest = ordered.reduce((found, reading) => (reading.durationS > found.durationS ? reading : found), first)
  if (longest.durationS > LONGEST_SNAPSHOT_S) {
    const message = `register figure for ${longest.durationS} s: of their beginning or end is not stated`
    throw review('ERR_BILL_ACCUMULATION', message, placeOfReading(longest))
  }
  const amount = amountOf(BigInt(last.value - first.value), unit.power, unit.unit)
  if (isAbsurdBill(amount)) {
    throw rejection('ERR_BILL_ABSURD', 'difference of the register is beyond any customer', placeOfReading(last))
  }
  const { kind, flags } = findKind([first, last], quality)
  return {
    start: first.start,
    end: last.start,
    amount,
    kind,
    readings: { count: ordered.length, duplicates, gaps: 0, seriesHash: hashSeries(hashed(ordered, unit.power)) },
    flags: [
      'register-difference',
      ...(longest.durationS > 0 ? ['register-time-assumed'] : []),
      ...(duplicates > 0 ? ['duplicates-dropped'] : []),
      ...flags,
    ],
    ordered: differencesOf(ordered),
  }
}

function placeOf(reading: Reading | undefined): ReturnType<typeof placeOfReading> | undefined {
  return reading === undefined ? undefined : placeOfReading(reading)
}

/** What was counted from one register reading to the next, as interval readings. */
function differencesOf(ordered: readonly Reading[]): Reading[] {
  return ordered.slice(1).map((reading, index) => {
    const from = ordered[index] ?? reading
    return { ...from, durationS: reading.start - from.start, value: reading.value - from.value }
  })
}
