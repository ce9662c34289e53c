import { isEnergy } from '#protocol'
import type { Commodity, Metered } from '#protocol'
import { review } from '../refusal.ts'
import { classifyLine } from './classify-line.ts'
import type { LineMeaning } from './classify-line.ts'
import { daysOf } from './figures.ts'
import { findLinePoint } from './identifiers.ts'
import { isMetered, isNearMiss, parseMetered } from './measure-units.ts'
import type { Days, EndDate, Invoice, InvoiceLine, PrintedPeriod, PrintedQuantity } from './model.ts'
import { signOf } from './sums.ts'
import { isIncomplete } from './ubl-parts.ts'

/** A line whose quantity is energy, or a volume of gas or water. */
export type MeteredLine = {
  readonly line: InvoiceLine
  readonly meaning: LineMeaning
  /** As printed, with its sign. */
  readonly metered: Metered
  /** Absent when neither the line nor the document states a period. */
  readonly days?: Days
  /** Metering point that the line itself names. */
  readonly ownPoint?: string
  readonly commodity?: Commodity
}

/** Lines with quantities that meters count, and how many with a volume nobody can tell the meaning of. */
export type MeteredLines = { readonly lines: readonly MeteredLine[]; readonly volumesNotRead: number }

/**
 * The lines of an invoice that have energy or a volume. A volume counts only when words make it gas, heat or water:
 * concrete and diesel are billed in the same units.
 *
 * @throws {Refusal} ERR_BILL_UNIT for a unit that only a person knows, ERR_BILL_NUMBER, ERR_BILL_ABSURD, ERR_BILL_DATE,
 *   ERR_BILL_PERIOD, ERR_BILL_COMMODITY_CONFLICT.
 */
export function readMeteredLines(invoice: Invoice, end: EndDate, isSeef: boolean): MeteredLines {
  const named = invoice.lines.map((line) => ({ line, meaning: classifyLine(line, isSeef) }))
  const stated = findDocumentCommodity(named)
  const lines: MeteredLine[] = []
  let volumesNotRead = 0
  for (const { line, meaning } of named) {
    const { quantity } = line
    if (quantity === undefined) continue
    if (isNearMiss(quantity)) {
      const message = `unit ${JSON.stringify(quantity.unitCode)} is no code of UN/ECE Recommendation 20: a guess would be needed`
      throw review('ERR_BILL_UNIT', message, quantity.place)
    }
    if (isUnitMissing(quantity, meaning, stated)) {
      throw review('ERR_BILL_UNIT', 'a line of energy has a quantity and no unit', quantity.place)
    }
    if (!isMetered(quantity)) continue
    const metered = parseMetered(quantity)
    // Only electricity is fed in by customers.
    const commodity = meaning.commodity ?? stated ?? (meaning.is === 'feed-in' ? 'electricity' : undefined)
    if (!isEnergy(metered) && (meaning.is === 'unknown' || commodity === undefined)) {
      volumesNotRead += meaning.is === 'aside' ? 0 : 1
      continue
    }
    const period = periodOf(line, invoice, meaning)
    const ownPoint = findLinePoint(line)
    lines.push({
      line,
      meaning,
      metered,
      ...(period === undefined ? {} : { days: daysOf(period, end) }),
      ...(ownPoint === undefined ? {} : { ownPoint }),
      ...(commodity === undefined ? {} : { commodity }),
    })
  }
  lines.forEach(checkDimension)
  checkNumbers(lines)
  return { lines, volumesNotRead }
}

/**
 * The period of a line, else of the document. A levy with one date only has none; it must fit the energy of all periods.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED for energy with one date only, or with several periods.
 */
function periodOf(line: InvoiceLine, invoice: Invoice, { is }: LineMeaning): PrintedPeriod | undefined {
  const period = line.period ?? invoice.period
  if (period === undefined || !isIncomplete(period)) return period
  if (is === 'levy' || is === 'aside') return undefined
  const message = `line ${line.id.slice(0, 40)} states a period without both dates, or several periods`
  throw review('ERR_BILL_UNSTATED', message, period.start.place)
}

/** The commodity of lines that name none: the only one that any line of the document names. */
function findDocumentCommodity(named: readonly { readonly meaning: LineMeaning }[]): Commodity | undefined {
  const found = new Set(named.map(({ meaning }) => meaning.commodity).filter((commodity) => commodity !== undefined))
  return found.size === 1 ? [...found][0] : undefined
}

/** A number that two lines share makes one of them a copy, or both unreliable. */
function checkNumbers(lines: readonly MeteredLine[]): void {
  const seen = new Set<string>()
  for (const { line } of lines) {
    if (seen.has(line.id)) {
      throw review(
        'ERR_BILL_LINES',
        `two lines of energy have the number ${JSON.stringify(line.id.slice(0, 40))}`,
        line.place,
      )
    }
    if (line.id !== '') seen.add(line.id)
  }
}

/** One piece of energy is a price for all of it; any other number without a unit is a quantity that nobody can read. */
function isUnitMissing(quantity: PrintedQuantity, { is, commodity }: LineMeaning, stated?: Commodity): boolean {
  const isEnergyLine = is === 'energy' && (commodity ?? stated) !== undefined
  return isEnergyLine && quantity.unitCode === '' && !/^-?[01](?:\.0*)?$/.test(quantity.text)
}

function checkDimension({ line, metered, commodity, meaning }: MeteredLine): void {
  if (commodity === undefined || meaning.is === 'aside' || signOf(metered) === 0) return
  const isRight = isEnergy(metered) ? commodity !== 'water' : commodity === 'gas' || commodity === 'water'
  if (isRight) return
  const message = `line is about ${commodity} and has the unit ${line.quantity?.unitCode ?? ''}`
  throw review('ERR_BILL_COMMODITY_CONFLICT', message, line.place)
}
