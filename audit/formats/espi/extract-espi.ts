import type { Extraction, Facts, FilePlace, PartialReading } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import type { FormatReader } from '../reader.ts'
import { rejection, review, unclaimable } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import type { BillParts } from './bill-parts.ts'
import { indexClocks } from './civil-days.ts'
import type { EspiDocument } from './document.ts'
import { emptyEspiReader } from './empty-espi.ts'
import { findPlace, findThermEvidence } from './place.ts'
import type { PlaceFinding } from './place.ts'
import { EXPORT_ONLY, readPointBills } from './point-bills.ts'
import type { FileContext } from './point-bills.ts'
import { readEspiDocument } from './read-document.ts'
import { rolesOf } from './role-flags.ts'
import { isEspiRoot } from './roots.ts'
import { linkSeries } from './series.ts'
import type { Series } from './series.ts'
import { assignSummaries, readSummaryBills } from './summary-bills.ts'
import type { OwnedSummary } from './summary-bills.ts'

/** Name of the format in results. */
const ESPI_FORMAT = 'green-button-espi'
/** Version of this extractor; a change of any verdict or figure is a new version. */
const EXTRACTOR = { id: 'espi', version: '2.2.0' } as const

/** Reader of Green Button files: an Atom feed, a single entry, or a resource of ESPI by itself. */
export const ESPI_READER: FormatReader = {
  format: ESPI_FORMAT,
  accepts: ({ root }) => root !== undefined && isEspiRoot(root),
  read: ({ text }) => extractEspi(text ?? ''),
}

/** Stands behind all readers of XML. */
export const EMPTY_ESPI_READER: FormatReader = emptyEspiReader(ESPI_FORMAT)

/**
 * Facts of a Green Button (NAESB REQ.21 ESPI) file: for each usage point its readings, else its usage summaries.
 *
 * @throws {Refusal} with any code; a guess is never made.
 */
function extractEspi(text: string): Extraction {
  const document = readEspiDocument(text)
  if (document.summaries.length > EXTRACTION_LIMITS.espiSummaries) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.espiSummaries} usage summaries`)
  }
  const finding = findPlace(document)
  const parts = readBills(document, {
    clocks: indexClocks(document.localTimes),
    therm: findThermEvidence(document, finding),
    currency: onlyOf(document.readingTypes.map(({ currency }) => currency).filter((code) => code !== undefined)),
  })
  const ordered = parts.toSorted((a, b) => orderTexts(orderKeyOf(a), orderKeyOf(b)))
  checkBills(ordered, document)
  return { verdict: 'facts', format: ESPI_FORMAT, bills: ordered.map((part) => factsOf(document, finding, part)) }
}

/** What the file has of one point; of points without a link together. */
type PointContent = { readonly point: string | undefined; readonly series: Series[]; readonly owners: OwnedSummary[] }

function readBills(document: EspiDocument, context: FileContext): BillParts[] {
  const points = new Map<string | undefined, PointContent>()
  const contentOf = (point: string | undefined): PointContent => {
    let content = points.get(point)
    if (content === undefined) points.set(point, (content = { point, series: [], owners: [] }))
    return content
  }
  for (const one of linkSeries(document)) contentOf(one.point).series.push(one)
  for (const owner of assignSummaries(document)) contentOf(owner.point).owners.push(owner)

  checkSubmeters([...points.values()])
  return [...points.values()].flatMap(({ point, series, owners }) => {
    const summaries = owners.map(({ summary }) => summary)
    return series.length > 0 ? readPointBills({ point, series, summaries }, context) : readSummaryBills(owners, context)
  })
}

/**
 * A point of a whole premises beside its own submeters would count their energy twice (ESPI 4.0, UsagePoint.roleFlags).
 *
 * @throws {Refusal} ERR_BILL_SEVERAL_SERIES for a premises beside points of vehicles or generators.
 */
function checkSubmeters(points: readonly PointContent[]): void {
  const roles = points.map(({ series, owners }) => rolesOf(series[0]?.usagePoint ?? owners[0]?.usagePoint))
  if (!roles.some(({ isPremises }) => isPremises) || !roles.some(({ isSubmeter }) => isSubmeter)) return
  const place = points[0]?.series[0]?.usagePoint?.place ?? { line: 1, column: 1 }
  throw review('ERR_BILL_SEVERAL_SERIES', 'a point of whole premises stands beside points inside of them', place)
}

function checkBills(parts: readonly BillParts[], document: EspiDocument): void {
  const place = document.usagePoints[0]?.place ?? { line: 1, column: 1 }
  if (parts.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} bills in one file`)
  }
  if (parts.length === 0) {
    throw rejection('ERR_BILL_NO_CONSUMPTION', 'file has neither readings nor a usage summary', place)
  }
  if (parts.every(({ flags }) => flags.includes(EXPORT_ONLY))) throw refuseExports(parts, document, place)
}

