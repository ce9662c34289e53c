import type { Extraction } from '#protocol'
import { joinBills } from '../einvoice/join-bills.ts'
import { parseInvoice } from '../einvoice/parse-invoice.ts'
import { LINE_TABLES_VERSION } from '../einvoice/tables/line-rules.ts'
import type { FormatReader } from '../reader.ts'
import { isFattura, readFatture } from './read-fattura.ts'

/** Name of the format in results. */
const FATTURA_PA_FORMAT = 'fattura-pa'
/** A change of any verdict or figure is a new version, and so is a change of a row of the tables. */
const EXTRACTOR = { id: 'fattura-pa', version: `1.2.0+${LINE_TABLES_VERSION}`, format: FATTURA_PA_FORMAT } as const

/** Reader of Italian electronic invoices; a signed one (`.p7m`) is opened by another reader. */
export const FATTURA_PA_READER: FormatReader = {
  format: FATTURA_PA_FORMAT,
  accepts: ({ root }) => root !== undefined && isFattura(root),
  read: ({ text }) => extractFatturaPa(text ?? ''),
}

/**
 * Facts of a FatturaPA file (Agenzia delle Entrate, format 1.2): the lines of energy, by POD and period.
 *
 * @throws {Refusal} with code and place; a guess is never made.
 */
function extractFatturaPa(text: string): Extraction {
  const root = parseInvoice(text)
  return joinBills(readFatture(root), EXTRACTOR)
}
