import {
  addDecimals,
  compareRationals,
  decimalOfRational,
  formatDecimal,
  multiplyRationals,
  rationalOfDecimal,
} from '#protocol'
import type { FactsKind, Metered, Rational } from '#protocol'
import { review } from '../refusal.ts'
import { daysOf, parseFigure } from './figures.ts'
import { normaliseNumber, normalisePoint } from './identifiers.ts'
import { splitWords, wordList } from './match-words.ts'
import { isMetered, isNearMiss, parseMetered } from './measure-units.ts'
import type { Days, EndDate, Meter, MeteredPoint, MeterReading, PrintedQuantity } from './model.ts'
import { compareMetered, sumMetered } from './sums.ts'
import { EXPORT_REGISTERS, PLANT_REGISTERS } from './tables/codes.ts'

/** What one register of one meter counted in one period. */
export type Register = {
  readonly reading: MeterReading
  readonly meter?: string
  readonly isExport: boolean
  readonly metered: Metered
  readonly days: Days
}

/** All registers of one metering point. */
export type PointRegisters = {
  readonly source: MeteredPoint
  readonly point?: string
  readonly registers: readonly Register[]
}

const EXPORTS = wordList(EXPORT_REGISTERS)
const PLANTS = wordList(PLANT_REGISTERS)
const TOTALS = wordList('tota*|sum|summe|gesamt')

/**
 * Registers of a metering point that count energy or volume; power and reactive energy are left out by their units.
 *
 * @param how.billed what the lines say, for the message of a refusal.
 * @throws {Refusal} ERR_BILL_UNSTATED for a meter with two numbers or a reading without dates, ERR_BILL_READINGS_CONFLICT
 *   when readings, consumption and totals contradict each other, and what figures and dates may throw.
 */
export function readRegisters(
  source: MeteredPoint,
  how: { readonly end: EndDate; readonly billed: string },
): PointRegisters {
  const registers = source.meters.flatMap((meter) => registersOf(meter, source, how))
  checkOnce(registers)
  checkTotal(registers, source.total)
  const point = source.point === undefined ? undefined : normalisePoint(source.point, source)
  return { source, registers, ...(point === undefined ? {} : { point }) }
}

/** How the readings came about. */
export function kindOf(registers: readonly Register[]): FactsKind {
  const estimated = registers.filter(({ reading }) => reading.isEstimated).length
  if (estimated === 0) return 'actual'
  return estimated === registers.length ? 'estimated' : 'mixed'
}

function registersOf(
  meter: Meter,
  source: MeteredPoint,
  how: { readonly end: EndDate; readonly billed: string },
): readonly Register[] {
  const [number, second] = meter.numbers
  if (second !== undefined) {
    const message = `one meter has two numbers: whose readings these are is not stated; the lines bill ${how.billed}`
    throw review('ERR_BILL_UNSTATED', message, meter.place)
  }
  const name = number === undefined ? undefined : normaliseNumber(number, meter)
  const found = meter.readings
    .map((reading) => registerOf(reading, meter, source, how.end))
    .filter((register) => register !== undefined)
    .map((register) => ({ ...register, ...(name === undefined ? {} : { meter: name }) }))
  const registers = withoutTotals(found)
  checkTotal(registers, meter.total)
  return registers
}

function registerOf(reading: MeterReading, meter: Meter, source: MeteredPoint, end: EndDate): Register | undefined {
  const quantity = consumptionOf(reading)
  if (quantity === undefined) return undefined
  if (isNearMiss(quantity)) {
    throw review(
      'ERR_BILL_UNIT',
      `unit ${JSON.stringify(quantity.unitCode)} is no code of UN/ECE Recommendation 20`,
      quantity.place,
    )
  }
  if (!isMetered(quantity)) return undefined
  const period = reading.period ?? source.period
  if (period === undefined) throw review('ERR_BILL_UNSTATED', 'reading of a meter has no two dates', reading.place)
  const metered = consumedOf(reading, meter, quantity)
  if (metered.value.u < 0n) {
    throw review('ERR_BILL_READINGS_CONFLICT', 'meter ran backwards or over its last digit', reading.place)
  }
  const words = splitWords(reading.register)
  const isExport = EXPORTS.find(words) !== undefined
  if (!isExport && PLANTS.find(words) !== undefined) {
    const message = `register ${JSON.stringify(reading.register)} may count what was made or used on site, not what was bought`
    throw review('ERR_BILL_GENERATION', message, reading.place)
  }
  return {
    reading,
    isExport,
    metered,
    days: daysOf(period, end),
  }
}

