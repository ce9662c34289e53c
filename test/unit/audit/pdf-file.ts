import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

/** A piece of text on a page; points from the upper left corner. */
export type MadeText = { readonly text: string; readonly x: number; readonly y: number; readonly size?: number }

/** An attached file; lies are for tests. */
export type MadeAttachment = { readonly name: string; readonly content: string | Uint8Array; readonly key?: string }

/** Choices of a whole file. */
export type MadePdf = {
  readonly pages?: readonly (readonly MadeText[])[]
  readonly attachments?: readonly MadeAttachment[]
  /** Points. @default 595 */
  readonly pageWidth?: number
  /** Streams are deflated. @default true */
  readonly isPacked?: boolean
  /** Entries of the catalog, of each page, of the trailer. */
  readonly catalog?: string
  readonly page?: string
  readonly trailer?: string
  /** Further objects; numbers begin with 500. */
  readonly objects?: readonly MadeObject[]
  /** Instead of the objects of this builder with the same number. */
  readonly instead?: readonly MadeObject[]
}

/** An object: its number, its text, and the bytes of its stream. */
export type MadeObject = { readonly number: number; readonly body: string; readonly stream?: Uint8Array | string }

/** Widths of Helvetica in thousandths of its size (Adobe's font metrics), for ` ` to `~`. */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
]
/** Width of a text in points; letters with accents are as wide as those without. */
export function widthOf(text: string, size = 9): number {
  const codes = Array.from(text, (char) => char.normalize('NFD').codePointAt(0) ?? 0)
  return codes.reduce((sum, code) => sum + (WIDTHS[code - 0x20] ?? 400), 0) * (size / 1000)
}

const PAGE_HEIGHT = 842
const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'

/** A PDF of invented text with a cross-reference table (ISO 32000-1 section 7.5); same choices, same bytes. */
export function pdfFile(made: MadePdf = {}): Uint8Array {
  const { pages = [[]], attachments = [], objects = [], instead = [] } = made
  const isPacked = made.isPacked ?? true
  const kids = pages.map((_, index) => `${100 + 2 * index} 0 R`).join(' ')
  const all: MadeObject[] = [
    { number: 1, body: `<< /Type /Catalog /Pages 2 0 R ${namesOf(attachments)} ${made.catalog ?? ''} >>` },
    { number: 2, body: `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>` },
    { number: 3, body: FONT },
    ...pages.flatMap((page, index) => [
      {
        number: 100 + 2 * index,
        body: `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${made.pageWidth ?? 595} ${PAGE_HEIGHT}] /Contents ${101 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> ${made.page ?? ''} >>`,
      },
      streamObject(101 + 2 * index, contentOf(page), isPacked),
    ]),
    ...attachments.flatMap(({ content }, index) => [
      { number: 300 + 2 * index, body: specOf(attachments[index]?.name ?? '', 301 + 2 * index) },
      streamObject(301 + 2 * index, content, isPacked, '/Type /EmbeddedFile /Subtype /text#2Fxml'),
    ]),
    ...objects,
  ]
  const replaced = all.map((object) => instead.find(({ number }) => number === object.number) ?? object)
  return assemble(replaced, made.trailer ?? '')
}

/** An object with a stream, deflated or not. */
export function streamObject(
  number: number,
  content: string | Uint8Array,
  isPacked = true,
  entries = '',
): MadeObject & { stream: Uint8Array } {
  const plain = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  const stream = isPacked ? deflateSync(plain) : plain
  const filter = isPacked ? '/Filter /FlateDecode' : ''
  return { number, body: `<< /Length ${stream.byteLength} ${filter} ${entries} >>`, stream }
}

/** Operators that show pieces of text (ISO 32000-1 section 9.4). */
export function contentOf(page: readonly MadeText[]): string {
  const shown = page.map(({ text, x, y, size = 9 }) => {
    const escaped = text.replaceAll(/[\\()]/g, String.raw`\$&`)
    return `BT /F1 ${size} Tf 1 0 0 1 ${x} ${PAGE_HEIGHT - y} Tm (${escaped}) Tj ET`
  })
  return shown.join('\n')
}

/** The file with objects appended as an incremental update (ISO 32000-1 section 7.5.6). */
export function appendRevision(file: Uint8Array, objects: readonly MadeObject[]): Uint8Array {
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(Buffer.from(file).toString('latin1'))?.[1] ?? '0'
  const parts = new Parts(Buffer.from(file))
  const offsets = objects.map((object) => parts.pushObject(object))
  const table = parts.length
  parts.push('xref\n')
  for (const [number, offset] of offsets) parts.push(`${number} 1\n${entryOf(offset)}`)
  parts.push(`trailer\n<< /Root 1 0 R /Size 1000 /Prev ${previous} >>\nstartxref\n${table}\n%%EOF\n`)
  return parts.bytes()
}

function assemble(objects: readonly MadeObject[], trailer: string): Uint8Array {
  const parts = new Parts(Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1'))
  const offsets = objects.map((object) => parts.pushObject(object))
  const table = parts.length
  parts.push(`xref\n0 1\n0000000000 65535 f \n`)
  for (const [number, offset] of offsets) parts.push(`${number} 1\n${entryOf(offset)}`)
  const id = createHash('md5').update(String(table)).digest('hex')
  parts.push(`trailer\n<< /Root 1 0 R /Size 1000 /ID [<${id}> <${id}>] ${trailer} >>\nstartxref\n${table}\n%%EOF\n`)
  return parts.bytes()
}

class Parts {
  readonly #parts: Buffer[]
  length: number

  constructor(head: Buffer) {
    this.#parts = [head]
    this.length = head.byteLength
  }

  push(part: string | Uint8Array): void {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)
    this.#parts.push(bytes)
    this.length += bytes.byteLength
  }

  pushObject({ number, body, stream }: MadeObject): readonly [number, number] {
    const offset = this.length
    this.push(`${number} 0 obj\n${body}\n`)
    if (stream !== undefined) {
      this.push('stream\n')
      this.push(stream)
      this.push('\nendstream\n')
    }
    this.push('endobj\n')
    return [number, offset]
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts))
  }
}

function namesOf(attachments: readonly MadeAttachment[]): string {
  if (attachments.length === 0) return ''
  const names = attachments.map(({ name, key }, index) => `(${key ?? name}) ${300 + 2 * index} 0 R`)
  const all = attachments.map((_, index) => `${300 + 2 * index} 0 R`)
  return `/Names << /EmbeddedFiles << /Names [${names.join(' ')}] >> >> /AF [${all.join(' ')}]`
}

function specOf(name: string, stream: number): string {
  return `<< /Type /Filespec /F (${name}) /UF (${name}) /AFRelationship /Alternative /EF << /F ${stream} 0 R >> >>`
}

function entryOf(offset: number): string {
  return `${String(offset).padStart(10, '0')} 00000 n \n`
}
