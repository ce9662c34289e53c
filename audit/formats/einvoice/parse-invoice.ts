import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import { parseXml, placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'

/** Elements that carry files, pictures and keys; their text is no text of the bill. */
const ATTACHMENTS: ReadonlySet<string> = new Set([
  'EmbeddedDocumentBinaryObject',
  'AttachmentBinaryObject',
  'Attachment',
  'X509Certificate',
])
/** Elements that are lines, in any syntax. */
const LINES: ReadonlySet<string> = new Set([
  'InvoiceLine',
  'CreditNoteLine',
  'SubInvoiceLine',
  'SubCreditNoteLine',
  'ConsumptionLine',
  'MeterReading',
  'IncludedSupplyChainTradeLineItem',
  'DettaglioLinee',
])

/**
 * Tree of an invoice in any syntax.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE at the first line or element over its limit, and as `parseXml`.
 */
export function parseInvoice(text: string): XmlElement {
  let lines = 0
  let elements = 0
  return parseXml(text, {
    skipText: ({ local }) => ATTACHMENTS.has(local),
    keep: (element) => {
      elements += 1
      if (LINES.has(element.local)) lines += 1
      if (lines > EXTRACTION_LIMITS.invoiceLines || elements > EXTRACTION_LIMITS.invoiceElements) {
        const message = `more than ${EXTRACTION_LIMITS.invoiceLines} lines or ${EXTRACTION_LIMITS.invoiceElements} elements`
        throw rejection('ERR_BILL_TOO_LARGE', message, placeOf(element))
      }
      return true
    },
  })
}
