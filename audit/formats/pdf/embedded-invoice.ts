import { createHash } from 'node:crypto'
import type { PDFDocumentProxy } from 'unpdf/pdfjs'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'

/** The invoice inside a PDF. */
export type EmbeddedInvoice = {
  readonly name: string
  readonly bytes: Uint8Array
  /** SHA-256 (hex) of its bytes. */
  readonly hash: string
}

/** Names that Factur-X 1.0, ZUGFeRD 1 to 2 and XRechnung give the XML; case matters. */
const INVOICE_NAMES: ReadonlySet<string> = new Set([
  'factur-x.xml',
  'zugferd-invoice.xml',
  'ZUGFeRD-invoice.xml',
  'xrechnung.xml',
])
/** What is left of those names when everything is taken away in which a name can only look like another. */
const BARE_NAMES: ReadonlySet<string> = new Set([...INVOICE_NAMES].map(bareName))

/**
 * The one invoice that is attached under one of its names; other attachments (a second PDF, time sheets) are left aside.
 *
 * @param attachedFiles dictionaries of attached files that the file has anywhere.
 * @throws {Refusal} ERR_BILL_CONTAINER (review) with several invoices, or with names that only look like those of one.
 */
export async function findEmbeddedInvoice(
  pdf: PDFDocumentProxy,
  attachedFiles: number,
): Promise<EmbeddedInvoice | undefined> {
  const attachments = [...((await pdf.getAttachments()) ?? new Map<string, never>())]
  if (attachments.length > EXTRACTION_LIMITS.pdfAttachments) {
    const message = `PDF has more than ${EXTRACTION_LIMITS.pdfAttachments} attachments`
    throw rejection('ERR_BILL_TOO_LARGE', message, { path: 'attachments' })
  }
  const alike = attachments.filter(([key, { rawFilename }]) => [key, rawFilename].some(looksLikeInvoice))
  const [entry, second] = alike
  if (entry === undefined) return undefined
  const [id, { rawFilename: name }] = entry
  if (second !== undefined) throw refuseNames('several attachments have names of invoices')
  if (!INVOICE_NAMES.has(name)) throw refuseNames(`attachment ${quote(name)} only looks like an invoice`)
  // Two files under one name, of which each reader would take another.
  if (attachedFiles !== attachments.length) throw refuseNames('files are attached that the list does not name')
  const bytes = await pdf.getAttachmentContent(id)
  if (bytes === null) throw rejection('ERR_BILL_CONTAINER', 'attachment has no content', { path: name })
  return { name, bytes, hash: createHash('sha256').update(bytes).digest('hex') }
}

function looksLikeInvoice(name: string): boolean {
  return BARE_NAMES.has(bareName(name))
}

function bareName(name: string): string {
  const last = name.replaceAll('\\', '/').split('/').at(-1) ?? ''
  return last
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

function quote(name: string): string {
  return JSON.stringify(name.replaceAll(/[^ -~]/g, '?').slice(0, 80))
}

function refuseNames(message: string): Error {
  return review('ERR_BILL_CONTAINER', message, { path: 'attachments' })
}
