import type { Extraction, Facts, FactsKind, Readings, Service } from '#protocol'
import type { Decimal } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { labelService, localOffsetOf } from './civil-days.ts'
import type { LocalOffset } from './civil-days.ts'
import type { EspiDocument, UsagePoint, UsageSummary } from './document.ts'
import { checkElectricity, readMeaning } from './meaning.ts'
import type { SeriesMeaning } from './meaning.ts'
import { findPlace } from './place.ts'
import { readEspiDocument } from './read-document.ts'
import { looksLikeRegister, sumReadings } from './readings.ts'
import type { ReadingSum } from './readings.ts'
import { indexByLink, linkSeries, namesOf, pickOne } from './series.ts'
import type { Series } from './series.ts'
import { readSummaryBill, reconcile } from './summaries.ts'
import type { SummaryBill } from './summaries.ts'
import { splitByYear } from './year-energy.ts'

/** Name of the format in results. */
export const ESPI_FORMAT = 'green-button-espi'
/** Version of this extractor; a change of any verdict or figure is a new version. */
const EXTRACTOR = { id: 'espi', version: '1.1.0' } as const

/** What one bill of a file is made from. */
type BillParts = {
  readonly service: Service
  readonly energyWh: Decimal
  readonly exportWh?: Decimal
  readonly kind: FactsKind
  readonly readings?: Readings
  readonly flags: readonly string[]
  readonly point?: string
  readonly source: string
}

/**
 * Facts of a Green Button (NAESB ESPI) file: for each usage point its interval series, else its usage summaries.
 *
 * @throws {Refusal} with any code; a guess is never made.
 */
export function extractEspi(text: string): Extraction {
  const document = readEspiDocument(text)
  if (document.summaries.length > EXTRACTION_LIMITS.espiSummaries) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.espiSummaries} usage summaries`)
  }
  const offset = localOffsetOf(document.tzOffsets)
  const series = linkSeries(document)
  const parts = series.length > 0 ? seriesBills(document, series, offset) : summaryBills(document, offset)
  if (parts.length === 0) {
    throw rejection('ERR_BILL_NO_CONSUMPTION', 'file has neither readings nor a usage summary', { line: 1, column: 1 })
  }
  if (parts.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} bills in one file`)
  }
  const ordered = parts.toSorted((a, b) => orderTexts(keyOf(a), keyOf(b)))
  return { verdict: 'facts', format: ESPI_FORMAT, bills: ordered.map((part) => factsOf(document, part)) }
}

function seriesBills(document: EspiDocument, series: readonly Series[], offset: LocalOffset): BillParts[] {
  const byPoint = new Map<UsagePoint | undefined, Series[]>()
  for (const one of series) {
    const list = byPoint.get(one.usagePoint)
    if (list === undefined) byPoint.set(one.usagePoint, [one])
    else list.push(one)
  }
  const owners = assignSummaries(document)
  return [...byPoint].map(([point, list]) => {
    const own = owners.filter((owner) => owner.point === point || point === undefined).map(({ summary }) => summary)
    return pointBill(point, list, own, offset)
  })
}

function pointBill(
  point: UsagePoint | undefined,
  series: readonly Series[],
  summaries: readonly UsageSummary[],
  offset: LocalOffset,
): BillParts {
  const place = point?.place ?? series[0]?.readingType.place ?? {}
  if (series.length > 2) {
    throw review(
      'ERR_BILL_SEVERAL_SERIES',
      `${series.length} series measure one point; adding them would count twice`,
      place,
    )
  }
  const kindFlags = series.flatMap(({ readingType }) => checkElectricity(point?.kind, readingType.commodity, place))
  const sums = series.map((one) => sumOf(one))
  const imports = sums.filter(({ meaning }) => meaning.direction === 'import')
  const exports = sums.filter(({ meaning }) => meaning.direction === 'export')
  const [imported] = imports
  const [exported] = exports
  if (imports.length > 1 || exports.length > 1) {
    throw review('ERR_BILL_SEVERAL_SERIES', 'several series of one direction measure one point', place)
  }
  if (imported === undefined) throw review('ERR_BILL_FLOW', 'point has only energy fed into the grid', place)
  if (exported !== undefined && (exported.sum.start !== imported.sum.start || exported.sum.end !== imported.sum.end)) {
    throw review('ERR_BILL_READINGS_CONFLICT', 'import and export cover different periods', place)
  }
  const { sum, meaning } = imported
  const { service, flags } = labelService(sum.start, sum.end, offset)
  const { whByYear, flags: yearFlags } = splitByYear(sum, meaning.powerOfTen, service, offset)
  // Summaries state the energy delivered; with an export series beside it they may state the net, which decides nothing.
  const summaryFlags = exported === undefined ? reconcile(sum, meaning.powerOfTen, summaries) : []
  return {
    service,
    energyWh: sum.energyWh,
    ...(exported === undefined ? {} : { exportWh: exported.sum.energyWh }),
    kind: sum.kind,
    readings: whByYear === undefined ? sum.readings : { ...sum.readings, whByYear },
    flags: [
      ...kindFlags,
      ...flags,
      ...yearFlags,
      ...summaryFlags,
      ...series.flatMap((s) => s.flags),
      ...sums.flatMap((s) => s.flags),
    ],
    ...(point?.links.self === undefined ? {} : { point: point.links.self }),
    source: 'IntervalReading',
  }
}

