import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, unsupported } from '../refusal.ts'
import { findChild, findChildText, parseXml, placeOf, trimXml } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import type { EntryLinks, EspiDocument, Measurement, Reading } from './document.ts'
import { parseDuration, parseEpoch, parseInt48 } from './numbers.ts'

/** Namespaces of ESPI and Atom; real exports also leave them out, or put ESPI elements into Atom's. */
const KNOWN_NAMESPACES: ReadonlySet<string> = new Set([
  '',
  'http://naesb.org/espi',
  'http://naesb.org/espi/customer',
  'http://naesb.org/espi/cust',
  'http://www.w3.org/2005/Atom',
])

/** Elements that carry facts: in a foreign namespace they are a trap, not an extension. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'UsagePoint',
  'MeterReading',
  'ReadingType',
  'IntervalBlock',
  'IntervalReading',
  'UsageSummary',
  'ElectricPowerUsageSummary',
  'timePeriod',
  'value',
  'entry',
  'content',
  'link',
])

const ROOTS: ReadonlySet<string> = new Set(['feed', 'entry'])

type Lists = { -readonly [K in keyof EspiDocument]: EspiDocument[K][number][] }

/**
 * The parts of a Green Button file: an Atom feed, or a single entry.
 *
 * @throws {Refusal} of the XML reader; ERR_BILL_FORMAT_UNKNOWN for other XML; ERR_BILL_NAMESPACE, ERR_BILL_NUMBER,
 * ERR_BILL_DATE, ERR_BILL_PERIOD for readings; ERR_BILL_TOO_LARGE.
 */
