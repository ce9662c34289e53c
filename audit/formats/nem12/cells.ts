import { parseCivilDate, parseInteger, ValueError } from '#protocol'
import type { FilePlace } from '#protocol'
import { rejection } from '../refusal.ts'
import type { RefusalCode } from '../refusal.ts'

/** Days outside these are placeholders or mistakes. */
const FIRST_DAY = parseCivilDate('1990-01-01')
const LAST_DAY = parseCivilDate('2100-01-01')
const DAY_S = 86_400
/** Longest text of an id; the standard's own limits are lower, its files' are not. */
const MAX_ID_CHARS = 64
/** The standard has 15 digits; real files have up to 14 decimals, and leave out the zero before the point. */
const VALUE = /^-?(?:\d{1,15}(?:\.\d{1,20})?|\.\d{1,20})$/

/** One line of the file, cut at its commas: fields of the format contain neither commas nor quotes. */
export type MdffLine = { readonly cells: readonly string[]; readonly line: number }

/** Place of a cell, line and column counted from 1. */
export function placeOfCell({ cells, line }: MdffLine, index: number, path: string): FilePlace {
  const column = cells.slice(0, index).reduce((chars, cell) => chars + cell.length + 1, 1)
  return { line, column, path }
}

/** Cell without blanks around it; empty when the line is shorter. */
export function textAt(row: MdffLine, index: number): string {
  return (row.cells[index] ?? '').trim()
}

/**
 * Text of a cell with an id: printable ASCII, at most 64 characters.
 *
 * @throws {Refusal} ERR_BILL_FIELD.
 */
export function idAt(row: MdffLine, index: number, path: string): string {
  const text = textAt(row, index)
  if (text.length <= MAX_ID_CHARS && /^[ -~]*$/.test(text)) return text
  throw refuseCell(row, index, path, ['ERR_BILL_FIELD', `${path} is too long or has characters that do not print`])
}

/** Refusal of a wrong cell, with its place. */
export function refuseCell(row: MdffLine, index: number, path: string, why: readonly [RefusalCode, string]): Error {
  return rejection(why[0], why[1], placeOfCell(row, index, path))
}

/**
 * Civil day of a `YYYYMMDD` cell, days since 1970-01-01.
 *
 * @throws {Refusal} ERR_BILL_DATE.
 */
export function dayAt(row: MdffLine, index: number, path: string): number {
  const day = dayOf(textAt(row, index))
  if (day !== undefined) return day
  throw refuseCell(row, index, path, ['ERR_BILL_DATE', `${path} is no day of 1990 to 2099: ${quoted(row, index)}`])
}

/**
 * Seconds since 1970-01-01 of a `YYYYMMDDhhmmss` or `YYYYMMDDhhmm` cell, in the file's own standard time.
 *
 * @throws {Refusal} ERR_BILL_DATE.
 */
export function secondAt(row: MdffLine, index: number, path: string): number {
  const text = textAt(row, index)
  const [, date = '', hour = '', minute = '', second = '00'] = /^(\d{8})(\d\d)(\d\d)(\d\d)?$/.exec(text) ?? []
  const day = dayOf(date)
  if (day !== undefined && hour < '24' && minute < '60' && second < '60') {
    return day * DAY_S + parseInteger(hour) * 3_600 + parseInteger(minute) * 60 + parseInteger(second)
  }
  throw refuseCell(row, index, path, ['ERR_BILL_DATE', `${path} is no date and time: ${quoted(row, index)}`])
}

/**
 * Digits of an optional date and time, 14 of them, for comparison; empty when the cell is.
 *
 * @throws {Refusal} ERR_BILL_DATE for anything that is not one: the cells may be shifted.
 */
export function stampAt(row: MdffLine, index: number, path: string): string {
  const text = textAt(row, index)
  if (text === '') return ''
  secondAt(row, index, path)
  return text.padEnd(14, '0')
}

/** True for a plain number as the format has them. */
export function isValue(text: string): boolean {
  return VALUE.test(text)
}

/** A cell as messages show it. */
export function quoted(row: MdffLine, index: number): string {
  return JSON.stringify((row.cells[index] ?? '').slice(0, 40))
}

function dayOf(text: string): number | undefined {
  const [, year, month, dayOfMonth] = /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? []
  if (year === undefined) return undefined
  try {
    const day = parseCivilDate(`${year}-${month}-${dayOfMonth}`)
    return day >= FIRST_DAY && day < LAST_DAY ? day : undefined
  } catch (thrown) {
    if (thrown instanceof ValueError) return undefined
    throw thrown
  }
}
