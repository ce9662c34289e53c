import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { parseInteger, sha256, toHex } from '#protocol'
import { DatasetError } from '../dataset-error.ts'
import { parseSourceFigure } from './source-figure.ts'
import type { FigureStyle } from './source-figure.ts'

/** One row of a source table. */
export class SourceRow {
  /** Number of the row; the header is row 1. */
  readonly number: number
  readonly #file: string
  readonly #cells: Readonly<Record<string, string>>

  constructor(file: string, number: number, cells: Readonly<Record<string, string>>) {
    this.#file = file
    this.number = number
    this.#cells = cells
  }

  /** Text of a cell, empty if it is. @throws {DatasetError} ERR_DATASET_SOURCE when the table has no such column. */
  text(column: string): string {
    const text = this.#cells[column]
    if (text === undefined) throw this.error(`has no column ${column}`)
    return text
  }

  /** Text of a cell that must match. @throws {DatasetError} ERR_DATASET_SOURCE when it does not. */
  match(column: string, pattern: RegExp): string {
    const text = this.text(column)
    if (!pattern.test(text)) throw this.error(`has ${column} ${JSON.stringify(text)}`)
    return text
  }

  /** Whole number of a cell (a year, a code); never a figure. @throws {DatasetError} ERR_DATASET_SOURCE. */
  integer(column: string): number {
    return parseInteger(this.match(column, /^\d{1,9}$/))
  }

  /** Value that a text stands for. @throws {DatasetError} ERR_DATASET_SOURCE when the map does not have it. */
  lookup<T>(column: string, meanings: Readonly<Record<string, T>>): T {
    const meaning = meanings[this.text(column)]
    if (meaning === undefined) throw this.error(`has an unexpected ${column} ${JSON.stringify(this.text(column))}`)
    return meaning
  }

  /**
   * A figure as exact decimal text; `undefined` when the publisher has none.
   *
   * @throws {DatasetError} ERR_DATASET_SOURCE when the cell cannot be read in one way only.
   */
  figure(column: string, style?: FigureStyle): string | undefined {
    const figure = parseSourceFigure(this.text(column), style)
    if (figure.kind === 'unreadable')
      throw this.error(`has ${column} ${JSON.stringify(this.text(column))}: ${figure.why}`)
    return figure.kind === 'figure' ? figure.value : undefined
  }

  /** Error that names file and row. */
  error(what: string): DatasetError {
    return new DatasetError(`${this.#file}: row ${this.number} ${what}`, {
      code: 'ERR_DATASET_SOURCE',
      file: this.#file,
      row: this.number,
    })
  }
}

/** A source table. */
export type SourceTable = { readonly file: string; readonly sha256: string; readonly rows: readonly SourceRow[] }

/** Reads a comma separated table with a header. @throws {DatasetError} ERR_DATASET_SOURCE when it cannot be read. */
export async function readSourceTable(folder: string, file: string): Promise<SourceTable> {
  try {
    const bytes = await readFile(join(folder, file))
    return parseSourceTable(file, bytes)
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause
    throw new DatasetError(`${file}: cannot be read`, { code: 'ERR_DATASET_SOURCE', file, row: 1 }, { cause })
  }
}

/** A table from its bytes. */
function parseSourceTable(file: string, bytes: Uint8Array): SourceTable {
  const records: Record<string, string>[] = parse(bytes, { columns: true, bom: true })
  const rows = records.map((cells, index) => new SourceRow(file, index + 2, cells))
  return { file, sha256: toHex(sha256(bytes)).slice(2), rows }
}
