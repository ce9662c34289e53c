import { parseInteger } from '#protocol'
import type { Commodity, Metered } from '#protocol'
import { review } from '../refusal.ts'
import { amountOf } from './amounts.ts'
import type { Reading, UsageSummary } from './document.ts'
import { IntegerSum } from './numbers.ts'
import type { ReadingSum, SeriesUnit } from './readings.ts'
import { isSameAmount, MIN_BILLING_S, readMeasurement } from './summaries.ts'
import type { ThermEvidence } from './units.ts'

/** What was summed up to a boundary between readings. */
type Boundary = { readonly covered: number; readonly total: bigint }

/** A series as its boundaries see it. */
export type RunningSums = ReadonlyMap<number, Boundary>

/** At each boundary between readings: seconds covered and values summed up to it. */
export function runningSums(ordered: readonly Reading[]): RunningSums {
  const sums = new Map<number, Boundary>()
  const sum = new IntegerSum()
  let covered = 0
  for (const { start, durationS, value } of ordered) {
    // After a tolerated gap the boundary before it and the one after it have the same sums.
    sums.set(start, { covered, total: sum.total })
    covered += durationS
    sum.add(value)
    sums.set(start + durationS, { covered, total: sum.total })
  }
  return sums
}

/** Sum of the values between two instants, if readings tile the time between them without gap. */
export function sumBetween(sums: RunningSums, start: number, end: number): bigint | undefined {
  const [from, to] = [sums.get(start), sums.get(end)]
  if (from === undefined || to === undefined || to.covered - from.covered !== end - start) return undefined
  return to.total - from.total
}

/** What summaries are compared with. */
export type ReconcileInit = {
  readonly sum: ReadingSum
  readonly unit: SeriesUnit
  readonly commodity: Commodity
  readonly therm: ThermEvidence
}

/** What the summaries of a point say of a sum of readings. */
export type Reconciliation = {
  /** `summary-agrees`, `summary-other-period`. */
  readonly flags: readonly string[]
  /** Summaries of exactly the period of the readings that agree with them. */
  readonly same: readonly UsageSummary[]
}

/**
 * Compares usage summaries with readings: the readings decide, and whichever of the two consumption fields has their sum is
 * the one that the utility means. `overallConsumptionLastPeriod` is the consumption of the billing period by the schema, but
 * some utilities put it into `currentBillingPeriodOverAllConsumption`, which the schema has for the time after: alone, and
 * with another figure, that field contradicts nothing.
 *
 * @throws {Refusal} ERR_BILL_SUMMARY_CONFLICT when readings tile the billing period exactly and no field has their sum;
 * ERR_BILL_NUMBER, ERR_BILL_UNIT for the figures of such a summary.
 */
export function reconcile(init: ReconcileInit, summaries: readonly UsageSummary[]): Reconciliation {
  if (summaries.length === 0) return { flags: [], same: [] }
  const { sum, unit } = init
  const flags = new Set<string>()
  const same: UsageSummary[] = []
  let sums: RunningSums | undefined
  for (const summary of summaries) {
    const period = periodOf(summary)
    const isInside = period !== undefined && period.start >= sum.start && period.end <= sum.end
    const total = isInside ? sumBetween((sums ??= runningSums(sum.ordered)), period.start, period.end) : undefined
    if (period === undefined || total === undefined) {
      flags.add('summary-other-period')
      continue
    }
    if (isBorneOut(summary, amountOf(total, unit.power, unit.unit), init)) {
      flags.add('summary-agrees')
      if (period.start === sum.start && period.end === sum.end) same.push(summary)
    } else if (summary.lastPeriod === undefined) {
      flags.add('summary-other-period')
    } else {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'usage summary and readings of its period differ', summary.place)
    }
  }
  return { flags: [...flags], same }
}

/** Billing period of a summary; `undefined` for placeholders and texts that are none: such a summary decides nothing. */
function periodOf({ start, durationS }: UsageSummary): { start: number; end: number } | undefined {
  if (!/^\d{1,12}$/.test(start ?? '') || !/^\d{1,12}$/.test(durationS ?? '')) return undefined
  const [from, length] = [parseInteger(start ?? ''), parseInteger(durationS ?? '')]
  return length < MIN_BILLING_S ? undefined : { start: from, end: from + length }
}

/** True if one of the consumption fields is what readings of the billing period add up to. */
function isBorneOut(summary: UsageSummary, counted: Metered, { commodity, therm }: ReconcileInit): boolean {
  const stated = [summary.lastPeriod, summary.currentPeriod].filter((measurement) => measurement !== undefined)
  return stated.some((one) => isSameAmount(readMeasurement(one, commodity, therm).amount, counted))
}