/** The file says all of what was fed in, and nothing of what was used: that it was nothing would be a guess. */
function refuseExports(parts: readonly BillParts[], { accounts }: EspiDocument, place: FilePlace): Refusal {
  const account = onlyOf(accounts)
  const read = parts.map(({ commodity, point, service, exported, flags }): PartialReading => ({
    commodity,
    ...(point === undefined ? {} : { point }),
    ...(account === undefined ? {} : { account }),
    service,
    ...(exported === undefined ? {} : { export: exported }),
    missing: ['import'],
    flags: [...new Set(flags)].filter((flag) => flag !== EXPORT_ONLY).sort(orderTexts),
  }))
  const message = 'file has only energy fed into the grid: a bill of what was used is needed'
  return unclaimable('ERR_BILL_FLOW', message, { read, place })
}

function factsOf(document: EspiDocument, finding: PlaceFinding, parts: BillParts): Facts {
  const account = onlyOf(document.accounts)
  const meter = onlyOf(document.meters)
  return {
    v: 1,
    extractor: EXTRACTOR,
    format: ESPI_FORMAT,
    commodity: parts.commodity,
    ...(finding.utility === undefined ? {} : { utility: finding.utility }),
    ...(parts.point === undefined ? {} : { point: parts.point }),
    ...(account === undefined ? {} : { account }),
    ...(meter === undefined ? {} : { meter }),
    service: parts.service,
    import: parts.imported,
    ...(parts.exported === undefined ? {} : { export: parts.exported }),
    kind: parts.kind,
    ...(finding.place === undefined ? {} : { place: finding.place }),
    ...(parts.greenClaim === undefined ? {} : { greenClaim: parts.greenClaim }),
    ...(parts.money === undefined ? {} : { money: parts.money }),
    flags: [...new Set([...parts.flags, ...finding.flags])].sort(orderTexts),
    ...(parts.readings === undefined ? {} : { readings: parts.readings }),
    sources: sourcesOf(document, finding, parts),
  }
}

function sourcesOf({ accounts, meters }: EspiDocument, finding: PlaceFinding, parts: BillParts): Facts['sources'] {
  return {
    import: parts.source.amount,
    service: parts.source.service,
    ...(parts.exported === undefined ? {} : { export: parts.source.amount }),
    ...(parts.point === undefined ? {} : { point: 'UsagePoint link' }),
    ...(onlyOf(accounts) === undefined ? {} : { account: 'CustomerAccount/accountId' }),
    ...(onlyOf(meters) === undefined ? {} : { meter: 'Meter/serialNumber' }),
    ...(parts.money === undefined ? {} : { money: 'UsageSummary/billLastPeriod' }),
    ...(parts.greenClaim === undefined ? {} : { greenClaim: 'UsageSummary/tariffRiderRefs' }),
    ...(finding.source === undefined ? {} : { place: finding.source }),
  }
}

/** The single distinct value of a list. */
function onlyOf(values: readonly string[]): string | undefined {
  return new Set(values).size === 1 ? values[0] : undefined
}

/** Point, then start; a text, so that the order is the same everywhere. */
function orderKeyOf({ point, service }: BillParts): string {
  return `${point ?? ''}\n${service.startUtc ?? ''}\n${service.endUtc ?? ''}`
}
