import { rejection, review } from '../refusal.ts'
import { isPdfSpace } from '../../origin/pdf-objects.ts'
import { placeOf } from './frame.ts'
import type { PdfDictionary } from './pdf-values.ts'
import { findPacking } from './stream-packing.ts'
import { decodeBase85Stream, decodeHexStream, inflateBounded } from './unpack-stream.ts'
import { unpredict } from './unpredict.ts'

/** Word behind the dictionary of a stream. */
export const STREAM = 'stream'
const END = 'endstream'
const [CR, LF] = [0x0d, 0x0a] as const
/** Blanks that some writers leave between the word and the end of its line. */
const MAX_BLANKS = 16
/** Characters of a stream in hex or base 85: old writers packed text that way, and text is short. */
const MAX_TEXT_PACKED = 4 * 1024 * 1024

/** A stream without its packing. */
export type OpenedStream = {
  readonly bytes: Uint8Array
  /** It is packed in a way that has an end of its own, whatever its length says. */
  readonly endsItself: boolean
}

/**
 * First byte behind the word `stream` and its line end (ISO 32000-1 section 7.3.8.1).
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review): what stands between them is skipped by some readers.
 */
export function startOfStream(file: Uint8Array, word: number): number {
  let at = word + STREAM.length
  while (at - word < MAX_BLANKS && file[at] !== CR && file[at] !== LF && isPdfSpace(file[at])) at += 1
  if (file[at] === CR && file[at + 1] === LF) return at + 2
  if (file[at] === CR || file[at] === LF) return at + 1
  throw review('ERR_BILL_CONTAINER', 'stream does not begin on a line of its own', placeOf(word))
}

/** Offset of the end mark of a stream, or of the end of the file. */
export function endOfStream(file: Buffer, start: number): number {
  const end = file.indexOf(END, start, 'latin1')
  return end < 0 ? file.byteLength : end
}

/**
 * Bytes of a stream as pdf.js will read them.
 *
 * @param left bytes that it may unpack to.
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER.
 */
export function openStream(file: Buffer, dictionary: PdfDictionary, word: number, left: number): OpenedStream {
  const packing = findPacking(dictionary, word)
  const start = startOfStream(file, word)
  const raw = file.subarray(start)
  const { text, isFlate, prediction } = packing
  const packed = text === undefined ? raw : decodeText(raw, text, start)
  // Without packing pdf.js sees at most what lies between here and the end mark: a longer length is refused.
  const plain = text === undefined ? file.subarray(start, endOfStream(file, start)) : packed
  const unpacked = isFlate ? inflateBounded(packed, left, start) : plain
  if (unpacked.byteLength > left) {
    throw rejection('ERR_BILL_TOO_LARGE', 'streams of the PDF unpack beyond the limit', placeOf(start))
  }
  const bytes = prediction === undefined ? unpacked : unpredict(unpacked, prediction, start)
  return { bytes, endsItself: isFlate || text !== undefined }
}

function decodeText(raw: Buffer, text: 'hex' | 'base85', start: number): Uint8Array {
  const end = raw.indexOf(text === 'hex' ? '>' : '~', 0, 'latin1')
  if (end < 0 || end > MAX_TEXT_PACKED) {
    throw review('ERR_BILL_CONTAINER', 'stream in text form has no end, or is too long', placeOf(start))
  }
  const digits = raw.subarray(0, end)
  return text === 'hex' ? decodeHexStream(digits) : decodeBase85Stream(digits, start)
}
