import { review, rejection } from '../refusal.ts'
import type { EntryLinks, EspiDocument, MeterReading, Reading, ReadingType, UsagePoint } from './document.ts'

/** All readings of one meter reading, with what they mean and whose they are. */
export type Series = {
  readonly usagePoint?: UsagePoint
  readonly readingType: ReadingType
  readonly readings: readonly Reading[]
  /** `link-fallback` when a link was missing and the file had one candidate only. */
  readonly flags: readonly string[]
}

/**
 * The series of a file, by its links and never by the order of its entries; blocks without readings are left out.
 *
 * @throws {Refusal} ERR_BILL_LINK when a chain from block to reading type or usage point is missing or not unique.
 */
export function linkSeries(document: EspiDocument): Series[] {
  const flags = new Set<string>()
  const metersByChild = indexByLink(document.meterReadings, (meter) => meter.links.related)
  const pointsByChild = indexByLink(document.usagePoints, (point) => point.links.related)
  const typesBySelf = indexByLink(document.readingTypes, (type) => listOf(type.links.self))

  const readings = new Map<MeterReading, Reading[]>()
  for (const block of document.blocks) {
    if (block.readings.length === 0) continue
    const meter = pickOne(metersByChild, namesOf(block.links), document.meterReadings, flags)
    if (meter === undefined) {
      throw rejection('ERR_BILL_LINK', 'interval block does not lead to one meter reading', block.place)
    }
    const list = readings.get(meter)
    if (list === undefined) readings.set(meter, [...block.readings])
    else for (const reading of block.readings) list.push(reading)
  }
  return [...readings].map(([meter, list]) => {
    const readingType = pickOne(typesBySelf, meter.links.related, document.readingTypes, flags)
    if (readingType === undefined) {
      throw rejection(
        'ERR_BILL_LINK',
        'meter reading does not lead to one reading type: its unit is unknown',
        meter.place,
      )
    }
    const usagePoint = pickOne(pointsByChild, namesOf(meter.links), document.usagePoints, flags)
    if (usagePoint === undefined && document.usagePoints.length > 0) {
      throw review('ERR_BILL_LINK', 'meter reading does not lead to one usage point', meter.place)
    }
    return { ...(usagePoint === undefined ? {} : { usagePoint }), readingType, readings: list, flags: [...flags] }
  })
}

/** Several items under one link; kept as a mark, not as a list, so that repeated links cost nothing. */
const AMBIGUOUS = Symbol('ambiguous')

/** Items by link; several under one link are a mark. */
export type LinkIndex<T> = ReadonlyMap<string, T | typeof AMBIGUOUS>

/** Items by their links. */
export function indexByLink<T>(items: readonly T[], linksOf: (item: T) => readonly string[]): LinkIndex<T> {
  const index = new Map<string, T | typeof AMBIGUOUS>()
  for (const item of items) {
    for (const link of linksOf(item)) {
      const known = index.get(link)
      index.set(link, known === undefined || known === item ? item : AMBIGUOUS)
    }
  }
  return index
}

/** Names under which a parent may link to an entry: the entry itself, or the collection that it is in. */
export function namesOf(links: EntryLinks): string[] {
  return [...listOf(links.self), ...listOf(links.up)]
}

function listOf(link: string | undefined): string[] {
  return link === undefined ? [] : [link]
}

/** The only item under any of the links; if there is none, the only candidate of the file, flagged; else `undefined`. */
export function pickOne<T>(
  index: LinkIndex<T>,
  links: readonly string[],
  candidates: readonly T[],
  flags: Set<string>,
): T | undefined {
  const found = new Set(links.map((link) => index.get(link)).filter((item) => item !== undefined))
  const [first] = found
  if (found.size > 1 || first === AMBIGUOUS) return undefined
  if (first !== undefined) return first
  if (candidates.length !== 1) return undefined
  flags.add('link-fallback')
  return candidates[0]
}
