import {
  addDecimals,
  compareDecimals,
  divideFloor,
  formatCivilDate,
  makeDecimal,
  parseDecimal,
  scaleDecimal,
  ValueError,
} from '#protocol'
import type { Decimal, FilePlace, Quantity } from '#protocol'
import { formatInstant } from '../instants.ts'
import { EXTRACTION_LIMITS, MAX_BILL_WH } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review } from '../refusal.ts'
import { checkConfiguration, checkExportOnly } from './configuration.ts'
import type { MdffBill } from './interval-bills.ts'
import { readNmi, standardTimeOf } from './nmi.ts'
import { checkQuality, findKind } from './quality.ts'
import type { MdffDocument, RegisterRead } from './records.ts'
import { isEnergyUnit, unitOfEnergy } from './suffix.ts'

const DAY_S = 86_400
/** Longest period of one bill: ten years and a bit. */
const MAX_PERIOD_DAYS = 3_660

type OwnedRead = { readonly read: RegisterRead; readonly participants: readonly string[] }

/**
 * One bill for each metering point and each pair of reading dates: the sum of its registers, import and export apart.
 *
 * @throws {Refusal} with any code of the format.
 */
export function registerBills(documents: readonly MdffDocument[]): MdffBill[] {
  const byPeriod = new Map<string, OwnedRead[]>()
  for (const { reads, from, to } of documents) {
    for (const read of reads) {
      if (!isEnergyUnit(read.uom) && read.uom !== '') continue
      const { start, end } = datesOf(read)
      const key = `${read.nmi} ${formatCivilDate(start)} ${formatCivilDate(end)}`
      const list = byPeriod.get(key)
      const owned = { read, participants: [from, to] }
      if (list === undefined) byPeriod.set(key, [owned])
      else list.push(owned)
      if (byPeriod.size > EXTRACTION_LIMITS.bills) {
        const message = `more than ${EXTRACTION_LIMITS.bills} bills in one file`
        throw rejection('ERR_BILL_TOO_LARGE', message, read.place)
      }
    }
  }
  return [...byPeriod].toSorted(([a], [b]) => orderTexts(a, b)).map(([, reads]) => periodBill(reads))
}

function periodBill(owned: readonly OwnedRead[]): MdffBill {
  const { reads, flags: revisionFlags } = latestReads(owned.map(({ read }) => read))
  const [first] = reads
  if (first === undefined) throw new TypeError('a bill has at least one register')
  const { nmi, place } = first
  const flags = new Set([...revisionFlags, ...checkConfiguration(nmi, reads), ...readNmi(nmi, place).flags])
  const time = standardTimeOf(nmi, [...new Set(owned.flatMap(({ participants }) => participants))], place)
  const qualities = new Map<string, number>()
  for (const { previous, current, place: where } of reads) {
    for (const { quality } of [previous, current]) {
      checkQuality(quality, where)
      qualities.set(quality, (qualities.get(quality) ?? 0) + 1)
    }
  }
  const { kind, flags: qualityFlags } = findKind(qualities)
  const imports = reads.filter(({ direction }) => direction === 'E')
  const exports = reads.filter(({ direction }) => direction === 'I')
  if (imports.length === 0) {
    checkExportOnly(nmi, reads)
    flags.add('export-only')
  }
  for (const flag of [...qualityFlags, ...time.flags]) flags.add(flag)
  const serials = new Set(reads.map(({ serial }) => serial))
  const meter = serials.size === 1 ? first.serial : ''
  if (serials.size > 1) flags.add('several-meters')
  const { start, end } = datesOf(first)
  const isOneInstant = reads.every((read) => isSameInstants(read, first))
  const facts = {
    point: nmi,
    ...(meter === '' ? {} : { meter }),
    service: {
      start: formatCivilDate(start),
      end: formatCivilDate(end),
      ...(isOneInstant ? { startUtc: formatInstant(first.previous.standardS - time.offsetS) } : {}),
      ...(isOneInstant ? { endUtc: formatInstant(first.current.standardS - time.offsetS) } : {}),
      basis: 'reading-dates' as const,
    },
    import: sumOf(imports, first),
    ...(exports.length === 0 ? {} : { export: sumOf(exports, first) }),
    kind,
    flags: [...flags].toSorted(orderTexts),
    sources: {
      point: '250 NMI',
      service: '250 PreviousRegisterReadDateTime, CurrentRegisterReadDateTime',
      import: imports.length === 0 ? '250 DirectionIndicator: no register of import' : '250 Quantity, direction E',
      ...(exports.length === 0 ? {} : { export: '250 Quantity, direction I' }),
      kind: '250 PreviousQualityMethod, CurrentQualityMethod',
      place: 'MDFF, the format of the Australian market',
    },
  }
  return { facts, place }
}

