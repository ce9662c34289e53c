import { review, rejection } from '../refusal.ts'
import type { EspiDocument, IntervalBlock, MeterReading, Reading, ReadingType, UsagePoint } from './document.ts'
import { indexByLink, namesOf, parentPaths, pickOne, selfOf } from './links.ts'
import { timeReadings } from './untimed.ts'

/** All readings of one meter reading, with what they mean and whose they are. */
export type Series = {
  readonly usagePoint?: UsagePoint
  /** Link of the usage point: its own, or what the path of the meter reading says where the point is not in the file. */
  readonly point?: string
  readonly readingType: ReadingType
  readonly readings: readonly Reading[]
  readonly flags: readonly string[]
}

/** What a meter reading leads to, while blocks are gathered. */
type Gathered = { readonly readings: Reading[]; readonly untimed: IntervalBlock[]; readonly flags: Set<string> }

/**
 * The series of a file, by its links and never by the order of its entries; blocks without readings are left out.
 *
 * @throws {Refusal} ERR_BILL_LINK when a chain from block to reading type or usage point is missing or not unique;
 * ERR_BILL_FIELD for readings without a time.
 */
export function linkSeries(document: EspiDocument): Series[] {
  const gathered = gatherBlocks(document)
  const types = indexByLink(document.readingTypes, ({ links }) => selfOf(links))
  const pointsByChild = indexByLink(document.usagePoints, ({ links }) => links.related)
  const pointsBySelf = indexByLink(document.usagePoints, ({ links }) => selfOf(links))

  return [...gathered].map(([meter, { readings, untimed, flags }]) => {
    const { links, place } = meter
    const type = pickOne({ index: types, links: links.related, candidates: document.readingTypes })
    if (type === undefined) {
      const message = 'meter reading does not lead to one reading type: its unit is unknown'
      throw rejection('ERR_BILL_LINK', message, place)
    }
    const paths = parentPaths(links, 'MeterReading')
    const point = pickOne({
      index: pointsByChild,
      links: namesOf(links),
      byPath: { index: pointsBySelf, links: paths },
      candidates: document.usagePoints,
    })
    if (point === undefined && document.usagePoints.length > 0) {
      throw review('ERR_BILL_LINK', 'meter reading does not lead to one usage point', place)
    }
    for (const block of untimed) {
      for (const reading of timeReadings(block, type.item)) readings.push(reading)
      flags.add('times-by-order')
    }
    for (const flag of [...type.flags, ...(point?.flags ?? [])]) flags.add(flag)
    const name = point === undefined ? onlyOf(paths) : point.item.links.self
    return {
      ...(point === undefined ? {} : { usagePoint: point.item }),
      ...(name === undefined ? {} : { point: name }),
      readingType: type.item,
      readings,
      flags: [...flags],
    }
  })
}

function gatherBlocks(document: EspiDocument): Map<MeterReading, Gathered> {
  const byChild = indexByLink(document.meterReadings, ({ links }) => links.related)
  const bySelf = indexByLink(document.meterReadings, ({ links }) => selfOf(links))
  const gathered = new Map<MeterReading, Gathered>()
  const meters = document.meterReadings.length > 0 ? document.meterReadings : impliedMeters(document)
  for (const block of document.blocks) {
    if (block.readings.length === 0 && block.untimed.length === 0) continue
    const meter = pickOne({
      index: byChild,
      links: namesOf(block.links),
      byPath: { index: bySelf, links: parentPaths(block.links, 'IntervalBlock') },
      candidates: meters,
    })
    if (meter === undefined) {
      throw rejection('ERR_BILL_LINK', 'interval block does not lead to one meter reading', block.place)
    }
    let into = gathered.get(meter.item)
    if (into === undefined) gathered.set(meter.item, (into = { readings: [], untimed: [], flags: new Set() }))
    for (const reading of block.readings) into.readings.push(reading)
    if (block.untimed.length > 0) into.untimed.push(block)
    for (const flag of meter.flags) into.flags.add(flag)
  }
  return gathered
}

/**
 * The meter reading of a file that has none, but one reading type and blocks of one series: everything else would have to be
 * guessed.
 */
function impliedMeters({ blocks, readingTypes }: EspiDocument): MeterReading[] {
  const [type] = readingTypes
  const series = new Set(blocks.flatMap(({ links }) => parentPaths(links, 'IntervalBlock')))
  if (type === undefined || readingTypes.length > 1 || series.size > 1) return []
  const [self] = series
  return [{ links: { ...(self === undefined ? {} : { self }), ups: [], related: [] }, place: type.place }]
}

function onlyOf(paths: readonly string[]): string | undefined {
  return paths.length === 1 ? paths[0] : undefined
}
