import { signCms } from './sign-cms.ts'
import type { CmsOptions } from './sign-cms.ts'

/** Options of {@link signPdf}. */
export type PdfSigning = Partial<CmsOptions> & {
  /** @default 'ETSI.CAdES.detached' */
  readonly subFilter?: string
  /** Characters of the hex string. @default 12_000 */
  readonly hexChars?: number
  /** Changes the dictionary's text before it is signed; offsets must not move. */
  readonly edit?: (dictionary: string) => string
  /** Changes the four numbers of the ByteRange. */
  readonly range?: (range: readonly number[]) => readonly number[]
  /** Bytes that are signed instead of those of the range. */
  readonly signedBytes?: Uint8Array
  /** Hex digits that are put in instead of a signature. */
  readonly hex?: string
}

const RANGE_CHARS = 60

/** A PDF of one page that shows one line of text, with a cross-reference table. */
export function makePdf(line: string): Uint8Array {
  const content = `BT /F1 12 Tf 40 100 Td (${line}) Tj ET`
  return appendObjects(latin1('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n'), [
    [1, '<< /Type /Catalog /Pages 2 0 R >>'],
    [2, '<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 300 144] >>'],
    [
      3,
      '<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>',
    ],
    [4, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`],
  ])
}

/** The file with objects appended as an incremental update (ISO 32000-1 section 7.5.6). */
export function appendObjects(file: Uint8Array, objects: readonly (readonly [number, string])[]): Uint8Array {
  const text = text1(file)
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(text)?.[1]
  let out = text
  const offsets = objects.map(([number, body]) => {
    const offset = out.length
    out += `${number} 0 obj\n${body}\nendobj\n`
    return [number, offset] as const
  })
  const table = out.length
  out += 'xref\n0 1\n0000000000 65535 f \n'
  for (const [number, offset] of offsets) out += `${number} 1\n${String(offset).padStart(10, '0')} 00000 n \n`
  const size = Math.max(...objects.map(([number]) => number), 20) + 1
  out += `trailer\n<< /Root 1 0 R /Size ${size}${previous === undefined ? '' : ` /Prev ${previous}`} >>\n`
  out += `startxref\n${table}\n%%EOF\n`
  return latin1(out)
}

/** The file with a signature in an incremental update, as signing products append it. */
export function signPdf(file: Uint8Array, options: PdfSigning = {}): Uint8Array {
  const { subFilter = 'ETSI.CAdES.detached', hexChars = 12_000, edit = (text) => text } = options
  // Each further signature needs objects of its own.
  const first = 6 + 2 * (text1(file).split('/Type /Sig ').length - 1)
  const hole = `<${'0'.repeat(hexChars)}>`
  const dictionary = edit(
    `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /${subFilter} /ByteRange [${' '.repeat(RANGE_CHARS)}] /Contents ${hole} >>`,
  )
  const before = appendObjects(file, [
    [1, `<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [${first} 0 R] /SigFlags 3 >> >>`],
    [first, `<< /FT /Sig /T (Seal) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V ${first + 1} 0 R >>`],
    [first + 1, dictionary],
  ])
  return fillIn(before, file.byteLength, options)
}

/** Writes ByteRange and signature into the last holes that {@link signPdf} left. */
function fillIn(unsigned: Uint8Array, from: number, options: PdfSigning): Uint8Array {
  const text = text1(unsigned)
  const start = text.indexOf('/Contents <', from) + '/Contents '.length
  const end = text.indexOf('>', start) + 1
  const range = (options.range ?? ((same) => same))([0, start, end, unsigned.byteLength - end])
  const filled = text.replace(`[${' '.repeat(RANGE_CHARS)}]`, `[${range.join(' ').padEnd(RANGE_CHARS)}]`)
  const whole = latin1(filled)
  const [, gapStart = 0, gapEnd = 0, length = 0] = range
  const signed = options.signedBytes ?? join(whole.subarray(0, gapStart), whole.subarray(gapEnd, gapEnd + length))
  const hex = options.hex ?? hexOf(signCms({ isDetached: true, ...options, content: signed }))
  if (hex.length > end - start - 2) throw new Error(`signature needs ${hex.length} characters`)
  whole.set(latin1(hex), start + 1)
  return whole
}

/** Lower-case hex digits. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Bytes of a text whose characters are bytes. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Text whose characters are bytes. */
export function text1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