function sumOf(series: Series): { sum: ReadingSum; meaning: SeriesMeaning; flags: readonly string[] } {
  const meaning = readMeaning(series.readingType)
  const sum = sumReadings(series.readings, meaning.powerOfTen)
  if (!meaning.isAccumulationStated && looksLikeRegister(sum.ordered)) {
    throw review('ERR_BILL_ACCUMULATION', 'readings only rise: this may be a register', series.readingType.place)
  }
  return { sum, meaning, flags: [...meaning.flags, ...sum.flags] }
}

function summaryBills(document: EspiDocument, offset: LocalOffset): BillParts[] {
  const bills = assignSummaries(document).map(({ summary, point }) => ({
    bill: readSummaryBill(summary, point?.kind),
    point: point?.links.self ?? pathOfPoint(summary),
  }))
  const distinct = new Map<string, (typeof bills)[number]>()
  for (const one of bills) {
    const key = `${one.point ?? ''} ${one.bill.start} ${one.bill.end}`
    const known = distinct.get(key)
    if (known !== undefined && !isSameBill(known.bill, one.bill)) {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'two summaries of one period differ', one.bill.summary.place)
    }
    distinct.set(key, one)
  }
  checkNoOverlap([...distinct.values()])
  return [...distinct.values()].map(({ bill, point }) => {
    const { service, flags } = labelService(bill.start, bill.end, offset)
    return {
      service,
      energyWh: bill.energyWh,
      kind: bill.kind,
      flags: [...bill.flags, ...flags, 'summary-only'],
      ...(point === undefined ? {} : { point }),
      source: 'UsageSummary',
    }
  })
}

function isSameBill(a: SummaryBill, b: SummaryBill): boolean {
  return a.energyWh.u === b.energyWh.u && a.energyWh.e === b.energyWh.e && a.kind === b.kind
}

function checkNoOverlap(bills: readonly { bill: SummaryBill; point: string | undefined }[]): void {
  const sorted = bills.toSorted((a, b) => orderTexts(a.point ?? '', b.point ?? '') || a.bill.start - b.bill.start)
  sorted.forEach((one, index) => {
    const previous = sorted[index - 1]
    if (previous !== undefined && previous.point === one.point && one.bill.start < previous.bill.end) {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'billing periods overlap', one.bill.summary.place)
    }
  })
}

type OwnedSummary = { readonly summary: UsageSummary; readonly point: UsagePoint | undefined }

/** The usage point that each summary hangs under: by link; without one, the only point of the file. */
function assignSummaries(document: EspiDocument): OwnedSummary[] {
  const index = indexByLink(document.usagePoints, (point) => point.links.related)
  return document.summaries.map((summary) => ({
    summary,
    point: pickOne(index, namesOf(summary.links), document.usagePoints, new Set()),
  }))
}

/** A summary whose point is not in the file names it in the path of its own collection. */
function pathOfPoint(summary: UsageSummary): string | undefined {
  return /^(.+\/UsagePoint\/[^/]+)\/(?:ElectricPower)?UsageSummary$/.exec(summary.links.up ?? '')?.[1]
}

function factsOf(document: EspiDocument, parts: BillParts): Facts {
  const finding = findPlace(document)
  const account = onlyOf(document.accounts)
  const meter = onlyOf(document.meters)
  return {
    v: 1,
    extractor: EXTRACTOR,
    format: ESPI_FORMAT,
    commodity: 'electricity',
    ...(finding.utility === undefined ? {} : { utility: finding.utility }),
    ...(parts.point === undefined ? {} : { point: parts.point }),
    ...(account === undefined ? {} : { account }),
    ...(meter === undefined ? {} : { meter }),
    service: parts.service,
    import: { value: parts.energyWh, unit: 'Wh' },
    ...(parts.exportWh === undefined ? {} : { export: { value: parts.exportWh, unit: 'Wh' as const } }),
    kind: parts.kind,
    ...(finding.place === undefined ? {} : { place: finding.place }),
    flags: [...new Set([...parts.flags, ...finding.flags])].sort(orderTexts),
    ...(parts.readings === undefined ? {} : { readings: parts.readings }),
    sources: {
      import: parts.source,
      service: parts.source,
      ...(parts.point === undefined ? {} : { point: 'UsagePoint link' }),
      ...(finding.source === undefined ? {} : { place: finding.source }),
    },
  }
}

/** The single distinct value of a list. */
function onlyOf(values: readonly string[]): string | undefined {
  const distinct = new Set(values)
  return distinct.size === 1 ? values[0] : undefined
}

function keyOf(parts: BillParts): string {
  return `${parts.service.startUtc ?? ''} ${parts.point ?? ''}`
}

function orderTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
