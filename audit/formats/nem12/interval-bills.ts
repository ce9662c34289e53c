import {
  compareDecimals,
  formatCivilDate,
  formatRational,
  makeDecimal,
  rationalOfDecimal,
  scaleDecimal,
  yearOfDay,
} from '#protocol'
import type { Decimal, Facts, FilePlace, Quantity, Readings } from '#protocol'
import { MAX_BILL_WH } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review } from '../refusal.ts'
import { formatInstant } from '../instants.ts'
import { checkConfiguration, checkExportOnly } from './configuration.ts'
import { readNmi, standardTimeOf } from './nmi.ts'
import { findKind } from './quality.ts'
import type { IntervalDay, MdffDocument } from './records.ts'
import { countQualities, hashStreams, makeStream, isRepetition, sumStreams } from './streams.ts'
import type { EnergyStream } from './streams.ts'
import { isEnergyUnit, roleOfSuffix } from './suffix.ts'

const DAY_S = 86_400
/** Longest period of one bill: ten years and a bit. */
const MAX_PERIOD_DAYS = 3_660
/** Meters that one stream has had within one file; real ones have two at most. */
const MAX_METERS = 16

/** Facts without what is the same for every bill of the format, and where their first record stands. */
export type MdffBill = {
  readonly facts: Omit<Facts, 'v' | 'extractor' | 'format' | 'commodity' | 'place'>
  readonly place: FilePlace
}

/** A day record with the participants of its document. */
type OwnedDay = { readonly day: IntervalDay; readonly participants: readonly string[] }

/**
 * One bill for each metering point of the interval records: the sum of its streams of imported energy, and of those fed
 * into the grid, apart. Points whose streams are no energy are left out.
 *
 * @throws {Refusal} with any code of the format.
 */
export function intervalBills(documents: readonly MdffDocument[]): MdffBill[] {
  const byPoint = new Map<string, OwnedDay[]>()
  for (const { days, from, to } of documents) {
    for (const day of days) {
      const owned = { day, participants: [from, to] }
      const list = byPoint.get(day.stream.nmi)
      if (list === undefined) byPoint.set(day.stream.nmi, [owned])
      else list.push(owned)
    }
  }
  const points = [...byPoint].toSorted(([a], [b]) => orderTexts(a, b))
  return points.map(([nmi, days]) => pointBill(nmi, days)).filter((bill) => bill !== undefined)
}

function pointBill(nmi: string, owned: readonly OwnedDay[]): MdffBill | undefined {
  const days = owned.map(({ day }) => day)
  const place = days[0]?.stream.place ?? {}
  const bySuffix = groupBySuffix(days)
  const flags = new Set(
    checkConfiguration(
      nmi,
      days.map(({ stream }) => stream),
    ),
  )
  const streams = energyStreams(bySuffix)
  if (streams.length === 0) {
    const secondary = [...bySuffix.keys()].find((suffix) => roleOfSuffix(suffix, place) === 'secondary')
    if (secondary === undefined) return undefined
    throw review('ERR_BILL_FLOW', `NMI ${nmi} has average, check or net streams only (${secondary})`, place)
  }
  if ([...bySuffix.keys()].some((suffix) => roleOfSuffix(suffix, place) === 'secondary')) flags.add('secondary-streams')
  const [first, last] = coverageOf(streams)
  checkSeparate(streams)
  const time = standardTimeOf(nmi, [...new Set(owned.flatMap(({ participants }) => participants))], place)
  const imports = streams.filter(({ direction }) => direction === 'import')
  const exports = streams.filter(({ direction }) => direction === 'export')
  const { kind, flags: qualityFlags } = findKind(countQualities(streams))
  for (const flag of [...qualityFlags, ...time.flags, ...readNmi(nmi, place).flags, ...streamFlags(streams)])
    flags.add(flag)
  const meter = meterOf(streams)
  if (imports.length === 0) {
    const all = days.map(({ stream }) => stream)
    checkExportOnly(nmi, all)
    flags.add('export-only')
  }
  const readings = imports.length === 0 ? undefined : readingsOf(imports, [first, last], time.offsetS)
  const facts = {
    point: nmi,
    ...(meter === undefined ? {} : { meter }),
    service: {
      start: formatCivilDate(first),
      end: formatCivilDate(last + 1),
      startUtc: formatInstant(first * DAY_S - time.offsetS),
      endUtc: formatInstant((last + 1) * DAY_S - time.offsetS),
      basis: 'reading-dates' as const,
    },
    import: quantityOf(imports, exports),
    ...(exports.length === 0 ? {} : { export: quantityOf(exports, exports) }),
    kind,
    flags: [...flags].toSorted(orderTexts),
    ...(readings === undefined ? {} : { readings }),
    sources: sourcesOf(imports, exports),
  }
  return { facts, place }
}

