import type { Extraction, Facts, Origin } from '#protocol'
import { verifyPdfSignatures } from '../../origin/pdf-signature.ts'
import type { FormatReader, ReadContext } from '../reader.ts'
import { extractionOf, Refusal, review, WholeFileRefusal } from '../refusal.ts'
import { checkObjects } from './check-objects.ts'
import { findEmbeddedInvoice } from './embedded-invoice.ts'
import type { EmbeddedInvoice } from './embedded-invoice.ts'
import { findTemplate } from './find-template.ts'
import { checkFrame } from './frame.ts'
import { PDFJS_VERSION, UNPDF_VERSION, withPdf } from './open-pdf.ts'
import type { TextPage } from './page-lines.ts'
import { readBill } from './read-bill.ts'
import { readText } from './read-text.ts'
import { refuseHistory } from './refuse-history.ts'
import type { Template } from './template.ts'
import { TEMPLATES } from './templates/index.ts'

/** Name of the format in results; an invoice inside adds its own, as in `pdf+e-invoice`. */
const PDF_FORMAT = 'pdf'
/** Version of this extractor; a change of any verdict, figure, template or library is a new version. */
const PDF_EXTRACTOR = { id: 'pdf', version: `1.1.0+unpdf.${UNPDF_VERSION}.pdfjs.${PDFJS_VERSION}` } as const

/** Format of invoices inside a PDF; anything else under their names is a trick. */
const INVOICE_FORMAT = 'e-invoice'
const PDF_HEAD = [0x25, 0x50, 0x44, 0x46] as const

/** What a PDF has to read. */
type Contents = { readonly invoice: EmbeddedInvoice } | { readonly pages: readonly TextPage[] }

/** Reader of PDFs: the invoice inside (Factur-X, ZUGFeRD, XRechnung), else the text layer by a template. */
export const PDF_READER: FormatReader = {
  format: PDF_FORMAT,
  accepts: ({ bytes }) => PDF_HEAD.every((byte, index) => bytes[index] === byte),
  read: async ({ bytes }, context) => extractPdf(bytes, context),
}

/**
 * Facts of a PDF. Of a signed one only the covered bytes are read, and the result says who signed, whatever the verdict.
 *
 * @param templates others than those of this version are for trying out new ones (`docs/add-a-pdf-template.md`).
 * @throws {Refusal} with code and place; also ERR_BILL_SIGNATURE when no signature holds.
 */
export async function extractPdf(
  bytes: Uint8Array,
  context: ReadContext,
  templates: readonly Template[] = TEMPLATES,
): Promise<Extraction> {
  const signed = await verifyPdfSignatures(bytes, context.trust)
  if (signed === undefined) return readPdf(bytes, context, { templates })
  const { origin, covered } = signed
  try {
    return { ...(await readPdf(covered, context, { templates, origin })), origin }
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown instanceof WholeFileRefusal) throw thrown
    return extractionOf(thrown, PDF_FORMAT, origin)
  }
}

type Reading = { readonly templates: readonly Template[]; readonly origin?: Origin }

async function readPdf(bytes: Uint8Array, context: ReadContext, { templates, origin }: Reading): Promise<Extraction> {
  const { hasSeveralRevisions } = checkFrame(bytes)
  const checked = checkObjects(bytes)
  const contents = await withPdf<Contents>(checked.bytes, async (pdf) => {
    const invoice = await findEmbeddedInvoice(pdf, checked.attachedFiles)
    return invoice === undefined ? { pages: await readText(pdf) } : { invoice }
  })
  // Signing appends a revision; without a signature somebody else did, and nobody says who.
  const flags = hasSeveralRevisions && origin === undefined ? ['several-revisions'] : []
  return 'invoice' in contents
    ? readInvoice(contents.invoice, context, flags)
    : readPages(contents.pages, templates, flags)
}

/**
 * Text of a PDF as templates see it, for those who write one.
 *
 * @throws {Refusal} as {@link extractPdf}; signatures are not checked.
 */
export async function readPdfPages(bytes: Uint8Array): Promise<readonly TextPage[]> {
  checkFrame(bytes)
  return withPdf(checkObjects(bytes).bytes, readText)
}

function readPages(pages: readonly TextPage[], templates: readonly Template[], flags: readonly string[]): Extraction {
  if (pages.every(({ lines }) => lines.length === 0)) {
    throw review('ERR_BILL_TEMPLATE', 'PDF has no text: a person must read its pictures', { path: 'page 1' })
  }
  const template = findTemplate(templates, pages)
  if (template.kind === 'history') throw refuseHistory(pages, template)
  const bill = readBill(pages, template, { format: PDF_FORMAT, extractor: PDF_EXTRACTOR, flags })
  return { verdict: 'facts', format: PDF_FORMAT, bills: [bill] }
}

async function readInvoice(
  { name, bytes, hash }: EmbeddedInvoice,
  context: ReadContext,
  flags: readonly string[],
): Promise<Extraction> {
  // Under the name of an invoice stands the invoice itself: whatever is packed once more is a trick.
  const inner = await context.readLast(bytes)
  const format = `${PDF_FORMAT}+${inner.format}`
  const isPacked = inner.reason?.code === 'ERR_BILL_NESTED'
  if (inner.format !== INVOICE_FORMAT && inner.verdict !== 'reject' && !isPacked) {
    throw review('ERR_BILL_CONTAINER', `attachment is ${inner.format}, no e-invoice`, { path: name })
  }
  if (inner.reason !== undefined) {
    const { place } = inner.reason
    const path = place?.path === undefined ? name : `${name}: ${place.path}`
    return { ...inner, format, reason: { ...inner.reason, place: { ...place, path } } }
  }
  const bills = inner.bills.map((bill): Facts => ({
    ...bill,
    format,
    extractor: {
      id: `${PDF_FORMAT}+${bill.extractor.id}`,
      version: `${PDF_EXTRACTOR.version}, ${bill.extractor.version}`,
    },
    flags: [...new Set([...bill.flags, ...flags])].toSorted((a, b) => (a < b ? -1 : 1)),
    sources: { ...bill.sources, attachment: `${name} sha256:${hash}` },
  }))
  return { ...inner, format, bills }
}
