import type { FilePlace } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { CsvProfile, NumberShape, SeriesShape } from './profile.ts'
import { ClockReader } from './clock.ts'
import type { ClockTime } from './clock.ts'
import type { CsvRow, CsvTable } from './read-table.ts'
import { StampReader, wallOf } from './stamps.ts'

/** Whose readings a row has. */
export type Owner = { readonly point?: string; readonly account?: string; readonly meter?: string }

/** One value of one series: u x 10^e of the series' unit. */
export type CsvReading = ClockTime & {
  readonly u: bigint
  readonly e: number
  readonly quality: string
  readonly isEstimated: boolean
  readonly isBlank: boolean
  /** Later versions of a reading have later ones, in whatever unit. */
  readonly revision: number
  readonly line: number
}

/** Readings of one series of one owner, in the order of the file. */
export type CsvSeries = {
  readonly owner: Owner
  readonly shape: SeriesShape
  readonly readings: CsvReading[]
  readonly flags: Set<string>
}

/**
 * All readings of a table, by owner and series.
 *
 * @throws {Refusal} ERR_BILL_CSV, ERR_BILL_NUMBER, ERR_BILL_NEGATIVE, ERR_BILL_DATE, ERR_BILL_FIELD, ERR_BILL_UNSTATED,
 * ERR_BILL_GAP for cells without value, ERR_BILL_TOO_LARGE.
 */
export function readSeries(profile: CsvProfile, table: CsvTable): CsvSeries[] {
  return new SeriesReader(profile, table).read()
}

class SeriesReader {
  readonly #profile: CsvProfile
  readonly #table: CsvTable
  readonly #clock: ClockReader
  readonly #revision: StampReader | undefined
  readonly #series = new Map<string, CsvSeries>()
  #count = 0

  constructor(profile: CsvProfile, table: CsvTable) {
    this.#profile = profile
    this.#table = table
    this.#clock = new ClockReader(profile.time, table)
    this.#revision = profile.revision === undefined ? undefined : new StampReader(table, profile.revision)
  }

  read(): CsvSeries[] {
    for (const row of this.#table.rows()) {
      const flags = this.#readMarks(row)
      const owner = this.#readOwner(row)
      const shapes = this.#profile.series.filter(
        ({ when }) => when === undefined || this.#textOf(row, when.column) === when.text,
      )
      if (shapes.length === 0) {
        const [{ when } = {}] = this.#profile.series
        throw this.#unknownText(row, when?.column ?? '')
      }
      for (const shape of shapes) this.#addReadings(row, shape, owner, flags)
    }
    return [...this.#series.values()]
  }

