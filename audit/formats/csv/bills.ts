import {
  addDecimals,
  compareDecimals,
  divideFloor,
  formatCivilDate,
  formatDecimal,
  formatRational,
  isEnergy,
  makeDecimal,
  multiplyRationals,
  rationalOfDecimal,
  toWh,
  yearOfDay,
} from '#protocol'
import type { Facts, FactsKind, Metered, Quantity, Readings, Service } from '#protocol'
import { formatInstant } from '../instants.ts'
import { MAX_BILL_WH, MAX_READING_WH } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review } from '../refusal.ts'
import { hashSeries } from '../series-hash.ts'
import type { HashedReading } from '../series-hash.ts'
import type { CsvProfile } from './profile.ts'
import type { CsvSeries, Owner } from './readings.ts'
import { makeTimeline } from './timeline.ts'
import type { PlacedReading, Timeline } from './timeline.ts'
import type { Zone } from './zones.ts'

const DAY_S = 86_400
const HALF_DAY_S = 43_200
/** Longest period of one bill: ten years and a bit. */
const MAX_PERIOD_S = 3_660 * DAY_S
/** Powers of ten over Wh, for units that are such. */
const WH_POWERS: ReadonlyMap<string, number> = new Map([
  ['Wh', 0],
  ['kWh', 3],
  ['MWh', 6],
  ['GWh', 9],
])

/** A series on the time line. */
type PlacedSeries = { readonly series: CsvSeries; readonly timeline: Timeline }

/** Facts of one owner, without what the format adds. */
export type CsvBill = Pick<Facts, 'service' | 'import' | 'kind' | 'flags' | 'sources'> &
  Partial<Pick<Facts, 'point' | 'account' | 'meter' | 'export' | 'readings'>>

/**
 * One bill for each metering point (or account, or meter) of a table, ordered by it.
 *
 * @throws {Refusal} with any code of time lines; ERR_BILL_FLOW, ERR_BILL_ABSURD, ERR_BILL_PERIOD, ERR_BILL_GAP.
 */
export function makeBills(profile: CsvProfile, series: readonly CsvSeries[], zone: Zone): CsvBill[] {
  const byOwner = new Map<string, PlacedSeries[]>()
  for (const one of series) {
    const key = keyOf(one.owner)
    const placed = { series: one, timeline: makeTimeline(one.readings, profile.time, zone) }
    const list = byOwner.get(key)
    if (list === undefined) byOwner.set(key, [placed])
    else list.push(placed)
  }
  return [...byOwner].toSorted(([a], [b]) => orderTexts(a, b)).map(([, list]) => ownerBill(profile, list, zone))
}

function keyOf({ point, account, meter }: Owner): string {
  return point === undefined ? JSON.stringify([account, meter]) : point
}

function ownerBill(profile: CsvProfile, placed: readonly PlacedSeries[], zone: Zone): CsvBill {
  const of = (role: string): PlacedSeries[] => placed.filter(({ series }) => series.shape.role === role)
  const [imports, exports, corroborations] = [of('import'), of('export'), of('corroboration')]
  const [first] = placed
  const [imported] = imports
  if (first === undefined) throw new TypeError('an owner has at least one series')
  if (imported === undefined) {
    const message = 'there is no series of consumption'
    throw review('ERR_BILL_FLOW', message, { line: first.series.readings[0]?.line ?? 1, column: 1 })
  }
  checkMeters(placed)
  checkCoverage(placed, imported)
  const { start, end } = imported.timeline
  if (end - start > MAX_PERIOD_S) {
    throw rejection('ERR_BILL_PERIOD', 'readings span more than ten years', {
      line: imported.series.readings[0]?.line ?? 1,
    })
  }
  const { service, flags: dayFlags } = labelService(start, end, zone)
  const exported = exports.length === 0 ? undefined : sumOf(exports)
  const flags = new Set([
    ...dayFlags,
    ...placed.flatMap(({ series, timeline }) => [...series.flags, ...timeline.flags]),
  ])
  const { owner } = first.series
  if (owner.point === undefined && owner.account === undefined) flags.add('no-identifier')
  return {
    ...(owner.point === undefined ? {} : { point: owner.point }),
    ...(owner.account === undefined ? {} : { account: owner.account }),
    ...(owner.meter === undefined ? {} : { meter: owner.meter }),
    service,
    import: sumOf(imports),
    ...(exported === undefined ? {} : { export: energyOf(exported) }),
    kind: kindOf([...imports, ...exports]),
    flags: [...flags],
    readings: readingsOf(imports, zone),
    sources: sourcesOf(profile, imports, exports, corroborations),
  }
}

