import { CsvError, parse } from 'csv-parse/sync'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'

/** Columns in their order; the first line of a file is exactly these, joined by commas. */
const COLUMNS = [
  'country',
  'state',
  'zip',
  'eia_id',
  'utility',
  'point',
  'account',
  'meter',
  'start',
  'end_exclusive',
  'import',
  'export',
  'unit',
  'kind',
] as const

/** Name of a column. */
export type Column = (typeof COLUMNS)[number]

/** One row: its cells as written, and where it stands. */
export type CsvRow = {
  readonly cells: Readonly<Record<Column, string>>
  /** Line in the file, from 1. */
  readonly line: number
  readonly raw: string
}

const HEADER = COLUMNS.join(',')

/** True if the first line is the header of this layout, which is how the format is known. */
export function isKwitnessCsv(text: string): boolean {
  return text.startsWith(HEADER) && /^\r?(?:\n|$)/.test(text.slice(HEADER.length, HEADER.length + 2))
}

/**
 * The rows below the header. Cells may be quoted as in RFC 4180, but never span lines, so that a line is a row.
 *
 * @throws {Refusal} ERR_BILL_CSV, ERR_BILL_TOO_LARGE, ERR_BILL_NO_CONSUMPTION when there is no row.
 */
export function readRows(text: string): CsvRow[] {
  // One line more than are read: twenty megabytes of line feeds as a list would end the memory of a worker at once.
  const lines = text.split('\n', EXTRACTION_LIMITS.csvRows + 3).map(withoutReturn)
  if (lines.at(-1) === '') lines.pop()
  const rows = lines.slice(1)
  if (rows.length === 0) throw rejection('ERR_BILL_NO_CONSUMPTION', 'table has no row', { line: 2, column: 1 })
  if (rows.length > EXTRACTION_LIMITS.csvRows) {
    const line = EXTRACTION_LIMITS.csvRows + 2
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.csvRows} rows`, { line, column: 1 })
  }
  return rows.map((raw, index) => readRow(raw, index + 2))
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/** Column in the file, from 1, where a cell begins. */
export function columnOfCell(row: CsvRow, column: Column): number {
  let wanted = COLUMNS.indexOf(column)
  let isQuoted = false
  for (let at = 0; at < row.raw.length; at += 1) {
    if (wanted === 0) return at + 1
    if (row.raw[at] === '"') isQuoted = !isQuoted
    else if (row.raw[at] === ',' && !isQuoted) wanted -= 1
  }
  return row.raw.length + 1
}

function readRow(raw: string, line: number): CsvRow {
  if (raw.length > EXTRACTION_LIMITS.csvRowChars) {
    throw rejection('ERR_BILL_TOO_LARGE', 'row is too long', { line, column: 1 })
  }
  const found = parseLine(raw, line)
  if (found.length !== COLUMNS.length) {
    const message = `row has ${found.length} cells, the header has ${COLUMNS.length}`
    throw rejection('ERR_BILL_CSV', message, { line, column: 1 })
  }
  const entries = COLUMNS.map((column, index) => [column, found[index] ?? ''] as const)
  return { cells: Object.fromEntries(entries) as Record<Column, string>, line, raw }
}

function parseLine(raw: string, line: number): readonly string[] {
  try {
    const rows: string[][] = parse(raw, {
      columns: false,
      delimiter: ',',
      quote: '"',
      escape: '"',
      skip_empty_lines: false,
    })
    return rows[0] ?? []
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown
    throw rejection('ERR_BILL_CSV', `row is not well-formed: ${thrown.code}`, { line, column: 1 })
  }
}
