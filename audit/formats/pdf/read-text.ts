import type { PDFDocumentProxy } from 'unpdf/pdfjs'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import { linesOfPage, withoutBlanks } from './page-lines.ts'
import type { TextItem, TextPage } from './page-lines.ts'

type PdfPage = Awaited<ReturnType<PDFDocumentProxy['getPage']>>
/** What pdf.js hands over in pieces; marks of content structure have no `str`. */
type Chunk = {
  readonly items: readonly { readonly str?: string; readonly transform?: readonly number[]; readonly width?: number }[]
}
type Budget = { items: number; chars: number }

/** Position of text: `[a, b, c, d, e, f]` of ISO 32000-1 section 8.3.3. */
type Matrix = readonly [number, number, number, number, number, number]
/** Farther out than any paper, in points. */
const MAX_POINTS = 100_000

/**
 * Text of all pages, by lines. Text that a viewer does not show (under pictures, in white) is text here, too.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE.
 */
export async function readText(pdf: PDFDocumentProxy): Promise<readonly TextPage[]> {
  const budget = { items: EXTRACTION_LIMITS.pdfTextItems, chars: EXTRACTION_LIMITS.pdfTextChars }
  const pages: TextPage[] = []
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number)
    pages.push(linesOfPage(number, await readItems(page, number, budget)))
    page.cleanup()
  }
  return pages
}

async function readItems(page: PdfPage, number: number, budget: Budget): Promise<TextItem[]> {
  const view = matrixOf(page.getViewport({ scale: 1 }).transform)
  const reader = (page.streamTextContent({ disableNormalization: true }) as ReadableStream<Chunk>).getReader()
  const found: TextItem[] = []
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    for (const { str = '', transform = [], width = 0 } of chunk.value.items) {
      budget.items -= 1
      budget.chars -= str.length
      if (budget.items < 0 || budget.chars < 0) {
        void drain(reader)
        throw rejection('ERR_BILL_TOO_LARGE', 'PDF has more text than any bill', { path: `page ${number}` })
      }
      const text = withoutBlanks(str)
      if (text !== '') found.push(itemOf(text, { width, text: matrixOf(transform), view }))
    }
  }
  return found
}

/**
 * Lets pdf.js come to the place where it notices that the document is closed, which waits for that. To cancel the stream
 * instead would end the process: pdf.js goes on writing into it, outside of every promise.
 */
async function drain(reader: ReadableStreamDefaultReader<Chunk>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // Nobody needs the rest.
  }
}

function itemOf(text: string, place: { width: number; text: Matrix; view: Matrix }): TextItem {
  const [a, b, c, d, e, f] = place.view
  const [textA, textB, , , x, y] = place.text
  const left = clamp(a * x + c * y + e)
  const baseline = clamp(b * x + d * y + f)
  // Direction of reading after turning the page as it is shown.
  const along = a * textA + c * textB
  const across = b * textA + d * textB
  const isUpright = along > 0 && Math.abs(across) * 100 < along
  return { text, left, right: clamp(left + place.width), baseline, isUpright }
}

function clamp(position: number): number {
  return Math.max(-MAX_POINTS, Math.min(MAX_POINTS, position))
}

function matrixOf(numbers: readonly unknown[]): Matrix {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = numbers.filter((one) => typeof one === 'number')
  return [a, b, c, d, e, f]
}
