import { isEnergy, makeDecimal } from '#protocol'
import type { Commodity, FilePlace, Quantity } from '#protocol'
import { review } from '../refusal.ts'
import type { BillParts } from './bill-parts.ts'
import { sortSeries } from './candidates.ts'
import { labelService, localOffsetOf } from './civil-days.ts'
import type { Clocks, LocalOffset } from './civil-days.ts'
import { placeOfReading } from './document.ts'
import type { UsageSummary } from './document.ts'
import { readFlow } from './flow.ts'
import type { Flow } from './flow.ts'
import { readMoney } from './money.ts'
import type { ReadingSum } from './readings.ts'
import { reconcile } from './reconcile.ts'
import type { Series } from './series.ts'
import { findGreenClaim } from './tariff-riders.ts'
import type { ThermEvidence } from './units.ts'
import { splitByYear } from './year-energy.ts'

/** The series of one metering point, and its summaries. */
export type PointSeries = {
  readonly point: string | undefined
  readonly series: readonly Series[]
  readonly summaries: readonly UsageSummary[]
}

/** Flag of bills without energy delivered. */
export const EXPORT_ONLY = 'export-only'

/** What the whole file says. */
export type FileContext = {
  readonly clocks: Clocks
  readonly therm: ThermEvidence
  /** Currency code that all reading types agree on, for summaries that name none. */
  readonly currency: string | undefined
}

/**
 * Bills of one point from its interval or register readings. A point that only feeds into the grid has bills without import,
 * flagged `export-only`: true beside points with energy delivered, and no bill by themselves.
 *
 * @throws {Refusal} wherever a meaning would be guessed, and for readings that contradict each other.
 */
export function readPointBills({ point, series, summaries }: PointSeries, context: FileContext): BillParts[] {
  const [first] = series
  const usagePoint = first?.usagePoint
  const place = usagePoint?.place ?? first?.readingType.place ?? {}
  const offset = localOffsetOf(context.clocks, usagePoint)
  const { imports, exports, flags } = sortSeries(series, context.therm, place)
  const imported = readFlow(imports, offset, place)
  const exported = readFlow(exports, offset, place)
  if (imported === undefined) return exportBills(point, exported, flags, offset)
  checkDirections(imported, exported, place)
  return imported.sums.map((sum, index) => {
    const bill = billOf(sum, exported?.sums[index], imported, offset)
    // Summaries state the energy delivered; with an export series beside it they may state the net, which decides nothing.
    const { meaning } = imported
    const found =
      exported === undefined
        ? reconcile({ sum, unit: meaning, commodity: meaning.commodity, therm: context.therm }, summaries)
        : { flags: [], same: [] }
    const paid = paidBy(found.same, context, meaning.commodity)
    return {
      ...bill,
      ...paid.parts,
      flags: [
        ...bill.flags,
        ...flags,
        ...imported.flags,
        ...(exported?.flags ?? []),
        ...found.flags,
        ...paid.flags,
        ...(imported.sums.length > 1 ? ['days-missing-between-bills'] : []),
      ],
      ...(point === undefined ? {} : { point }),
    }
  })
}

function exportBills(
  point: string | undefined,
  exported: Flow | undefined,
  flags: readonly string[],
  offset: LocalOffset,
): BillParts[] {
  return (exported?.sums ?? []).map((sum) => {
    if (exported?.meaning.commodity !== 'electricity' || !isEnergy(sum.amount)) {
      throw review(
        'ERR_BILL_FLOW',
        'only electricity is fed into a grid',
        placeOfReading(sum.ordered[0] ?? { line: 1, column: 1 }),
      )
    }
    const { service, flags: timeFlags } = labelService(sum.start, sum.end, offset)
    return {
      commodity: 'electricity',
      service,
      imported: { value: makeDecimal(0n, 0), unit: sum.amount.unit },
      exported: sum.amount,
      kind: sum.kind,
      readings: sum.readings,
      flags: [...timeFlags, ...sum.flags, ...flags, ...exported.flags, EXPORT_ONLY],
      ...(point === undefined ? {} : { point }),
      source: { amount: exported.source, service: 'IntervalReading/timePeriod' },
    }
  })
}

/** Import and export of one point are two sides of one bill. */
function checkDirections(imported: Flow, exported: Flow | undefined, place: FilePlace): void {
  if (exported === undefined) return
  if (exported.meaning.commodity !== imported.meaning.commodity || imported.meaning.commodity !== 'electricity') {
    throw review('ERR_BILL_FLOW', `${imported.meaning.commodity} that flows back is not one that is read`, place)
  }
  const isSame =
    imported.sums.length === exported.sums.length &&
    imported.sums.every(({ start, end }, index) => {
      const other = exported.sums[index]
      return other?.start === start && other.end === end
    })
  if (!isSame) throw review('ERR_BILL_READINGS_CONFLICT', 'import and export cover different periods', place)
}

function billOf(sum: ReadingSum, exported: ReadingSum | undefined, flow: Flow, offset: LocalOffset): BillParts {
  const { service, flags } = labelService(sum.start, sum.end, offset)
  const byYear = splitByYear(sum, flow.meaning, service, offset)
  return {
    commodity: flow.meaning.commodity,
    service,
    imported: sum.amount,
    ...(exported === undefined || !isEnergy(exported.amount) ? {} : { exported: exported.amount satisfies Quantity }),
    kind: sum.kind,
    readings: { ...sum.readings, ...(byYear.whByYear === undefined ? {} : { whByYear: byYear.whByYear }) },
    flags: [...flags, ...byYear.flags, ...sum.flags, ...(exported?.flags ?? [])],
    source: { amount: flow.source, service: 'IntervalReading/timePeriod' },
  }
}

type Paid = { readonly parts: Pick<BillParts, 'money' | 'greenClaim'>; readonly flags: readonly string[] }

/** Money and green claim of the one summary that is of the bill's own period. */
function paidBy(summaries: readonly UsageSummary[], context: FileContext, commodity: Commodity): Paid {
  const [summary] = summaries
  return summary === undefined || summaries.length > 1
    ? { parts: {}, flags: [] }
    : readPaid(summary, context, commodity)
}

/** Money and green claim of a usage summary. @throws {Refusal} ERR_BILL_NUMBER. */
export function readPaid(summary: UsageSummary, { currency }: FileContext, commodity: Commodity): Paid {
  const { money, flags } = readMoney(summary, currency)
  const greenClaim = commodity === 'electricity' ? findGreenClaim(summary) : undefined
  return {
    parts: { ...(money === undefined ? {} : { money }), ...(greenClaim === undefined ? {} : { greenClaim }) },
    flags: [...flags, ...(greenClaim === undefined ? [] : ['green-claim'])],
  }
}
