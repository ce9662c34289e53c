import { compareDecimals } from '#protocol'
import type { Commodity, FactsKind, Metered } from '#protocol'
import { Refusal, rejection, review } from '../refusal.ts'
import { amountOf, isAbsurdBill } from './amounts.ts'
import { findCommodity } from './commodity.ts'
import type { Measurement, UsagePoint, UsageSummary } from './document.ts'
import { parseDuration, parseEpoch, parseInt48 } from './numbers.ts'
import { kindOfCode } from './quality.ts'
import { readUnit } from './units.ts'
import type { ThermEvidence } from './units.ts'

/** Shortest billing period that is one: shorter ones are placeholders (`start=10, duration=10` is a real one). */
export const MIN_BILLING_S = 20 * 3_600

/** Consumption of one billing period. */
export type SummaryBill = {
  readonly start: number
  readonly end: number
  readonly commodity: Commodity
  readonly amount: Metered
  readonly kind: FactsKind
  readonly summary: UsageSummary
  /** The element with the consumption. */
  readonly source: string
  readonly flags: readonly string[]
}

/** Commodity of a summary; the older name of the element says electricity where nothing else says anything. */
function commodityOfSummary(summary: UsageSummary, point: UsagePoint | undefined): ReturnType<typeof findCommodity> {
  const assumed = summary.isElectric && summary.commodity === undefined ? '0' : undefined
  return findCommodity(point?.kind ?? assumed, summary.commodity, summary.place)
}

/**
 * Consumption that a usage summary states for its own billing period.
 *
 * @throws {Refusal} ERR_BILL_SUMMARY_CONFLICT when the two consumption fields differ, ERR_BILL_NO_CONSUMPTION,
 * ERR_BILL_PERIOD, ERR_BILL_NEGATIVE, ERR_BILL_ABSURD, ERR_BILL_FORECAST, and those of units and commodity.
 */
export function readSummaryBill(
  summary: UsageSummary,
  point: UsagePoint | undefined,
  therm: ThermEvidence,
): SummaryBill {
  const { place, lastPeriod, currentPeriod } = summary
  const found = commodityOfSummary(summary, point)
  if (found instanceof Refusal) throw found
  const start = parseEpoch(summary.start, place)
  const durationS = parseDuration(summary.durationS, place)
  if (durationS < MIN_BILLING_S) throw rejection('ERR_BILL_PERIOD', `billing period of ${durationS} s is none`, place)
  const measure = (stated: Measurement): Measured => readMeasurement(stated, found.commodity, therm)
  const last = lastPeriod === undefined ? undefined : measure(lastPeriod)
  const current = currentPeriod === undefined ? undefined : measure(currentPeriod)
  const measured = last ?? current
  if (measured === undefined) throw rejection('ERR_BILL_NO_CONSUMPTION', 'usage summary has no consumption', place)
  // Utilities disagree which of the two fields is the bill's period; without readings nothing can tell.
  if (last !== undefined && current !== undefined && !isSameAmount(last.amount, current.amount)) {
    throw review('ERR_BILL_SUMMARY_CONFLICT', 'last and current consumption differ, and no readings decide', place)
  }
  if (measured.amount.value.u < 0n) throw review('ERR_BILL_NEGATIVE', 'consumption is negative: a net figure', place)
  if (isAbsurdBill(measured.amount)) throw rejection('ERR_BILL_ABSURD', 'consumption is beyond any customer', place)
  return {
    start,
    end: start + durationS,
    commodity: found.commodity,
    amount: measured.amount,
    kind: kindOfCode(summary.quality, place),
    summary,
    source: last === undefined ? 'currentBillingPeriodOverAllConsumption' : 'overallConsumptionLastPeriod',
    flags: [...found.flags, ...measured.flags],
  }
}

/** A measurement as an amount. */
export type Measured = { readonly amount: Metered; readonly flags: readonly string[] }

/** @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_UNIT. */
export function readMeasurement(measurement: Measurement, commodity: Commodity, therm: ThermEvidence): Measured {
  const unit = readUnit(commodity, measurement, therm)
  if (unit instanceof Refusal) throw unit
  const value = parseInt48(measurement.value, 'value of the summary', measurement.place)
  return { amount: amountOf(BigInt(value), unit.power, unit.unit), flags: unit.flags }
}

/** True if two amounts are written in one unit and are equal. */
export function isSameAmount(a: Metered, b: Metered): boolean {
  return a.unit === b.unit && compareDecimals(a.value, b.value) === 0
}

/** Same bill: two summaries that say the same of one period. */
export function isSameBill(a: SummaryBill, b: SummaryBill): boolean {
  return isSameAmount(a.amount, b.amount) && a.kind === b.kind && a.commodity === b.commodity
}
