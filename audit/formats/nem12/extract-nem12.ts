import type { Extraction, Facts } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import type { FormatReader } from '../reader.ts'
import { rejection, review } from '../refusal.ts'
import { intervalBills } from './interval-bills.ts'
import type { MdffBill } from './interval-bills.ts'
import { readDocuments } from './read-documents.ts'
import { registerBills } from './register-bills.ts'

/** Name of the format in results, for interval data and for register readings alike. */
export const NEM12_FORMAT = 'nem12'
/** Version of this extractor; a change of any verdict or figure is a new version. */
const EXTRACTOR = { id: 'nem12', version: '1.1.0' } as const

/** A 100 record; or, for the abridged files of some networks, a 200, 250 or 300 record with its first fields. */
const FIRST_RECORD =
  /^(?:[ ,]*\r?\n){0,16}(?:100,NEM1[23],|200,[A-Z\d]{1,11},(?:[A-Z\d]{2})*,[^,\n]*,[A-Z][A-Z\d],|250,[A-Z\d]{1,11},(?:[A-Z\d]{2})*,|300,\d{8},)/i

/** Reader of the AEMO Meter Data File Format, NEM12 and NEM13. */
export const NEM12_READER: FormatReader = {
  format: NEM12_FORMAT,
  accepts: ({ text }) => text !== undefined && FIRST_RECORD.test(text.slice(0, 2_048)),
  read: ({ text }) => extractNem12(text ?? ''),
}

/**
 * Facts of a Meter Data File Format file (AEMO, MDFF Specification NEM12 and NEM13): one bill for each metering point
 * of interval data, and for each point and pair of reading dates of register data.
 *
 * @throws {Refusal} with line, column and field.
 */
function extractNem12(text: string): Extraction {
  const documents = readDocuments(text)
  const bills = [...intervalBills(documents), ...registerBills(documents)].toSorted((a, b) =>
    orderTexts(keyOf(a), keyOf(b)),
  )
  const top = { line: 1, column: 1 }
  if (bills.length === 0) throw rejection('ERR_BILL_NO_CONSUMPTION', 'file has no stream of energy', top)
  if (bills.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} bills in one file`, top)
  }
  checkOverlap(bills)
  const flags = documents.length > 1 ? ['concatenated'] : []
  return { verdict: 'facts', format: NEM12_FORMAT, bills: bills.map((bill) => factsOf(bill, flags)) }
}

function factsOf({ facts }: MdffBill, flags: readonly string[]): Facts {
  return {
    v: 1,
    extractor: EXTRACTOR,
    format: NEM12_FORMAT,
    commodity: 'electricity',
    place: { country: 'AU' },
    ...facts,
    flags: [...facts.flags, ...flags].toSorted(orderTexts),
  }
}

/** Two bills of one point and overlapping days would count energy twice. */
function checkOverlap(bills: readonly MdffBill[]): void {
  bills.forEach(({ facts, place }, index) => {
    const previous = bills[index - 1]?.facts
    if (previous?.point !== facts.point || previous === undefined) return
    if (facts.service.start < previous.service.end) {
      const message = `two bills of NMI ${facts.point ?? ''} overlap from ${facts.service.start}`
      throw review('ERR_BILL_READINGS_CONFLICT', message, place)
    }
  })
}

function keyOf({ facts: { point, service } }: MdffBill): string {
  return `${point ?? ''} ${service.start} ${service.end}`
}