function groupBySuffix(days: readonly IntervalDay[]): Map<string, IntervalDay[]> {
  const bySuffix = new Map<string, IntervalDay[]>()
  for (const day of days) {
    const { suffix, uom, place } = day.stream
    if (roleOfSuffix(suffix, place) === 'not-energy' && isEnergyUnit(uom)) {
      throw review('ERR_BILL_UNIT', `stream ${suffix} is no active energy by its suffix, and ${uom} by its unit`, place)
    }
    const list = bySuffix.get(suffix)
    if (list === undefined) bySuffix.set(suffix, [day])
    else list.push(day)
  }
  return bySuffix
}

function energyStreams(bySuffix: ReadonlyMap<string, readonly IntervalDay[]>): EnergyStream[] {
  return [...bySuffix]
    .toSorted(([a], [b]) => orderTexts(a, b))
    .flatMap(([suffix, days]) => {
      const role = roleOfSuffix(suffix, days[0]?.stream.place ?? {})
      return role === 'import' || role === 'export' ? [makeStream(suffix, role, days)] : []
    })
}

/**
 * Streams of one direction add up only when they are different registers: one register under two suffixes is one energy,
 * and so may be two streams that name no register and have the same figures.
 */
function checkSeparate(streams: readonly EnergyStream[]): void {
  streams.forEach((stream, index) => {
    const other = streams.slice(0, index).find((one) => one.direction === stream.direction && isOneEnergy(one, stream))
    if (other === undefined) return
    const message = `streams ${other.suffix} and ${stream.suffix} are one register, or repeat one series`
    throw review('ERR_BILL_SEVERAL_SERIES', message, stream.place)
  })
}

function isOneEnergy(a: EnergyStream, b: EnergyStream): boolean {
  const pairs = registersOf(a).flatMap((one) => registersOf(b).map((other) => [one, other] as const))
  const isOther = (x: string, y: string): boolean => x !== '' && y !== '' && x !== y
  const apart = pairs.filter(([x, y]) => isOther(x.register, y.register) || isOther(x.serial, y.serial))
  if (apart.length === pairs.length) return false
  const isNamed = pairs.some(
    ([x, y]) => x.register !== '' && x.register === y.register && x.serial !== '' && x.serial === y.serial,
  )
  return isNamed || isRepetition(a, b)
}

/** Registers of a stream with their meters, each once; one of them or both may be nameless. */
function registersOf({ days, suffix, place }: EnergyStream): { readonly register: string; readonly serial: string }[] {
  const named = new Map(
    days.map(({ stream: { register, serial } }) => [JSON.stringify([serial, register]), { register, serial }]),
  )
  if (named.size > MAX_METERS) {
    throw review('ERR_BILL_SEVERAL_SERIES', `stream ${suffix} changed its meter ${named.size} times`, place)
  }
  return [...named.values()]
}

