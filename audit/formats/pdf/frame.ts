import { parseInteger } from '#protocol'
import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'

/** What the outermost bytes of a PDF say. */
export type PdfFrame = {
  /** More than one revision: something was changed after the file was first written (ISO 32000-1 section 7.5.6). */
  readonly hasSeveralRevisions: boolean
}

/** End record of a ZIP archive (PKWARE APPNOTE 4.3.16). */
const ZIP_END = Buffer.from([0x50, 0x4b, 0x05, 0x06])
const ZIP_END_BYTES = 22
const ZIP_COMMENT_BYTES = 0xffff
/** What writers leave behind the last line: line ends, blanks, and the filler of mail gateways. */
const FILLER: ReadonlySet<number> = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20])
const END_MARK = '%%EOF'
/** Bytes of `startxref`, its number and what stands between them. */
const START_CHARS = 64

/**
 * Checks what a PDF is before anything of it is unpacked: header, end, nothing behind the end, no second format in the
 * same bytes, no encryption.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER.
 */
export function checkFrame(bytes: Uint8Array): PdfFrame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!/^%PDF-[12]\.\d[\r\n \t]/.test(buffer.toString('latin1', 0, 16))) {
    throw rejection('ERR_BILL_CONTAINER', 'PDF has no header of a known version', { line: 1, column: 1 })
  }
  const end = buffer.lastIndexOf(END_MARK, undefined, 'latin1')
  if (end < 0) throw rejection('ERR_BILL_CONTAINER', 'PDF has no end; it may be cut off', placeOf(bytes.byteLength))
  for (let at = end + END_MARK.length; at < bytes.byteLength; at += 1) {
    if (!FILLER.has(bytes[at] ?? 0)) {
      throw review('ERR_BILL_CONTAINER', 'bytes follow the end of the PDF and belong to none of it', placeOf(at))
    }
  }
  checkPolyglot(buffer)
  const encrypted = findName(buffer, 'Encrypt')
  if (encrypted >= 0) throw review('ERR_BILL_CONTAINER', 'PDF is encrypted: a person must open it', placeOf(encrypted))
  checkStart(buffer, end)
  return { hasSeveralRevisions: countRevisions(buffer) > 1 }
}

/** Refusal of an XFA form: what a viewer shows of it is computed by scripts that nothing here runs. */
export function refuseXfa(path: string): Refusal {
  return review('ERR_BILL_TEMPLATE', 'PDF is an XFA form, whose text is made by scripts: a person must read it', {
    path,
  })
}

/** Place of a byte in a file that has no lines. */
export function placeOf(offset: number): { path: string } {
  return { path: `byte ${offset}` }
}

/** An end record whose comment reaches exactly to the end of the file makes the file an archive, too. */
function checkPolyglot(buffer: Buffer): void {
  const first = Math.max(0, buffer.byteLength - ZIP_END_BYTES - ZIP_COMMENT_BYTES)
  for (let at = buffer.indexOf(ZIP_END, first); at >= 0; at = buffer.indexOf(ZIP_END, at + 1)) {
    if (at + ZIP_END_BYTES > buffer.byteLength) return
    if (at + ZIP_END_BYTES + buffer.readUInt16LE(at + 20) === buffer.byteLength) {
      throw rejection('ERR_BILL_CONTAINER', 'file is a PDF and a ZIP archive at once', placeOf(at))
    }
  }
}

/** Offset of a name as writers write it; those who hide it with `#` escapes are found when its object is read. */
function findName(buffer: Buffer, name: string): number {
  const word = `/${name}`
  for (let at = buffer.indexOf(word, 0, 'latin1'); at >= 0; at = buffer.indexOf(word, at + 1, 'latin1')) {
    const next = buffer.toString('latin1', at + word.length, at + word.length + 1)
    if (/^[\0\t\n\f\r ()<>[\]{}/%]?$/.test(next)) return at
  }
  return -1
}

/**
 * The last `startxref` must point at a cross-reference table or stream: otherwise pdf.js searches for objects on its own,
 * and other programs in other ways.
 */
function checkStart(buffer: Buffer, end: number): void {
  const at = buffer.lastIndexOf('startxref', end, 'latin1')
  const [, offset = ''] = /^startxref\s+(\d{1,10})\s*%%EOF/.exec(buffer.toString('latin1', at, at + START_CHARS)) ?? []
  if (at < 0 || offset === '') throw rejection('ERR_BILL_CONTAINER', 'PDF has no startxref at its end', placeOf(end))
  const start = parseInteger(offset)
  const head = buffer.toString('latin1', start, start + START_CHARS)
  if (/^\s*(?:xref\s|\d+\s+\d+\s+obj\b)/.test(head)) return
  throw rejection('ERR_BILL_CONTAINER', 'startxref points at no cross-reference table', placeOf(at))
}

/** Each revision ends with `startxref` and an offset; that of the first part of a linearized file is 0. */
function countRevisions(buffer: Buffer): number {
  const word = 'startxref'
  let count = 0
  for (let at = buffer.indexOf(word, 0, 'latin1'); at >= 0; at = buffer.indexOf(word, at + 1, 'latin1')) {
    const tail = buffer.toString('latin1', at + word.length, at + word.length + START_CHARS)
    if (/^\s+0*[1-9]\d*\s+%%EOF/.test(tail)) count += 1
  }
  return count
}
