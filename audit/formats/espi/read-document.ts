import type { FilePlace } from '#protocol'
import { rejection } from '../refusal.ts'
import { placeOf, trimXml } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { scanXml } from '../xml-scan.ts'
import type { EntryLinks, EspiDocument, Measurement, TariffRider } from './document.ts'
import { EspiSink } from './espi-sink.ts'
import type { BlockReadings } from './reading-scanner.ts'
import { isAtomRoot } from './roots.ts'

type Lists = { -readonly [K in keyof EspiDocument]: EspiDocument[K][number][] }

const NO_LINKS: EntryLinks = { ups: [], related: [] }

/**
 * The parts of a Green Button file: an Atom feed, a single entry, or one resource without an entry.
 *
 * @throws {Refusal} of the XML reader; ERR_BILL_NAMESPACE; ERR_BILL_FIELD for elements that are there twice;
 * ERR_BILL_NUMBER, ERR_BILL_DATE, ERR_BILL_PERIOD for readings; ERR_BILL_TOO_LARGE.
 */
export function readEspiDocument(text: string): EspiDocument {
  const lists: Lists = {
    usagePoints: [],
    meterReadings: [],
    readingTypes: [],
    blocks: [],
    summaries: [],
    localTimes: [],
    addresses: [],
    accounts: [],
    meters: [],
  }
  const sink = new EspiSink((entry, readingsOf) => addEntry(lists, entry, readingsOf))
  scanXml(text, sink)
  const { root } = sink
  if (root?.local === 'entry') addEntry(lists, root, (block) => sink.readingsOf(block))
  else if (root !== undefined && !isAtomRoot(root.local)) {
    addPayload(lists, root, NO_LINKS, (block) => sink.readingsOf(block))
  }
  return {
    ...lists,
    usagePoints: dropRepeated(lists.usagePoints),
    meterReadings: dropRepeated(lists.meterReadings),
    readingTypes: dropRepeated(lists.readingTypes),
  }
}

/** Downloads that were put together repeat entries; one that says the same under the same link is one entry. */
function dropRepeated<T extends { readonly links: EntryLinks; readonly place: FilePlace }>(items: readonly T[]): T[] {
  const known = new Set<string>()
  return items.filter((item) => {
    const key = JSON.stringify({ ...item, place: undefined })
    const isNew = item.links.self === undefined || !known.has(key)
    known.add(key)
    return isNew
  })
}

function addEntry(lists: Lists, entry: XmlElement, readingsOf: (block: XmlElement) => BlockReadings): void {
  const links = linksOf(entry)
  for (const content of entry.children) {
    if (content.local !== 'content') continue
    for (const payload of content.children) addPayload(lists, payload, links, readingsOf)
  }
}

function addPayload(
  lists: Lists,
  payload: XmlElement,
  links: EntryLinks,
  readingsOf: (block: XmlElement) => BlockReadings,
): void {
  const head = { links, place: placeOf(payload) }
  switch (payload.local) {
    case 'UsagePoint': {
      const kind = childOf(childOf(payload, 'ServiceCategory'), 'kind')
      const text = kind === undefined ? {} : { kind: trimXml(kind.text) }
      lists.usagePoints.push({ ...head, ...text, ...textsOf(payload, { roleFlags: 'roleFlags' }) })
      break
    }
    case 'MeterReading':
      lists.meterReadings.push(head)
      break
    case 'ReadingType':
      lists.readingTypes.push({ ...head, ...textsOf(payload, READING_TYPE_NAMES) })
      break
    case 'IntervalBlock':
      lists.blocks.push({ ...head, ...readingsOf(payload), ...textsOf(childOf(payload, 'interval'), PERIOD_NAMES) })
      break
    case 'UsageSummary':
    case 'ElectricPowerUsageSummary':
      lists.summaries.push({
        ...head,
        ...textsOf(childOf(payload, 'billingPeriod'), PERIOD_NAMES),
        ...textsOf(payload, SUMMARY_NAMES),
        ...measurementOf(payload, 'lastPeriod', 'overallConsumptionLastPeriod'),
        ...measurementOf(payload, 'currentPeriod', 'currentBillingPeriodOverAllConsumption'),
        riders: ridersOf(payload),
        isElectric: payload.local === 'ElectricPowerUsageSummary',
      })
      break
    case 'LocalTimeParameters':
    case 'TimeConfiguration':
      lists.localTimes.push({ ...head, ...textsOf(payload, { tzOffset: 'tzOffset' }) })
      break
    case 'ServiceLocation':
      addAddress(lists, payload)
      break
    case 'CustomerAccount':
      addText(lists.accounts, textsOf(payload, { id: 'accountId' }).id)
      break
    case 'Meter':
      addText(lists.meters, textsOf(payload, { id: 'serialNumber' }).id)
      break
    default:
      break
  }
}

