import type { Extraction } from '#protocol'
import type { FormatReader } from '../reader.ts'
import { rejection } from '../refusal.ts'
import type { XmlElement } from '../xml-reader.ts'
import { joinBills } from './join-bills.ts'
import type { Invoice } from './model.ts'
import { parseInvoice } from './parse-invoice.ts'
import { isCii, readCii } from './read-cii.ts'
import { isUblInvoice, readUblInvoice } from './read-ubl.ts'
import { LINE_TABLES_VERSION } from './tables/line-rules.ts'
import { isUtilityStatement, readUtilityStatement } from './read-utility-statement.ts'

/** Name of the format in results: both syntaxes of EN 16931 say the same, and give the same facts. */
const EINVOICE_FORMAT = 'e-invoice'
/** A change of any verdict or figure is a new version, and so is a change of a row of the tables. */
const EXTRACTOR = { id: 'e-invoice', version: `1.2.0+${LINE_TABLES_VERSION}`, format: EINVOICE_FORMAT } as const

type Root = { readonly uri: string; readonly local: string }
type Syntax = { readonly accepts: (root: Root) => boolean; readonly read: (root: XmlElement) => Invoice }

const SYNTAXES: readonly Syntax[] = [
  { accepts: isUblInvoice, read: readUblInvoice },
  { accepts: isCii, read: readCii },
  { accepts: isUtilityStatement, read: readUtilityStatement },
]

/** Envelope of messages in the Peppol network (UN/CEFACT Standard Business Document Header 1.3). */
const ENVELOPE = {
  uri: 'http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader',
  local: 'StandardBusinessDocument',
} as const

/** Reader of e-invoices: UBL 2 (invoice, credit note, utility statement) and the Cross Industry Invoice. */
export const EINVOICE_READER: FormatReader = {
  format: EINVOICE_FORMAT,
  accepts: ({ root }) => root !== undefined && (isEnvelope(root) || SYNTAXES.some(({ accepts }) => accepts(root))),
  read: ({ text }) => extractEinvoice(text ?? ''),
}

/**
 * Facts of an e-invoice.
 *
 * @throws {Refusal} with code and place; a guess is never made.
 */
function extractEinvoice(text: string): Extraction {
  const root = parseInvoice(text)
  const document = isEnvelope(root) ? openEnvelope(root) : root
  const syntax = SYNTAXES.find(({ accepts }) => accepts(document))
  if (syntax === undefined) {
    throw rejection('ERR_BILL_FORMAT_UNKNOWN', 'no e-invoice of this version', {
      line: document.line,
      column: document.column,
    })
  }
  return joinBills([syntax.read(document)], EXTRACTOR)
}

function isEnvelope({ uri, local }: Root): boolean {
  return uri === ENVELOPE.uri && local === ENVELOPE.local
}

/** The one document beside the header of an envelope. */
function openEnvelope(root: XmlElement): XmlElement {
  const [document, second] = root.children.filter(({ uri }) => uri !== ENVELOPE.uri)
  if (document !== undefined && second === undefined) return document
  const { line, column } = second ?? root
  throw rejection('ERR_BILL_FIELD', 'envelope does not hold exactly one document', { line, column })
}
