import assert from 'node:assert/strict'
import type { PDFDocumentProxy } from 'unpdf/pdfjs'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { Refusal, rejection, review } from '../refusal.ts'

/** Version of unpdf, and of the pdf.js that it brings along: other versions join letters to other pieces. */
export const UNPDF_VERSION = '1.8.1'
/** Version of pdf.js. */
export const PDFJS_VERSION = '6.1.200'

/** Nothing is drawn, fetched, evaluated or taken from the machine; the first error ends the reading. */
const OPTIONS = {
  isEvalSupported: false,
  disableFontFace: true,
  useSystemFonts: false,
  stopAtErrors: true,
  enableXfa: false,
  useWasm: false,
  useWorkerFetch: false,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  disableRange: true,
  disableStream: true,
  disableAutoFetch: true,
  pdfBug: false,
  // Errors only in results: pdf.js otherwise writes to the console.
  verbosity: 0,
} as const

/**
 * What `use` gives for an opened PDF; the document is closed in any case.
 *
 * pdf.js runs in the calling thread, which is a worker of the sandbox. It is loaded with the first PDF, since it takes a
 * while and defines a `DOMMatrix` for itself.
 *
 * @param bytes checked by `checkObjects`; they belong to pdf.js afterwards.
 * @throws {Refusal} ERR_BILL_CONTAINER when it is damaged or encrypted, ERR_BILL_TOO_LARGE, ERR_BILL_EMPTY without pages.
 */
export async function withPdf<T>(bytes: Uint8Array, use: (pdf: PDFDocumentProxy) => Promise<T>): Promise<T> {
  const { getDocument, version } = await import('unpdf/pdfjs')
  // Facts of another pdf.js would not be those of the other auditors: no vote at all is better.
  assert.equal(version, PDFJS_VERSION)
  const task = getDocument({ data: bytes, ...OPTIONS })
  try {
    const pdf = await task.promise
    checkDocument(pdf)
    return await use(pdf)
  } catch (thrown) {
    throw refusalOf(thrown)
  } finally {
    await task.destroy()
  }
}

function checkDocument(pdf: PDFDocumentProxy): void {
  if (pdf.numPages < 1) throw rejection('ERR_BILL_EMPTY', 'PDF has no page', { path: 'pages' })
  if (pdf.numPages > EXTRACTION_LIMITS.pdfPages) {
    const message = `PDF has ${pdf.numPages} pages, at most ${EXTRACTION_LIMITS.pdfPages} are read`
    throw rejection('ERR_BILL_TOO_LARGE', message, { path: 'pages' })
  }
}

/** What pdf.js throws is damage of the file, except where memory or stack of this machine ended. */
function refusalOf(thrown: unknown): unknown {
  if (thrown instanceof Refusal || thrown instanceof RangeError || !(thrown instanceof Error)) return thrown
  if (/call stack|allocation|out of memory/i.test(thrown.message)) return thrown
  if (thrown.name === 'PasswordException') {
    return review('ERR_BILL_CONTAINER', 'PDF is encrypted: a person must open it', { path: 'trailer' })
  }
  return rejection('ERR_BILL_CONTAINER', `PDF is damaged: ${thrown.message.slice(0, 120)}`, { path: 'objects' })
}