const PERIOD_NAMES = { start: 'start', durationS: 'duration' } as const
const READING_TYPE_NAMES = {
  uom: 'uom',
  multiplier: 'powerOfTenMultiplier',
  flowDirection: 'flowDirection',
  accumulation: 'accumulationBehaviour',
  commodity: 'commodity',
  currency: 'currency',
  qualifier: 'dataQualifier',
  defaultQuality: 'defaultQuality',
  intervalLength: 'intervalLength',
  tou: 'tou',
  tier: 'consumptionTier',
  cpp: 'cpp',
} as const
const SUMMARY_NAMES = {
  quality: 'qualityOfReading',
  commodity: 'commodity',
  billLastPeriod: 'billLastPeriod',
  currency: 'currency',
} as const

function addAddress(lists: Lists, location: XmlElement): void {
  const address = childOf(location, 'mainAddress')
  if (address === undefined) return
  lists.addresses.push({
    ...textsOf(childOf(address, 'townDetail'), { country: 'country', state: 'stateOrProvince' }),
    ...textsOf(address, { postalCode: 'postalCode' }),
    place: placeOf(address),
  })
}

function measurementOf<K extends string>(summary: XmlElement, key: K, local: string): Partial<Record<K, Measurement>> {
  const element = childOf(summary, local)
  if (element === undefined) return {}
  const names = { value: 'value', uom: 'uom', multiplier: 'powerOfTenMultiplier' } as const
  const measurement: Measurement = { ...textsOf(element, names), place: placeOf(element) }
  return { [key]: measurement } as Record<K, Measurement>
}

function ridersOf(summary: XmlElement): TariffRider[] {
  const riders = (childOf(summary, 'tariffRiderRefs')?.children ?? []).filter(({ local }) => local === 'tariffRiderRef')
  const names = { riderType: 'riderType', enrollment: 'enrollmentStatus', effectiveDate: 'effectiveDate' } as const
  return riders.map((rider) => textsOf(rider, names))
}

function linksOf(entry: XmlElement): EntryLinks {
  const ups: string[] = []
  const related: string[] = []
  let self: string | undefined
  for (const link of entry.children) {
    if (link.local !== 'link') continue
    const href = normalizeHref(link.attributes.get('href') ?? '')
    const rel = link.attributes.get('rel')
    if (href === '') continue
    if (rel === 'up') ups.push(href)
    else if (rel === 'related') related.push(href)
    else if (rel === 'self') {
      if (self !== undefined && self !== href) {
        throw rejection('ERR_BILL_LINK', 'entry names itself twice, and differently', placeOf(link))
      }
      self = href
    }
  }
  return { ...(self === undefined ? {} : { self }), ups, related }
}

/** Links are compared as exact texts, a trailing slash apart: resolving them would need a base that files lack. */
function normalizeHref(href: string): string {
  const trimmed = trimXml(href)
  return trimmed.endsWith('/') ? trimmed.slice(0, -1) : trimmed
}

/** The child of a name. @throws {Refusal} ERR_BILL_FIELD when there are two: another reader may take the other. */
function childOf(element: XmlElement | undefined, local: string): XmlElement | undefined {
  let found: XmlElement | undefined
  for (const child of element?.children ?? []) {
    if (child.local !== local) continue
    if (found !== undefined) throw rejection('ERR_BILL_FIELD', `<${local}> is given twice`, placeOf(child))
    found = child
  }
  return found
}

/** Texts of children by the wanted names; absent or empty ones are left out. */
function textsOf<K extends string>(
  element: XmlElement | undefined,
  names: Readonly<Record<K, string>>,
): { [P in K]?: string } {
  const found: { [P in K]?: string } = {}
  if (element === undefined) return found
  for (const key of Object.keys(names) as K[]) {
    const child = childOf(element, names[key])
    const text = child === undefined ? '' : trimXml(child.text)
    if (text !== '') found[key] = text
  }
  return found
}

function addText(list: string[], text: string | undefined): void {
  if (text !== undefined) list.push(text)
}
