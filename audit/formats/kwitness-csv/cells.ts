import {
  compareRationals,
  makeRational,
  parseCivilDate,
  parseDecimal,
  parseEnergyUnit,
  parseInteger,
  toWh,
  ValueError,
} from '#protocol'
import type { Decimal, EnergyUnit, Facts, FactsKind, Place, Service } from '#protocol'
import { MAX_BILL_WH } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { columnOfCell } from './read-rows.ts'
import type { Column, CsvRow } from './read-rows.ts'

/** Days outside these are slips of the pen. */
const FIRST_DAY = parseCivilDate('1990-01-01')
const LAST_DAY = parseCivilDate('2100-01-01')
/** Longest period of one bill: ten years and a bit. */
const MAX_PERIOD_DAYS = 3_660
/** Longest name or number of a point, account, meter or utility. */
const MAX_NAME_CHARS = 128

const KINDS: readonly FactsKind[] = ['actual', 'estimated', 'mixed', 'correction']

/** Refusal that names line, column and cell. */
export function refuseCell(row: CsvRow, column: Column, code: RefusalCode, message: string): Refusal {
  return rejection(code, message, { line: row.line, column: columnOfCell(row, column), path: column })
}

/** Order of texts by code units, the same on every machine. */
export function orderTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** @throws {Refusal} ERR_BILL_PLACE. */
export function readPlace(row: CsvRow): Place {
  const { country, state, zip, eia_id: eia } = row.cells
  if (!/^[A-Z]{2}$/.test(country)) {
    throw refuseCell(row, 'country', 'ERR_BILL_PLACE', 'country must be two capital letters (ISO 3166-1)')
  }
  if (state !== '' && (country !== 'US' || !/^[A-Z]{2}$/.test(state))) {
    throw refuseCell(row, 'state', 'ERR_BILL_PLACE', 'state must be two capital letters, and is for the US only')
  }
  if (zip !== '' && (country !== 'US' || !/^\d{5}$/.test(zip))) {
    throw refuseCell(row, 'zip', 'ERR_BILL_PLACE', 'zip must be five digits, and is for the US only')
  }
  if (eia !== '' && (state === '' || !/^[1-9]\d{0,5}$/.test(eia))) {
    throw refuseCell(row, 'eia_id', 'ERR_BILL_PLACE', 'eia_id must be one to six digits, and needs a state')
  }
  return {
    country,
    ...(state === '' ? {} : { state }),
    ...(zip === '' ? {} : { zip }),
    ...(eia === '' ? {} : { utility: { eia: parseInteger(eia), state } }),
  }
}

/** @throws {Refusal} ERR_BILL_FIELD. */
export function readUtility(row: CsvRow): Facts['utility'] {
  const { utility: name, eia_id: eia } = row.cells
  checkName(row, 'utility')
  if (name === '' && eia === '') return undefined
  return { ...(eia === '' ? {} : { id: `eia:${eia}` }), ...(name === '' ? {} : { name }), role: 'unknown' }
}

/**
 * Number of a point, account or meter: upper case, without blanks, leading zeros kept.
 *
 * @throws {Refusal} ERR_BILL_FIELD.
 */
export function readIdentifier(row: CsvRow, column: 'point' | 'account' | 'meter'): string | undefined {
  checkName(row, column)
  const text = row.cells[column].replaceAll(' ', '').toUpperCase()
  return text === '' ? undefined : text
}

function checkName(row: CsvRow, column: Column): void {
  const text = row.cells[column]
  // Printable characters only, in one normal form: two spellings that look alike must not be two meters.
  if (text.length > MAX_NAME_CHARS || /[\p{C}\p{Zl}\p{Zp}]/u.test(text) || text !== text.normalize('NFC')) {
    throw refuseCell(row, column, 'ERR_BILL_FIELD', `${column} is too long or has characters that do not print`)
  }
}

/** @throws {Refusal} ERR_BILL_UNIT. */
export function readUnit(row: CsvRow): EnergyUnit {
  return readValue(row, 'unit', 'ERR_BILL_UNIT', parseEnergyUnit)
}

/** @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_NEGATIVE, ERR_BILL_ABSURD. */
export function readEnergy(row: CsvRow, column: 'import' | 'export', unit: EnergyUnit): Decimal {
  const value = readValue(row, column, 'ERR_BILL_NUMBER', parseDecimal)
  if (value.u < 0n) throw refuseCell(row, column, 'ERR_BILL_NEGATIVE', `${column} is negative`)
  if (compareRationals(toWh({ value, unit }), makeRational(MAX_BILL_WH)) > 0) {
    throw refuseCell(row, column, 'ERR_BILL_ABSURD', `${column} is beyond ${MAX_BILL_WH / 1_000_000_000n} GWh`)
  }
  return value
}

/** @throws {Refusal} ERR_BILL_DATE, ERR_BILL_PERIOD. */
export function readService(row: CsvRow): Service {
  const { start, end_exclusive: end } = row.cells
  const first = readDay(row, 'start')
  const last = readDay(row, 'end_exclusive')
  if (last <= first || last - first > MAX_PERIOD_DAYS) {
    const message = 'end_exclusive must be after start, by ten years at most'
    throw refuseCell(row, 'end_exclusive', 'ERR_BILL_PERIOD', message)
  }
  return { start, end, basis: 'printed-exclusive' }
}

function readDay(row: CsvRow, column: 'start' | 'end_exclusive'): number {
  const day = readValue(row, column, 'ERR_BILL_DATE', parseCivilDate)
  if (day >= FIRST_DAY && day <= LAST_DAY) return day
  throw refuseCell(row, column, 'ERR_BILL_DATE', `${column} is outside 1990 to 2100`)
}

/** @throws {Refusal} ERR_BILL_FIELD, ERR_BILL_FORECAST. */
export function readKind(row: CsvRow): FactsKind {
  const text = row.cells.kind
  if (text === 'forecast') {
    const place = { line: row.line, column: columnOfCell(row, 'kind'), path: 'kind' }
    throw review('ERR_BILL_FORECAST', 'row is a forecast, not consumption', place)
  }
  const kind = KINDS.find((known) => known === text)
  if (kind !== undefined) return kind
  throw refuseCell(row, 'kind', 'ERR_BILL_FIELD', `kind must be one of ${KINDS.join(', ')}`)
}

function readValue<T>(row: CsvRow, column: Column, code: RefusalCode, parse: (text: string) => T): T {
  try {
    return parse(row.cells[column])
  } catch (thrown) {
    if (!(thrown instanceof ValueError)) throw thrown
    throw refuseCell(row, column, code, thrown.message)
  }
}
