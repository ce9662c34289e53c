import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { idAt, placeOfCell, quoted, refuseCell, textAt } from './cells.ts'
import type { MdffLine } from './cells.ts'
import { closeDay, readDay, readQualityRun, readStream } from './read-days.ts'
import type { OpenDay } from './read-days.ts'
import { readRegister } from './read-registers.ts'
import type { IntervalDay, IntervalStream, MdffDocument, QualityRun, RegisterRead } from './records.ts'

/** Longest line: a day of one-minute values of 15 digits. */
const MAX_LINE_CHARS = 32 * 1024

/** The document that is being read. */
type OpenDocument = {
  readonly version: MdffDocument['version']
  readonly from: string
  readonly to: string
  readonly days: IntervalDay[]
  readonly reads: RegisterRead[]
  readonly header: MdffLine
}

/**
 * The documents of a file, each from its 100 to its 900 record; empty lines say nothing.
 *
 * @throws {Refusal} ERR_BILL_RECORDS (review: no header or no end, as in the abridged files that some networks give to
 * customers; rejection: anything else out of order), and all codes of the records.
 */
export function readDocuments(text: string): MdffDocument[] {
  return new DocumentReader().read(text)
}

/** A record stands only below the record that it belongs to; this remembers which those are. */
class DocumentReader {
  readonly #documents: MdffDocument[] = []
  #document: OpenDocument | undefined
  #stream: { stream: IntervalStream; days: number } | undefined
  #day: { open: OpenDay; row: MdffLine; runs: QualityRun[] } | undefined
  #values = 0

  read(text: string): MdffDocument[] {
    let line = 0
    for (let start = 0; start < text.length;) {
      const feed = text.indexOf('\n', start)
      const end = feed < 0 ? text.length : feed
      line += 1
      this.#readLine(text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end), line)
      start = end + 1
    }
    if (this.#document !== undefined) {
      throw review('ERR_BILL_RECORDS', 'file ends without its 900 record: something may be missing', {
        line,
        column: 1,
      })
    }
    return this.#documents
  }

  #readLine(raw: string, line: number): void {
    if (raw.length > MAX_LINE_CHARS) throw rejection('ERR_BILL_TOO_LARGE', 'record is too long', { line, column: 1 })
    if (/^[ ,]*$/.test(raw)) return
    const row: MdffLine = { cells: raw.split(','), line }
    const indicator = textAt(row, 0)
    if (this.#document === undefined) {
      if (indicator === '100') return this.#openDocument(row)
      throw review('ERR_BILL_RECORDS', `file has no 100 record before record ${quoted(row, 0)}: it is abridged`, {
        line,
        column: 1,
        path: '100',
      })
    }
    this.#readRecord(row, indicator, this.#document)
  }

  #readRecord(row: MdffLine, indicator: string, document: OpenDocument): void {
    if (indicator === '900') return this.#closeDocument(document)
    if (indicator === '100') {
      throw review('ERR_BILL_RECORDS', 'second 100 record before a 900 record', placeOfCell(row, 0, '100'))
    }
    const isInterval = document.version === 'NEM12'
    if (isInterval && indicator === '200') return this.#openStream(row)
    if (isInterval && indicator === '300') return this.#openDay(row)
    if (isInterval && indicator === '400') return this.#addRun(row)
    if (!isInterval && indicator === '250') {
      document.reads.push(readRegister(row))
      return undefined
    }
    // 500 and 550 records tell of service orders, not of energy.
    if (indicator === (isInterval ? '500' : '550')) return undefined
    throw refuseCell(row, 0, 'RecordIndicator', [
      'ERR_BILL_RECORDS',
      `record ${quoted(row, 0)} does not stand in a ${document.version} file`,
    ])
  }

  #openDocument(row: MdffLine): void {
    const version = textAt(row, 1).toUpperCase()
    if (version !== 'NEM12' && version !== 'NEM13') {
      throw refuseCell(row, 1, 'VersionHeader', ['ERR_BILL_RECORDS', `version is ${quoted(row, 1)}`])
    }
    const [from, to] = [idAt(row, 3, 'FromParticipant'), idAt(row, 4, 'ToParticipant')]
    this.#document = { version, from, to, days: [], reads: [], header: row }
  }

  #openStream(row: MdffLine): void {
    this.#closeStream()
    this.#stream = { stream: readStream(row), days: 0 }
  }

  #openDay(row: MdffLine): void {
    this.#closeDay()
    if (this.#stream === undefined) {
      throw refuseCell(row, 0, '300', ['ERR_BILL_RECORDS', '300 record without a 200 record above it'])
    }
    const open = readDay(row, this.#stream.stream)
    this.#values += open.count
    if (this.#values > EXTRACTION_LIMITS.readings) {
      const message = `more than ${EXTRACTION_LIMITS.readings} interval values`
      throw rejection('ERR_BILL_TOO_LARGE', message, placeOfCell(row, 0, '300'))
    }
    this.#stream.days += 1
    this.#day = { open, row, runs: [] }
  }

  #addRun(row: MdffLine): void {
    if (this.#day === undefined || !this.#day.open.isVariable) {
      throw refuseCell(row, 0, '400', ['ERR_BILL_RECORDS', '400 record without a 300 record of quality V above it'])
    }
    this.#day.runs.push(readQualityRun(row, this.#day.open.count))
  }

  #closeDay(): void {
    if (this.#day === undefined) return
    const { open, row, runs } = this.#day
    this.#document?.days.push(closeDay(open, runs, row))
    this.#day = undefined
  }

  #closeStream(): void {
    this.#closeDay()
    if (this.#stream?.days === 0) {
      throw rejection('ERR_BILL_RECORDS', '200 record without a 300 record below it', this.#stream.stream.place)
    }
    this.#stream = undefined
  }

  #closeDocument(document: OpenDocument): void {
    this.#closeStream()
    const { version, from, to, days, reads, header } = document
    if (days.length === 0 && reads.length === 0) {
      throw rejection('ERR_BILL_NO_CONSUMPTION', 'file has no data record', placeOfCell(header, 0, '100'))
    }
    this.#documents.push({ version, from, to, days, reads })
    this.#document = undefined
  }
}