/** First and last day; a stream that covers other days than the rest leaves a gap in the sum. */
function coverageOf(streams: readonly EnergyStream[]): [number, number] {
  const spans = streams.map((stream) => ({
    stream,
    first: stream.days[0]?.day ?? 0,
    last: stream.days.at(-1)?.day ?? 0,
  }))
  const first = Math.min(...spans.map((span) => span.first))
  const last = Math.max(...spans.map((span) => span.last))
  const partial = spans.find((span) => span.first !== first || span.last !== last)
  if (partial !== undefined) {
    const message = `stream ${partial.stream.suffix} has ${partial.stream.days.length} of ${last - first + 1} days`
    throw review('ERR_BILL_GAP', message, partial.stream.place)
  }
  if (last - first >= MAX_PERIOD_DAYS) {
    throw rejection('ERR_BILL_PERIOD', `file spans ${last - first + 1} days, more than ten years`, streams[0]?.place)
  }
  return [first, last]
}

function streamFlags(streams: readonly EnergyStream[]): string[] {
  const serials = new Set(streams.flatMap(({ days }) => days.map(({ stream }) => stream.serial)))
  return [
    ...(streams.some(({ duplicates }) => duplicates > 0) ? ['duplicates-dropped'] : []),
    ...(streams.some(({ isRevised }) => isRevised) ? ['revisions-superseded'] : []),
    ...(serials.size > 1 ? ['several-meters'] : []),
  ]
}

function meterOf(streams: readonly EnergyStream[]): string | undefined {
  const serials = [...new Set(streams.flatMap(({ days }) => days.map(({ stream }) => stream.serial)))]
  return serials.length === 1 && serials[0] !== '' ? serials[0] : undefined
}

/** Sum in the unit of the streams, or in kWh when they have several; `model` names the unit of an empty sum. */
function quantityOf(streams: readonly EnergyStream[], model: readonly EnergyStream[]): Quantity {
  const wh = sumStreams(streams)
  const units = new Map((streams.length === 0 ? model : streams).map(({ unit }) => [unit.unit, unit]))
  const [only] = [...units.values()]
  if (compareDecimals(wh, makeDecimal(MAX_BILL_WH, 0)) > 0) {
    throw rejection('ERR_BILL_ABSURD', 'energy is beyond any customer', streams[0]?.place)
  }
  const { unit, power } = units.size === 1 && only !== undefined ? only : ({ unit: 'kWh', power: 3 } as const)
  return { value: scaleDecimal(wh, -power), unit }
}

function readingsOf(imports: readonly EnergyStream[], [first, last]: [number, number], offsetS: number): Readings {
  const years = new Set([yearOfDay(first), yearOfDay(last)])
  const whByYear: { year: number; wh: string }[] = []
  for (let year = Math.min(...years); years.size > 1 && year <= Math.max(...years); year += 1) {
    const wh: Decimal = sumStreams(imports, (day) => yearOfDay(day) === year)
    whByYear.push({ year, wh: formatRational(rationalOfDecimal(wh)) })
  }
  return {
    count: imports.reduce((count, { days }) => count + days.reduce((total, { values }) => total + values.length, 0), 0),
    duplicates: imports.reduce((count, { duplicates }) => count + duplicates, 0),
    gaps: 0,
    seriesHash: hashStreams(imports, offsetS),
    ...(whByYear.length === 0 ? {} : { whByYear }),
  }
}

function sourcesOf(imports: readonly EnergyStream[], exports: readonly EnergyStream[]): Record<string, string> {
  const named = (streams: readonly EnergyStream[]): string => streams.map(({ suffix }) => suffix).join(', ')
  return {
    point: '200 NMI',
    service: '300 IntervalDate',
    import:
      imports.length === 0 ? '200 NMIConfiguration: no stream of import' : `300 IntervalValue of ${named(imports)}`,
    ...(exports.length === 0 ? {} : { export: `300 IntervalValue of ${named(exports)}` }),
    kind: '300, 400 QualityMethod',
    place: 'MDFF, the format of the Australian market',
  }
}
