import type { Extraction, Facts, Quantity } from '#protocol'
import type { FormatReader } from '../reader.ts'
import { review } from '../refusal.ts'
import type { CsvRow } from './read-rows.ts'
import { isKwitnessCsv, readRows } from './read-rows.ts'
import * as cells from './cells.ts'

/** Name of the format in results. */
const KWITNESS_CSV_FORMAT = 'kwitness-csv-1'
/** Version of this extractor; a change of any verdict or figure is a new version. */
const EXTRACTOR = { id: 'kwitness-csv', version: '1.0.0' } as const

/** Reader of our own table. */
export const KWITNESS_CSV_READER: FormatReader = {
  format: KWITNESS_CSV_FORMAT,
  accepts: ({ text }) => text !== undefined && isKwitnessCsv(text),
  read: ({ text }) => extractKwitnessCsv(text ?? ''),
}

/**
 * Facts of a `kwitness-csv-1` table, one bill a row (`docs/spec/kwitness-csv-1.md`).
 *
 * @throws {Refusal} with line, column and column name.
 */
function extractKwitnessCsv(text: string): Extraction {
  const rows = readRows(text)
  const bills = rows.map(factsOf)
  checkOverlap(rows, bills)
  const corrections = bills.filter(({ kind }) => kind === 'correction').length
  if (corrections > 0 && corrections < bills.length) {
    throw review('ERR_BILL_CORRECTION', 'corrections and ordinary bills are in one file')
  }
  const ordered = bills.toSorted((a, b) => cells.orderTexts(keyOf(a), keyOf(b)))
  return { verdict: corrections > 0 ? 'correction' : 'facts', format: KWITNESS_CSV_FORMAT, bills: ordered }
}

function factsOf(row: CsvRow): Facts {
  const place = cells.readPlace(row)
  const unit = cells.readUnit(row)
  const service = cells.readService(row)
  const imported: Quantity = { value: cells.readEnergy(row, 'import', unit), unit }
  const exported = row.cells.export === '' ? undefined : { value: cells.readEnergy(row, 'export', unit), unit }
  const point = cells.readIdentifier(row, 'point')
  const account = cells.readIdentifier(row, 'account')
  const meter = cells.readIdentifier(row, 'meter')
  const utility = cells.readUtility(row)
  if (point === undefined && account === undefined)
    throw cells.refuseCell(row, 'point', 'ERR_BILL_FIELD', 'point or account is required')
  return {
    v: 1,
    extractor: EXTRACTOR,
    format: KWITNESS_CSV_FORMAT,
    commodity: 'electricity',
    ...(utility === undefined ? {} : { utility }),
    ...(point === undefined ? {} : { point }),
    ...(account === undefined ? {} : { account }),
    ...(meter === undefined ? {} : { meter }),
    service,
    import: imported,
    ...(exported === undefined ? {} : { export: exported }),
    kind: cells.readKind(row),
    place,
    flags: ['self-stated'],
    sources: {
      import: 'column import',
      service: 'columns start, end_exclusive',
      place: 'columns country, state, zip, eia_id',
      ...(point === undefined ? {} : { point: 'column point' }),
    },
  }
}

/** Two rows for one point and overlapping days would count energy twice. */
function checkOverlap(rows: readonly CsvRow[], bills: readonly Facts[]): void {
  const sorted = bills
    .map((bill, index) => ({ bill, row: rows[index] }))
    .toSorted((a, b) => cells.orderTexts(keyOf(a.bill), keyOf(b.bill)))
  sorted.forEach(({ bill, row }, index) => {
    const previous = sorted[index - 1]?.bill
    if (previous === undefined || row === undefined || idOf(previous) !== idOf(bill)) return
    if (bill.service.start < previous.service.end) {
      const place = { line: row.line, column: 1, path: 'start' }
      throw review('ERR_BILL_READINGS_CONFLICT', 'two rows of one point overlap', place)
    }
  })
}

function idOf(facts: Facts): string {
  return facts.point ?? `account ${facts.account ?? ''}`
}

function keyOf(facts: Facts): string {
  return `${idOf(facts)} ${facts.service.start}`
}