/** Two meters of one point may measure one energy, or one may have replaced the other. */
function checkMeters(placed: readonly PlacedSeries[]): void {
  const meters = new Set(placed.map(({ series }) => series.owner.meter))
  const other = placed.find(({ series }) => series.owner.meter !== placed[0]?.series.owner.meter)
  if (other === undefined) return
  const message = `${meters.size} meters are of one metering point`
  throw review('ERR_BILL_SEVERAL_SERIES', message, { line: other.series.readings[0]?.line ?? 1, column: 1 })
}

/** All series of an owner cover the same time: else a sum would be too low. */
function checkCoverage(placed: readonly PlacedSeries[], { timeline }: PlacedSeries): void {
  for (const { series, timeline: other } of placed) {
    if (other.start === timeline.start && other.end === timeline.end) continue
    const message = `series ${series.shape.value} (${series.shape.unit}) covers another time than the others`
    throw review('ERR_BILL_GAP', message, { line: series.readings[0]?.line ?? 1, column: 1, path: series.shape.value })
  }
}

/** Sum of series of one unit, or of one energy in Wh. */
function sumOf(placed: readonly PlacedSeries[]): Metered {
  const units = new Set(placed.map(({ series }) => series.shape.unit))
  const [unit] = units
  if (unit === undefined || units.size > 1) throw new TypeError('series of several units are added')
  const total = placed
    .flatMap(({ timeline }) => timeline.placed)
    .reduce(
      (sums, { reading }) => sums.set(reading.e, (sums.get(reading.e) ?? 0n) + reading.u),
      new Map<number, bigint>(),
    )
  const value = [...total].map(([e, u]) => makeDecimal(u, e)).reduce(addDecimals, makeDecimal(0n, 0))
  const amount = { value, unit } as Metered
  const place = { line: placed[0]?.series.readings[0]?.line ?? 1, column: 1 }
  if (isEnergy(amount) && isAbove(amount, MAX_BILL_WH)) {
    throw rejection('ERR_BILL_ABSURD', 'energy is beyond any customer', place)
  }
  for (const { timeline } of isEnergy(amount) ? placed : []) {
    const largest = timeline.placed.reduce((most, one) => (isLarger(one, most) ? one : most))
    const reading = { value: makeDecimal(largest.reading.u, largest.reading.e), unit } as Quantity
    if (isAbove(reading, MAX_READING_WH)) {
      throw rejection('ERR_BILL_ABSURD', 'reading is beyond any customer', { line: largest.reading.line, column: 1 })
    }
  }
  return amount
}

function isLarger(a: PlacedReading, b: PlacedReading): boolean {
  if (a.reading.e === b.reading.e) return a.reading.u > b.reading.u
  return compareDecimals(makeDecimal(a.reading.u, a.reading.e), makeDecimal(b.reading.u, b.reading.e)) > 0
}

function isAbove(energy: Quantity, limitWh: bigint): boolean {
  const { n, d } = toWh(energy)
  return n > limitWh * d
}

function energyOf(amount: Metered): Quantity {
  if (!isEnergy(amount)) throw new TypeError('a volume is fed into the grid')
  return amount
}

function kindOf(placed: readonly PlacedSeries[]): FactsKind {
  const all = placed.flatMap(({ timeline }) => timeline.placed)
  const estimated = all.reduce((count, { reading }) => count + (reading.isEstimated ? 1 : 0), 0)
  if (estimated === 0) return 'actual'
  return estimated === all.length ? 'estimated' : 'mixed'
}

/**
 * Civil days of a period: each instant goes to the nearest local midnight, as one instant must give one date, as end and
 * as start.
 */