  #addReadings(row: CsvRow, shape: SeriesShape, owner: Owner, flags: readonly string[]): void {
    const key = JSON.stringify([this.#profile.series.indexOf(shape), owner.point, owner.account, owner.meter])
    const series = this.#series.get(key) ?? { owner, shape, readings: [], flags: new Set<string>() }
    this.#series.set(key, series)
    if (this.#series.size > EXTRACTION_LIMITS.bills * this.#profile.series.length) {
      const message = `more than ${EXTRACTION_LIMITS.bills} meters in one table`
      throw rejection('ERR_BILL_TOO_LARGE', message, { line: row.line, column: 1 })
    }
    for (const flag of flags) series.flags.add(flag)
    const revision = this.#revision === undefined ? 0 : wallOf(this.#revision.read(row))
    for (const { column, time } of this.#clock.read(row, shape.value)) {
      this.#count += 1
      if (this.#count > EXTRACTION_LIMITS.csvReadings) {
        const message = `more than ${EXTRACTION_LIMITS.csvReadings} values`
        throw rejection('ERR_BILL_TOO_LARGE', message, this.#table.placeOf(row, column))
      }
      const { u, e, quality, isEstimated, isBlank } = this.#readValue(row, column, series.flags)
      // One literal, so that all readings have one shape in memory: there may be hundreds of thousands.
      series.readings.push({
        wallS: time.wallS,
        offsetS: time.offsetS,
        durationS: time.durationS,
        endWallS: time.endWallS,
        isEndDated: time.isEndDated,
        u,
        e,
        quality,
        isEstimated,
        isBlank,
        revision,
        line: row.line,
      })
    }
  }

  #readValue(
    row: CsvRow,
    column: string,
    flags: Set<string>,
  ): Pick<CsvReading, 'u' | 'e' | 'quality' | 'isEstimated' | 'isBlank'> {
    const { quality: shape, number, time } = this.#profile
    const text = this.#textOf(row, column)
    const quality = shape === undefined ? '' : this.#textOf(row, shape.column)
    const mayBeMissing = time.kind === 'rows' && time.hasRowsOfMissingHour === true
    // Whether the clock left this hour out is known only later; the text of its quality is empty as well.
    if (text === '' && mayBeMissing) return { u: 0n, e: 0, quality, isEstimated: false, isBlank: true }
    const found = shape?.classes.find((one) => one.text === quality)
    if (shape !== undefined && found === undefined) throw this.#unknownText(row, shape.column)
    const isEstimated = found?.class === 'estimated'
    if (text === '') {
      if (found?.isBlankZero !== true)
        throw review('ERR_BILL_GAP', 'there is no value', this.#table.placeOf(row, column))
      flags.add('blank-as-zero')
      return { u: 0n, e: 0, quality, isEstimated, isBlank: false }
    }
    return { ...readNumber(text, number, this.#table.placeOf(row, column)), quality, isEstimated, isBlank: false }
  }

  #readMarks(row: CsvRow): string[] {
    return (this.#profile.marks ?? []).flatMap(({ column, texts }) => {
      const found = texts.find(({ text }) => text === this.#textOf(row, column))
      if (found === undefined) throw this.#unknownText(row, column)
      return found.flag === undefined ? [] : [found.flag]
    })
  }

  #readOwner(row: CsvRow): Owner {
    const owner: { point?: string; account?: string; meter?: string } = {}
    for (const { fact, from, pattern } of this.#profile.identities ?? []) {
      const isColumn = 'column' in from
      const text = isColumn ? this.#textOf(row, from.column) : this.#table.preambleOf(from.preamble)
      const id = pattern.exec(text)?.[1]
      if (id === undefined) {
        const place = isColumn ? this.#table.placeOf(row, from.column) : this.#table.placeOfPreamble(from.preamble)
        throw rejection('ERR_BILL_FIELD', `not a number of a ${fact}: ${JSON.stringify(text.slice(0, 40))}`, place)
      }
      owner[fact] = id
    }
    return owner
  }

  #textOf(row: CsvRow, column: string): string {
    return this.#table.textOf(row, column)
  }

  #unknownText(row: CsvRow, column: string): Error {
    const text = JSON.stringify(this.#textOf(row, column).slice(0, 40))
    return review('ERR_BILL_UNSTATED', `the profile does not know ${text} here`, this.#table.placeOf(row, column))
  }
}

/** @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_NEGATIVE. */
function readNumber(text: string, shape: NumberShape, place: FilePlace): { u: bigint; e: number } {
  if (shape.zeros?.includes(text) === true) return { u: 0n, e: 0 }
  if (!shape.pattern.test(text)) {
    if (text.startsWith('-') && shape.pattern.test(text.slice(1))) {
      throw review('ERR_BILL_NEGATIVE', 'value is negative: net metering, or a correction', place)
    }
    throw rejection('ERR_BILL_NUMBER', `not a number of this layout: ${JSON.stringify(text.slice(0, 40))}`, place)
  }
  const point = text.indexOf(shape.decimal)
  if (point < 0) return { u: BigInt(text), e: 0 }
  return { u: BigInt(text.slice(0, point) + text.slice(point + 1)), e: point + 1 - text.length }
}
