import { compareDecimals, makeDecimal, parseInteger } from '#protocol'
import type { Decimal, FactsKind } from '#protocol'
import { MAX_BILL_WH } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { Measurement, UsageSummary } from './document.ts'
import { checkElectricity, readWhPower } from './meaning.ts'
import { parseDuration, parseEpoch, parseInt48 } from './numbers.ts'
import type { ReadingSum } from './readings.ts'

/** Shortest billing period that is one: shorter ones are placeholders (`start=10, duration=10` is a real one). */
const MIN_BILLING_S = 20 * 3_600

/** Consumption of one billing period. */
export type SummaryBill = {
  readonly start: number
  readonly end: number
  readonly energyWh: Decimal
  readonly kind: FactsKind
  readonly summary: UsageSummary
  readonly flags: readonly string[]
}

/**
 * Consumption that a usage summary states for its own billing period.
 *
 * @throws {Refusal} ERR_BILL_SUMMARY_CONFLICT when the two consumption fields differ, ERR_BILL_NO_CONSUMPTION,
 * ERR_BILL_PERIOD, ERR_BILL_NEGATIVE, ERR_BILL_ABSURD, ERR_BILL_FORECAST, and those of units and commodity.
 */
export function readSummaryBill(summary: UsageSummary, kind: string | undefined): SummaryBill {
  const { place } = summary
  const assumed = summary.isElectric ? '0' : undefined
  const flags = checkElectricity(kind ?? assumed, summary.commodity, place)
  const start = parseEpoch(summary.start, place)
  const durationS = parseDuration(summary.durationS, place)
  if (durationS < MIN_BILLING_S) throw rejection('ERR_BILL_PERIOD', `billing period of ${durationS} s is none`, place)
  const last = summary.lastPeriod === undefined ? undefined : measure(summary.lastPeriod)
  const current = summary.currentPeriod === undefined ? undefined : measure(summary.currentPeriod)
  const energyWh = last ?? current
  if (energyWh === undefined) throw rejection('ERR_BILL_NO_CONSUMPTION', 'usage summary has no consumption', place)
  // Utilities disagree which of the two fields is the bill's period; without readings nothing can tell.
  if (last !== undefined && current !== undefined && compareDecimals(last, current) !== 0) {
    throw review('ERR_BILL_SUMMARY_CONFLICT', 'last and current consumption differ, and no readings decide', place)
  }
  if (energyWh.u < 0n) throw review('ERR_BILL_NEGATIVE', 'consumption is negative: a net figure', place)
  if (compareDecimals(energyWh, makeDecimal(MAX_BILL_WH, 0)) > 0) {
    throw rejection('ERR_BILL_ABSURD', 'consumption is beyond any customer', place)
  }
  return { start, end: start + durationS, energyWh, kind: kindOf(summary), summary, flags }
}

/**
 * What the summaries of a point say about a sum of readings: `summary-agrees` or `summary-other-period` as flag.
 *
 * @throws {Refusal} ERR_BILL_SUMMARY_CONFLICT when readings tile the billing period exactly and no field has their sum.
 */
export function reconcile(sum: ReadingSum, powerOfTen: number, summaries: readonly UsageSummary[]): string[] {
  const flags = new Set<string>()
  if (summaries.length === 0) return []
  const sums = runningSums(sum)
  for (const summary of summaries) {
    const start = secondsOf(summary.start)
    const end = start + secondsOf(summary.durationS)
    const [from, to] = [sums.get(start), sums.get(end)]
    const isTiled = from !== undefined && to !== undefined && to.covered - from.covered === end - start
    if (!isTiled || end - start < MIN_BILLING_S) {
      flags.add('summary-other-period')
      continue
    }
    const energy = makeDecimal(to.total - from.total, powerOfTen)
    const stated = [summary.lastPeriod, summary.currentPeriod].filter((m) => m !== undefined).map(measure)
    if (stated.length > 0 && !stated.some((value) => compareDecimals(value, energy) === 0)) {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'usage summary and readings of its period differ', summary.place)
    }
    if (stated.length > 0) flags.add('summary-agrees')
  }
  return [...flags]
}

/** Seconds of a text; 0, where no reading begins, when it is no number: such a period is another one. */
function secondsOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? parseInteger(text) : 0
}

/** At each boundary between readings: seconds covered and values summed up to it. */
function runningSums(sum: ReadingSum): ReadonlyMap<number, { covered: number; total: bigint }> {
  const sums = new Map([[sum.start, { covered: 0, total: 0n }]])
  let covered = 0
  let total = 0n
  for (const { start, durationS, value } of sum.ordered) {
    // After a tolerated gap the boundary before it and the one after it have the same sums.
    sums.set(start, { covered, total })
    covered += durationS
    total += value
    sums.set(start + durationS, { covered, total })
  }
  return sums
}

function measure(measurement: Measurement): Decimal {
  const power = readWhPower(measurement.uom, measurement.multiplier, measurement.place)
  return makeDecimal(parseInt48(measurement.value, 'value of the summary', measurement.place), power)
}

function kindOf({ quality, place }: UsageSummary): FactsKind {
  if (quality === '12') throw review('ERR_BILL_FORECAST', 'summary is a forecast, not consumption', place)
  if (quality === '8' || quality === '9') return 'estimated'
  return quality === '13' ? 'mixed' : 'actual'
}
