import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import { trimXml } from '../xml-reader.ts'
import { placeOfReading } from './document.ts'
import type { Reading, UntimedReading } from './document.ts'
import { parseDuration, parseEpoch, parseInt48 } from './numbers.ts'

/** Readings of one block. */
export type BlockReadings = { readonly readings: Reading[]; readonly untimed: UntimedReading[] }

/** What an element inside a reading is for. */
type Field = 'value' | 'start' | 'duration' | 'quality' | 'ReadingQuality' | 'timePeriod' | 'none'

/**
 * Reads the elements inside of IntervalReading: most of a file, so that each becomes one small record at once, without a
 * tree (ESPI 4.0, IntervalReading: timePeriod{duration, start}, value, ReadingQuality{quality}; the rest is not read).
 */
export class ReadingScanner {
  #into: BlockReadings = { readings: [], untimed: [] }
  #count = 0
  /** Open elements inside of the reading, its own included; 0 when none is open. */
  #depth = 0
  #line = 0
  #column = 0
  /** The child of the reading that is open, and the element whose text is taken. */
  #group: Field = 'none'
  #field: Field = 'none'
  #fieldLine = 0
  #fieldColumn = 0
  #text = ''
  #start: string | undefined
  #duration: string | undefined
  #value: string | undefined
  #quality = ''
  #hasQualityChild = false
  #hasPeriod = false

  /** True from the start tag of a reading to its end tag. */
  get isOpen(): boolean {
    return this.#depth > 0
  }

  /** Begins a reading that goes into a block. @throws {Refusal} ERR_BILL_TOO_LARGE. */
  begin(into: BlockReadings, line: number, column: number): void {
    this.#count += 1
    if (this.#count > EXTRACTION_LIMITS.readings) {
      const message = `more than ${EXTRACTION_LIMITS.readings} readings`
      throw rejection('ERR_BILL_TOO_LARGE', message, placeOfReading({ line, column }))
    }
    this.#into = into
    this.#depth = 1
    this.#line = line
    this.#column = column
    this.#group = 'none'
    this.#field = 'none'
    this.#start = undefined
    this.#duration = undefined
    this.#value = undefined
    this.#quality = ''
    this.#hasPeriod = false
  }

  /** An element begins inside of the reading. */
  open(local: string, line: number, column: number): void {
    this.#depth += 1
    let field: Field = 'none'
    if (this.#depth === 2) {
      if (local === 'value' || local === 'timePeriod' || local === 'ReadingQuality') field = local
      this.#group = field
      if (field === 'timePeriod') this.#once(this.#hasPeriod, local)
      if (field === 'timePeriod') this.#hasPeriod = true
      if (field === 'ReadingQuality') this.#hasQualityChild = false
    } else if (this.#depth === 3) {
      if (this.#group === 'timePeriod' && (local === 'start' || local === 'duration')) field = local
      else if (this.#group === 'ReadingQuality' && local === 'quality') field = 'quality'
    }
    this.#field = field === 'timePeriod' ? 'none' : field
    this.#text = ''
    this.#fieldLine = line
    this.#fieldColumn = column
  }

  text(piece: string): void {
    if (this.#field === 'none') return
    if (this.#text.length + piece.length > EXTRACTION_LIMITS.textChars) {
      throw rejection('ERR_BILL_TOO_LARGE', 'text of a reading is too long', this.#placeOf(this.#field))
    }
    this.#text = this.#text === '' ? piece : this.#text + piece
  }

  /** The innermost element ends. @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_DATE, ERR_BILL_PERIOD, ERR_BILL_FIELD. */
  close(): void {
    this.#depth -= 1
    if (this.#depth === 0) this.#end()
    else if (this.#field !== 'none') this.#take(this.#field)
  }

  #take(field: Field): void {
    const text = this.#text
    this.#field = 'none'
    switch (field) {
      case 'value':
        this.#once(this.#value !== undefined, field)
        this.#value = text
        break
      case 'start':
        this.#once(this.#start !== undefined, field)
        this.#start = text
        break
      case 'duration':
        this.#once(this.#duration !== undefined, field)
        this.#duration = text
        break
      case 'quality':
        this.#once(this.#hasQualityChild, field)
        this.#hasQualityChild = true
        this.#addQuality(text)
        break
      case 'ReadingQuality':
        // Some exports write the code without the element around it.
        this.#addQuality(text)
        break
      case 'timePeriod':
      case 'none':
        break
    }
  }

  #addQuality(text: string): void {
    const code = trimXml(text)
    if (code === '') return
    if (!/^\d{1,2}$/.test(code)) {
      throw rejection('ERR_BILL_NUMBER', `quality is not a code: ${JSON.stringify(code.slice(0, 40))}`, this.#placeOf())
    }
    this.#quality = this.#quality === '' ? code : `${this.#quality}+${code}`
  }

  #end(): void {
    const place = this.#placeOf()
    const value = parseInt48(this.#value, 'value of the reading', place)
    const [quality, line, column] = [this.#quality, this.#line, this.#column]
    if (!this.#hasPeriod) {
      this.#into.untimed.push({ value, quality, line, column })
      return
    }
    const start = parseEpoch(this.#start, place)
    const durationS = parseDuration(this.#duration, place)
    this.#into.readings.push({ start, durationS, value, quality, line, column })
  }

  /** Two answers to one question: whichever is taken, another reader may take the other. */
  #once(isRepeated: boolean, name: string): void {
    if (isRepeated) throw rejection('ERR_BILL_FIELD', `reading has <${name}> twice`, this.#placeOf())
  }

  #placeOf(field?: Field): { line: number; column: number; path: string } {
    if (field === undefined) return { line: this.#line, column: this.#column, path: 'IntervalReading' }
    return { line: this.#fieldLine, column: this.#fieldColumn, path: field }
  }
}