function labelService(start: number, end: number, zone: Zone): { service: Service; flags: string[] } {
  const [startWall, endWall] = [start + zone.offsetAt(start), end + zone.offsetAt(end)]
  const [first, last] = [divideFloor(startWall + HALF_DAY_S, DAY_S), divideFloor(endWall + HALF_DAY_S, DAY_S)]
  const startDay = last > first ? first : divideFloor(startWall, DAY_S)
  const isWhole = startWall === first * DAY_S && endWall === last * DAY_S
  return {
    service: {
      start: formatCivilDate(startDay),
      end: formatCivilDate(last > first ? last : startDay + 1),
      startUtc: formatInstant(start),
      endUtc: formatInstant(end),
      basis: 'reading-dates',
    },
    flags: isWhole ? [] : ['not-whole-days'],
  }
}

function readingsOf(imports: readonly PlacedSeries[], zone: Zone): Readings {
  const whByYear = yearsOf(imports, zone)
  return {
    count: imports.reduce((count, { timeline }) => count + timeline.placed.length, 0),
    duplicates: imports.reduce((count, { timeline }) => count + timeline.duplicates, 0),
    gaps: 0,
    seriesHash: hashSeries(hashedOf(imports)),
    ...(whByYear.length < 2 ? {} : { whByYear }),
  }
}

function* hashedOf(imports: readonly PlacedSeries[]): Iterable<HashedReading> {
  const [only, ...others] = imports
  if (only === undefined) return
  const power = WH_POWERS.get(only.series.shape.unit) ?? 0
  // All series of import are in one unit, and cover the same time.
  const all = others.length === 0 ? only.timeline.placed : imports.flatMap(({ timeline }) => timeline.placed)
  const ordered = others.length === 0 ? all : all.toSorted((a, b) => a.start - b.start)
  for (const { start, reading } of ordered) {
    const { durationS, u, e, quality } = reading
    yield { start, durationS, value: u, e: e + power, quality }
  }
}

/** Energy of each local calendar year; no interval reaches over midnight. */
function yearsOf(imports: readonly PlacedSeries[], zone: Zone): { year: number; wh: string }[] {
  const unit = imports[0]?.series.shape.unit
  const one = { value: makeDecimal(1n, 0), unit } as Metered
  if (unit === undefined || !isEnergy(one)) return []
  const byYear = new Map<number, Map<number, bigint>>()
  for (const { timeline } of imports) {
    for (const { start, reading } of timeline.placed) {
      const year = yearOfDay(divideFloor(start + zone.offsetAt(start), DAY_S))
      const sums = byYear.get(year) ?? new Map<number, bigint>()
      byYear.set(year, sums.set(reading.e, (sums.get(reading.e) ?? 0n) + reading.u))
    }
  }
  return [...byYear]
    .toSorted(([a], [b]) => a - b)
    .map(([year, sums]) => {
      const sum = [...sums].map(([e, u]) => makeDecimal(u, e)).reduce(addDecimals, makeDecimal(0n, 0))
      return { year, wh: formatRational(multiplyRationals(rationalOfDecimal(sum), toWh(one))) }
    })
}

function sourcesOf(
  profile: CsvProfile,
  imports: readonly PlacedSeries[],
  exports: readonly PlacedSeries[],
  corroborations: readonly PlacedSeries[],
): Record<string, string> {
  const named = (placed: readonly PlacedSeries[]): string =>
    placed.map(({ series: { shape } }) => describe(shape)).join(', ')
  const { time, identities = [] } = profile
  const stamp = time.kind === 'rows' ? time.start : time.kind === 'days' ? time.day : time.stamp
  const volumes = corroborations.map((one) => {
    const { value, unit } = sumOf([one])
    return `${formatDecimal(value)} ${unit}`
  })
  return {
    import: named(imports),
    ...(exports.length === 0 ? {} : { export: named(exports) }),
    ...(volumes.length === 0 ? {} : { corroboration: `${named(corroborations)}: ${volumes.join(', ')}` }),
    service: `column ${stamp.columns.join(', ')}`,
    ...Object.fromEntries(
      identities.map(({ fact, from }) => [fact, 'column' in from ? `column ${from.column}` : `line ${from.preamble}`]),
    ),
  }
}

function describe({ value, when, unit }: CsvSeries['shape']): string {
  const column = value === 'slots' ? 'columns of intervals' : `column ${value}`
  return when === undefined ? `${column}, ${unit}` : `${column} where ${when.column} is ${when.text}`
}
