import type { FilePlace } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import type { TableShape } from './profile.ts'
import { splitQuoted } from './split-line.ts'

/** One row below the header: its cells, and the line as it stands. */
export type CsvRow = { readonly cells: readonly string[]; readonly line: number; readonly raw: string }

/** A line of the file without its end, and where the next one begins. */
type Line = { readonly text: string; readonly next: number }

/** True if the text begins with the preamble and the header of a table, to the letter. */
export function hasHeader(text: string, shape: TableShape): boolean {
  return headerEnd(text, shape) !== undefined
}

/** Where the rows begin, and what the preamble says; `undefined` for another table. */
function headerEnd(text: string, shape: TableShape): { at: number; values: Map<string, string> } | undefined {
  let at = 0
  const values = new Map<string, string>()
  for (const label of shape.preamble ?? []) {
    const { text: line, next } = lineAt(text, at)
    // A file of another format may be one line of twenty million cells.
    if (line.length > EXTRACTION_LIMITS.csvRowChars) return undefined
    const [found, value = '', ...rest] = splitQuoted(line, shape.delimiter) ?? []
    if (found !== label || rest.length > 0) return undefined
    values.set(label, value)
    at = next
  }
  const { text: line, next } = lineAt(text, at)
  return line === shape.header ? { at: next, values } : undefined
}

/** A table of a known layout; its rows are read one by one. */
export class CsvTable {
  readonly columns: readonly string[]
  readonly #shape: TableShape
  readonly #text: string
  readonly #start: number
  readonly #preamble: ReadonlyMap<string, string>
  readonly #indexes: ReadonlyMap<string, number>

  /** @throws {TypeError} when the text has not the header of the shape. */
  constructor(text: string, shape: TableShape) {
    const header = headerEnd(text, shape)
    if (header === undefined) throw new TypeError('table has another header')
    this.#shape = shape
    this.#text = text
    this.#start = header.at
    this.#preamble = header.values
    this.columns = columnsOf(shape)
    this.#indexes = new Map(this.columns.map((column, index) => [column, index]))
  }

  /**
   * Rows in the order of the file; empty lines only at its end.
   *
   * @throws {Refusal} ERR_BILL_CSV, ERR_BILL_TOO_LARGE, ERR_BILL_NO_CONSUMPTION when there is none.
   */
  *rows(): Iterable<CsvRow> {
    const first = (this.#shape.preamble ?? []).length + 2
    let empty: number | undefined
    let line = first
    let count = 0
    for (let at = this.#start; at < this.#text.length; line += 1) {
      const { text, next } = lineAt(this.#text, at)
      at = next
      if (text === '') {
        empty ??= line
        continue
      }
      if (empty !== undefined) throw rejection('ERR_BILL_CSV', 'empty line between rows', { line: empty, column: 1 })
      count += 1
      if (count > EXTRACTION_LIMITS.csvReadings) {
        throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.csvReadings} rows`, { line, column: 1 })
      }
      yield { cells: this.#cellsOf(text, line), line, raw: text }
    }
    if (count === 0) throw rejection('ERR_BILL_NO_CONSUMPTION', 'table has no row', { line: first, column: 1 })
  }

  /** Text of a cell; empty when the row leaves it out. */
  textOf(row: CsvRow, column: string): string {
    return row.cells[this.indexOf(column)] ?? ''
  }

  /** Text behind a label of the preamble. */
  preambleOf(label: string): string {
    return this.#preamble.get(label) ?? ''
  }

  /** Place of a label of the preamble. */
  placeOfPreamble(label: string): FilePlace {
    return { line: (this.#shape.preamble ?? []).indexOf(label) + 1, column: 1, path: label }
  }

  /** @throws {TypeError} when the profile names a column that its own header lacks. */
  indexOf(column: string): number {
    const index = this.#indexes.get(column)
    if (index === undefined) throw new TypeError(`header has no column ${column}`)
    return index
  }

  /** Place of a cell, with the name of its column. */
  placeOf(row: CsvRow, column: string): FilePlace {
    const { delimiter, quoting } = this.#shape
    let wanted = this.indexOf(column)
    let isQuoted = false
    let at = 0
    for (; at < row.raw.length && wanted > 0; at += 1) {
      if (row.raw[at] === '"' && quoting !== 'none') isQuoted = !isQuoted
      else if (row.raw[at] === delimiter && !isQuoted) wanted -= 1
    }
    return { line: row.line, column: at + 1, path: column }
  }

  #cellsOf(text: string, line: number): readonly string[] {
    if (text.length > EXTRACTION_LIMITS.csvRowChars) {
      throw rejection('ERR_BILL_TOO_LARGE', 'row is too long', { line, column: 1 })
    }
    const { delimiter, quoting, isTrimmed, hasEmptyLastCell, mayOmitLastCell } = this.#shape
    const cells = quoting === 'none' ? text.split(delimiter) : splitQuoted(text, delimiter)
    if (cells === undefined) throw refuseRow('quotes are not closed, or stand inside a cell', line)
    if (hasEmptyLastCell === true && cells.pop() !== '') throw refuseRow('row does not end with the delimiter', line)
    const missing = this.columns.length - cells.length
    if (missing !== 0 && !(missing === 1 && mayOmitLastCell === true)) {
      throw refuseRow(`row has ${cells.length} cells, the header has ${this.columns.length}`, line)
    }
    return isTrimmed === true ? cells.map(trimBlanks) : cells
  }
}

/** Names of the columns of a header. */
function columnsOf({ header, delimiter, quoting, isTrimmed }: TableShape): string[] {
  const cells = quoting === 'none' ? header.split(delimiter) : (splitQuoted(header, delimiter) ?? [])
  return isTrimmed === true ? cells.map(trimBlanks) : cells
}

function lineAt(text: string, at: number): Line {
  const feed = text.indexOf('\n', at)
  const end = feed < 0 ? text.length : feed
  const hasReturn = end > at && text[end - 1] === '\r'
  return { text: text.slice(at, hasReturn ? end - 1 : end), next: feed < 0 ? text.length : feed + 1 }
}

/** Blanks and tabs only: no other character is taken for a blank. */
function trimBlanks(cell: string): string {
  let [start, end] = [0, cell.length]
  while (start < end && isBlank(cell[start])) start += 1
  while (end > start && isBlank(cell[end - 1])) end -= 1
  return cell.slice(start, end)
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
}

function refuseRow(message: string, line: number): Refusal {
  return rejection('ERR_BILL_CSV', message, { line, column: 1 })
}
