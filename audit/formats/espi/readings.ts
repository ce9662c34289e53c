import type { EnergyUnit, FactsKind, Metered, Readings, VolumeUnit } from '#protocol'
import { rejection, review } from '../refusal.ts'
import { hashSeries } from '../series-hash.ts'
import type { HashedReading } from '../series-hash.ts'
import { amountOf, isAbsurdBill, isAbsurdReading } from './amounts.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'
import { IntegerSum } from './numbers.ts'
import { findKind } from './quality.ts'
import type { Run } from './timeline.ts'

/** Readings that rise this often without a fall look like a register, not like intervals. */
const REGISTER_SUSPICION_COUNT = 8

/** Unit of a series. */
export type SeriesUnit = { readonly unit: EnergyUnit | VolumeUnit; readonly power: number }

/** Sum of a run of delta readings, with its period and what was noticed. */
export type ReadingSum = {
  readonly start: number
  readonly end: number
  readonly amount: Metered
  readonly kind: FactsKind
  readonly readings: Readings
  readonly flags: readonly string[]
  /** Readings in order of time, repetitions dropped. */
  readonly ordered: readonly Reading[]
}

/**
 * Sum of delta readings; equal whatever their order in the file.
 *
 * @throws {Refusal} ERR_BILL_NEGATIVE, ERR_BILL_ABSURD, ERR_BILL_FORECAST, ERR_BILL_UNSTATED.
 */
export function sumRun(
  run: Run,
  unit: SeriesUnit,
  init: { readonly duplicates: number; readonly defaultQuality: string | undefined },
): ReadingSum {
  const amount = addUp(run.readings, unit)
  const { kind, flags } = findKind(run.readings, init.defaultQuality)
  return {
    start: run.start,
    end: run.end,
    amount,
    kind,
    readings: {
      count: run.readings.length,
      duplicates: init.duplicates,
      gaps: run.gaps,
      seriesHash: hashSeries(hashed(run.readings, unit.power)),
    },
    flags: [...(init.duplicates > 0 ? ['duplicates-dropped'] : []), ...run.flags, ...flags],
    ordered: run.readings,
  }
}

/** @throws {Refusal} ERR_BILL_ACCUMULATION for a series that may be a register, though the file does not call it one. */
export function checkNoRegister(readings: readonly Reading[]): void {
  const [first] = readings
  const last = readings.at(-1)
  if (first === undefined || last === undefined || readings.length < REGISTER_SUSPICION_COUNT) return
  if (last.value <= first.value) return
  for (let at = 1; at < readings.length; at += 1) {
    const [a, b] = [readings[at - 1], readings[at]]
    if (a !== undefined && b !== undefined && b.value < a.value) return
  }
  throw review('ERR_BILL_ACCUMULATION', 'readings only rise: this may be a register', placeOfReading(first))
}

/** Readings share one power of ten, so their sum is one addition of integers. */
function addUp(ordered: readonly Reading[], { unit, power }: SeriesUnit): Metered {
  const sum = new IntegerSum()
  let largest = ordered[0]
  for (const reading of ordered) {
    if (reading.value < 0) {
      throw rejection('ERR_BILL_NEGATIVE', `reading of ${reading.value} is negative`, placeOfReading(reading))
    }
    if (largest === undefined || reading.value > largest.value) largest = reading
    sum.add(reading.value)
  }
  const amount = amountOf(sum.total, power, unit)
  if (
    largest !== undefined &&
    (isAbsurdBill(amount) || isAbsurdReading(amountOf(BigInt(largest.value), power, unit)))
  ) {
    const message = `${largest.value} x 10^${power} ${unit} is beyond any customer`
    throw rejection('ERR_BILL_ABSURD', message, placeOfReading(largest))
  }
  return amount
}

/** Readings as their hash sees them, in the unit of the facts. */
export function* hashed(ordered: readonly Reading[], power: number): Iterable<HashedReading> {
  for (const { start, durationS, value, quality } of ordered) {
    yield { start, durationS, value, e: power, quality }
  }
}