/** The quantity that carries the unit of a reading. */
function consumptionOf(reading: MeterReading): PrintedQuantity | undefined {
  const { consumed, latest } = reading
  if (consumed === undefined) return latest
  return consumed.unitCode === '' ? { ...consumed, unitCode: latest?.unitCode ?? '' } : consumed
}

function consumedOf(reading: MeterReading, meter: Meter, quantity: PrintedQuantity): Metered {
  const { previous, latest, consumed } = reading
  const stated = consumed === undefined ? undefined : parseMetered(quantity)
  if (previous === undefined || latest === undefined) {
    if (stated !== undefined) return stated
    throw review('ERR_BILL_UNSTATED', 'reading of a meter has neither consumption nor two figures', reading.place)
  }
  if (previous.unitCode !== latest.unitCode) {
    throw review('ERR_BILL_READINGS_CONFLICT', 'the two figures of a reading have different units', latest.place)
  }
  const [before, after] = [parseFigure(previous).value, parseFigure(latest).value]
  const difference = addDecimals(after, { u: -before.u, e: before.e })
  const factor = meter.constants.reduce<Rational>(
    (product, constant) => multiplyRationals(product, rationalOfDecimal(parseFigure(constant).value)),
    { n: 1n, d: 1n },
  )
  const computed = multiplyRationals(rationalOfDecimal(difference), factor)
  if (stated === undefined) {
    const value = decimalOfRational(computed)
    if (value !== undefined) return parseMetered({ ...quantity, text: formatDecimal(value) })
    throw review('ERR_BILL_UNSTATED', 'constant of a meter gives no finite figure', reading.place)
  }
  if (quantity.unitCode !== latest.unitCode) return stated
  const printed = rationalOfDecimal(parseFigure(quantity).value)
  // Some files print readings with the constant already in them.
  const isSame = [computed, rationalOfDecimal(difference)].some((value) => compareRationals(value, printed) === 0)
  if (isSame) return stated
  throw review('ERR_BILL_READINGS_CONFLICT', 'consumption is not the difference of the two readings', quantity.place)
}

/** A register that is the sum of the others says nothing of its own. */
function withoutTotals(registers: readonly Register[]): readonly Register[] {
  const isTotal = ({ reading }: Register): boolean => TOTALS.find(splitWords(reading.register)) !== undefined
  const parts = registers.filter((register) => !isTotal(register))
  const totals = registers.filter(isTotal)
  if (totals.length === 0 || parts.length === 0) return registers
  const [first] = totals
  const sum = sumOf(parts.filter(({ isExport }) => !isExport))
  if (totals.length > 1 || first === undefined || sum === undefined || compareMetered(sum, first.metered) !== 0) {
    const message = 'a total register is not the sum of the other registers'
    throw review('ERR_BILL_READINGS_CONFLICT', message, first?.reading.place ?? {})
  }
  return parts
}

function checkTotal(registers: readonly Register[], total: PrintedQuantity | undefined): void {
  if (total === undefined || !isMetered(total)) return
  const sum = sumOf(registers.filter(({ isExport }) => !isExport))
  if (sum === undefined || compareMetered(sum, parseMetered(total)) === 0) return
  throw review('ERR_BILL_READINGS_CONFLICT', 'total of a meter or point is not the sum of its readings', total.place)
}

function checkOnce(registers: readonly Register[]): void {
  const seen = new Set<string>()
  for (const { reading, meter, days } of registers) {
    const key = `${meter ?? ''}\n${reading.register}\n${days.start} ${days.end}`
    if (seen.has(key)) {
      throw review('ERR_BILL_READINGS_CONFLICT', 'one register is read twice for one period', reading.place)
    }
    seen.add(key)
  }
}

/** Sum of registers; `undefined` for none. @throws {Refusal} ERR_BILL_UNIT. */
export function sumOf(registers: readonly Register[]): Metered | undefined {
  const [first] = registers
  if (first === undefined) return undefined
  return sumMetered(
    registers.map(({ metered }) => metered),
    first.reading.place,
  )
}