export function readEspiDocument(text: string): EspiDocument {
  const readings = new Map<XmlElement, Reading[]>()
  const root = parseXml(text, {
    checkRoot,
    keep: (element, parent) => {
      checkNamespace(element)
      if (element.local !== 'IntervalReading' || parent?.local !== 'IntervalBlock') return true
      // Readings are most of a file: each becomes a small record at once and leaves the tree.
      const list = readings.get(parent)
      if (list === undefined) readings.set(parent, [readingOf(element)])
      else list.push(readingOf(element))
      return false
    },
  })
  const entries = root.local === 'entry' ? [root] : root.children.filter((child) => child.local === 'entry')
  if (entries.length > EXTRACTION_LIMITS.atomEntries) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.atomEntries} entries`, placeOf(root))
  }
  const lists: Lists = {
    usagePoints: [],
    meterReadings: [],
    readingTypes: [],
    blocks: [],
    summaries: [],
    tzOffsets: [],
    addresses: [],
    accounts: [],
    meters: [],
  }
  for (const entry of entries) {
    const links = linksOf(entry)
    for (const content of entry.children.filter((child) => child.local === 'content')) {
      for (const payload of content.children) addPayload(lists, payload, links, readings.get(payload) ?? [])
    }
  }
  return lists
}

function addPayload(lists: Lists, payload: XmlElement, links: EntryLinks, readings: readonly Reading[]): void {
  const place = placeOf(payload)
  const head = { links, place }
  switch (payload.local) {
    case 'UsagePoint': {
      const category = findChild(payload, 'ServiceCategory')
      lists.usagePoints.push({ ...head, ...textsOf(category, { kind: 'kind' }) })
      break
    }
    case 'MeterReading':
      lists.meterReadings.push(head)
      break
    case 'ReadingType':
      lists.readingTypes.push({
        ...head,
        ...textsOf(payload, {
          uom: 'uom',
          multiplier: 'powerOfTenMultiplier',
          flowDirection: 'flowDirection',
          accumulation: 'accumulationBehaviour',
          commodity: 'commodity',
        }),
      })
      break
    case 'IntervalBlock':
      lists.blocks.push({ ...head, readings })
      break
    case 'UsageSummary':
    case 'ElectricPowerUsageSummary':
      lists.summaries.push({
        ...head,
        ...textsOf(findChild(payload, 'billingPeriod'), { start: 'start', durationS: 'duration' }),
        ...textsOf(payload, { quality: 'qualityOfReading', commodity: 'commodity' }),
        ...measurementOf(payload, 'lastPeriod', 'overallConsumptionLastPeriod'),
        ...measurementOf(payload, 'currentPeriod', 'currentBillingPeriodOverAllConsumption'),
        isElectric: payload.local === 'ElectricPowerUsageSummary',
      })
      break
    case 'LocalTimeParameters':
    case 'TimeConfiguration':
      addText(lists.tzOffsets, findChildText(payload, 'tzOffset'))
      break
    case 'ServiceLocation':
      addAddress(lists, payload)
      break
    case 'CustomerAccount':
      addText(lists.accounts, findChildText(payload, 'accountId'))
      break
    case 'Meter':
      addText(lists.meters, findChildText(payload, 'serialNumber'))
      break
    default:
      break
  }
}

function addAddress(lists: Lists, location: XmlElement): void {
  const address = findChild(location, 'mainAddress')
  if (address === undefined) return
  lists.addresses.push({
    ...textsOf(findChild(address, 'townDetail'), { country: 'country', state: 'stateOrProvince' }),
    ...textsOf(address, { postalCode: 'postalCode' }),
    place: placeOf(address),
  })
}

function measurementOf<K extends string>(summary: XmlElement, key: K, local: string): Partial<Record<K, Measurement>> {
  const element = findChild(summary, local)
  if (element === undefined) return {}
  const names = { value: 'value', uom: 'uom', multiplier: 'powerOfTenMultiplier' } as const
  const measurement: Measurement = { ...textsOf(element, names), place: placeOf(element) }
  return { [key]: measurement } as Record<K, Measurement>
}

function readingOf(element: XmlElement): Reading {
  const period = findChild(element, 'timePeriod')
  const place = placeOf(element)
  if (period === undefined) throw rejection('ERR_BILL_FIELD', 'reading has no timePeriod', place)
  return {
    start: parseEpoch(findChildText(period, 'start'), placeOf(period)),
    durationS: parseDuration(findChildText(period, 'duration'), placeOf(period)),
    value: parseInt48(findChildText(element, 'value'), 'value of the reading', place),
    qualities: element.children
      .filter((child) => child.local === 'ReadingQuality')
      .map((child) => findChildText(child, 'quality') ?? trimXml(child.text)),
    place,
  }
}

function linksOf(entry: XmlElement): EntryLinks {
  const related: string[] = []
  let self: string | undefined
  let up: string | undefined
  for (const link of entry.children) {
    if (link.local !== 'link') continue
    const href = normalizeHref(link.attributes.get('href') ?? '')
    const rel = link.attributes.get('rel')
    if (href === '') continue
    if (rel === 'self') self ??= href
    else if (rel === 'up') up ??= href
    else if (rel === 'related') related.push(href)
  }
  return { ...(self === undefined ? {} : { self }), ...(up === undefined ? {} : { up }), related }
}

/** Links are compared as exact texts, a trailing slash apart: resolving them would need a base that files lack. */
function normalizeHref(href: string): string {
  const trimmed = trimXml(href)
  return trimmed.endsWith('/') ? trimmed.slice(0, -1) : trimmed
}

/** Texts of children by the wanted names; absent or empty ones are left out. */
function textsOf<K extends string>(
  element: XmlElement | undefined,
  names: Readonly<Record<K, string>>,
): { [P in K]?: string } {
  const found: { [P in K]?: string } = {}
  if (element === undefined) return found
  for (const key of Object.keys(names) as K[]) {
    const text = findChildText(element, names[key])
    if (text !== undefined) found[key] = text
  }
  return found
}

function addText(list: string[], text: string | undefined): void {
  if (text !== undefined) list.push(text)
}

function checkRoot(root: XmlElement): void {
  if (ROOTS.has(root.local) && KNOWN_NAMESPACES.has(root.uri)) return
  const message = `XML with root <${root.local.slice(0, 40)}> is not known`
  throw unsupported('ERR_BILL_FORMAT_UNKNOWN', message, placeOf(root))
}

function checkNamespace(element: XmlElement): void {
  if (OWN_NAMES.has(element.local) && !KNOWN_NAMESPACES.has(element.uri)) {
    const message = `<${element.local}> is in the foreign namespace ${JSON.stringify(element.uri.slice(0, 80))}`
    throw rejection('ERR_BILL_NAMESPACE', message, placeOf(element))
  }
}