/** Each register once; where one stands twice, the later version of it. */
function latestReads(reads: readonly RegisterRead[]): { reads: RegisterRead[]; flags: string[] } {
  const byRegister = new Map<string, RegisterRead>()
  const flags = new Set<string>()
  for (const read of reads.toSorted((a, b) => orderTexts(a.updated, b.updated))) {
    const key = `${read.suffix} ${read.serial} ${read.register}`
    const known = byRegister.get(key)
    if (known !== undefined && isSameRead(known, read)) flags.add('duplicates-dropped')
    else if (known !== undefined && known.updated !== '' && known.updated !== read.updated)
      flags.add('revisions-superseded')
    else if (known !== undefined) {
      const message = 'one register has two different records, and no update time tells which is the later'
      throw review('ERR_BILL_READINGS_CONFLICT', message, read.place)
    }
    byRegister.set(key, read)
  }
  const latest = [...byRegister.values()].toSorted((a, b) => orderTexts(a.suffix, b.suffix))
  latest.forEach((read, index) => {
    const other = latest.slice(0, index).find((one) => one.suffix === read.suffix || isOneRegister(one, read))
    if (other === undefined) return
    const message = `registers ${other.suffix} and ${read.suffix} may be one: adding them would count twice`
    throw review('ERR_BILL_SEVERAL_SERIES', message, read.place)
  })
  return { reads: latest, flags: [...flags] }
}

function isOneRegister(a: RegisterRead, b: RegisterRead): boolean {
  return a.register !== '' && a.serial !== '' && a.register === b.register && a.serial === b.serial
}

function isSameRead(a: RegisterRead, b: RegisterRead): boolean {
  return (
    isSameInstants(a, b) &&
    a.direction === b.direction &&
    a.uom.toLowerCase() === b.uom.toLowerCase() &&
    [a.quantity, a.previous.value, a.current.value, a.previous.quality, a.current.quality].join() ===
      [b.quantity, b.previous.value, b.current.value, b.previous.quality, b.current.quality].join()
  )
}

function isSameInstants(a: RegisterRead, b: RegisterRead): boolean {
  return a.previous.standardS === b.previous.standardS && a.current.standardS === b.current.standardS
}

/** Days of the two readings; a register is read within a day, and the day of a reading begins the next period. */
function datesOf({ previous, current, place }: RegisterRead): { start: number; end: number } {
  const [start, end] = [divideFloor(previous.standardS, DAY_S), divideFloor(current.standardS, DAY_S)]
  if (current.standardS <= previous.standardS || end - start > MAX_PERIOD_DAYS) {
    throw rejection('ERR_BILL_PERIOD', 'current reading is not after the previous one, by ten years at most', place)
  }
  if (start === end) throw review('ERR_BILL_PERIOD', 'both readings are of one day', place)
  return { start, end }
}

function sumOf(reads: readonly RegisterRead[], model: RegisterRead): Quantity {
  const units = new Map(
    (reads.length === 0 ? [model] : reads).map((read) => {
      const unit = unitOfEnergy(read.uom, read.suffix, read.place)
      return [unit.unit, unit]
    }),
  )
  const [only] = [...units.values()]
  const wh = reads
    .map((read) => scaleDecimal(energyOf(read), unitOfEnergy(read.uom, read.suffix, read.place).power))
    .reduce(addDecimals, makeDecimal(0n, 0))
  if (compareDecimals(wh, makeDecimal(MAX_BILL_WH, 0)) > 0) {
    throw rejection('ERR_BILL_ABSURD', 'energy is beyond any customer', reads[0]?.place)
  }
  const { unit, power } = units.size === 1 && only !== undefined ? only : ({ unit: 'kWh', power: 3 } as const)
  return { value: scaleDecimal(wh, -power), unit }
}

/**
 * Quantity of a register, which must be the difference of its readings.
 *
 * @throws {Refusal} ERR_BILL_ACCUMULATION when the register went back, ERR_BILL_ARITHMETIC when the two differ: a
 * multiplier, or a mistake; ERR_BILL_NUMBER.
 */
function energyOf({ previous, current, quantity, place }: RegisterRead): Decimal {
  const [before, after] = [parseValue(previous.value, place), parseValue(current.value, place)]
  const stated = parseValue(quantity, place)
  if (stated.u < 0n) throw rejection('ERR_BILL_NEGATIVE', 'Quantity is negative', place)
  if (compareDecimals(after, before) < 0) {
    throw review('ERR_BILL_ACCUMULATION', 'register went back: it rolled over, or was exchanged', place)
  }
  const difference = addDecimals(after, { u: -before.u, e: before.e })
  if (compareDecimals(difference, stated) !== 0) {
    throw review(
      'ERR_BILL_ARITHMETIC',
      `readings and Quantity ${JSON.stringify(quantity)} contradict each other`,
      place,
    )
  }
  return stated
}

function parseValue(text: string, place: FilePlace): Decimal {
  try {
    return parseDecimal(text.startsWith('.') ? `0${text}` : text)
  } catch (thrown) {
    if (!(thrown instanceof ValueError)) throw thrown
    throw rejection('ERR_BILL_NUMBER', thrown.message, place)
  }
}
