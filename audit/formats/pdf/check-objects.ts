import { parseInteger } from '#protocol'
import { isPdfRegular, isPdfSpace, parsePdfObject, PdfSyntaxError } from '../../origin/pdf-objects.ts'
import type { PdfBudget, PdfValue } from '../../origin/pdf-objects.ts'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { checkCharacterMap } from './check-character-map.ts'
import { checkForms, countDraws } from './check-forms.ts'
import type { PdfForm, PlacedDictionary } from './check-forms.ts'
import { checkTokens } from './check-tokens.ts'
import { checkValue, isBeyondCodes, refuseRange } from './check-value.ts'
import { placeOf } from './frame.ts'
import { integersOf, nameOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'
import { findPacking } from './stream-packing.ts'
import type { Packing } from './stream-packing.ts'
import { decodeBase85Stream, decodeHexStream, inflateBounded } from './unpack-stream.ts'

/** What {@link checkObjects} found. */
export type CheckedPdf = {
  /** A copy of the file in which pictures are packed in a way that nobody knows: pdf.js leaves them alone. */
  readonly bytes: Uint8Array
  /** Dictionaries of attached files (`EF`), those of older revisions included. */
  readonly attachedFiles: number
}

type Scan = {
  readonly file: Buffer
  readonly copy: Uint8Array
  readonly budget: PdfBudget
  /** Offsets of the words `stream` whose dictionary was checked. */
  readonly streams: Set<number>
  objects: number
  unpackedBytes: number
  attachedFiles: number
  readonly forms: PdfForm[]
  readonly dictionaries: Map<number, PlacedDictionary[]>
  /** Objects that arrays refer to, where one may be the end of a range. */
  readonly ranges: Set<number>
  /** Objects that are numbers beyond all character codes, and where they stand: lengths of streams, mostly. */
  readonly largeNumbers: Map<number, number>
  /** How often content that is no form draws something. */
  draws: number
}

const STREAM = 'stream'
const [CR, LF, PERCENT] = [0x0d, 0x0a, 0x25] as const
/** Blanks and comments between a dictionary and the word `stream`. */
const GAP_BYTES = 1024
/** Characters of a stream in hex or base 85: old writers packed text that way, and text is short. */
const MAX_TEXT_PACKED = 4 * 1024 * 1024

/**
 * Looks at every object and every stream of a file before pdf.js does, wherever they stand: cross-reference tables are
 * not asked, since hostile ones may point anywhere. What pdf.js will unpack is unpacked here first, against one limit.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE for bombs, ERR_BILL_CONTAINER for damage and for ways of packing that no bill has.
 */
export function checkObjects(bytes: Uint8Array): CheckedPdf {
  const copy = Uint8Array.from(bytes)
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const budget = { bytes: 2 * EXTRACTION_LIMITS.fileBytes }
  const scan: Scan = {
    file,
    copy,
    budget,
    streams: new Set(),
    objects: 0,
    unpackedBytes: 0,
    attachedFiles: 0,
    forms: [],
    dictionaries: new Map(),
    ranges: new Set(),
    largeNumbers: new Map(),
    draws: 0,
  }
  checkTokens(bytes, 0)
  for (let at = file.indexOf('obj', 0, 'latin1'); at >= 0; at = file.indexOf('obj', at + 3, 'latin1')) {
    const number = numberOfObject(file, at)
    if (number !== undefined) checkObject(scan, number, at + 3)
  }
  checkEveryStream(scan)
  for (const [number, place] of scan.largeNumbers) if (scan.ranges.has(number)) throw refuseRange(place)
  checkForms(scan.forms, scan.dictionaries, scan.draws)
  return { bytes: copy, attachedFiles: scan.attachedFiles }
}

function checkObject(scan: Scan, number: number, start: number): void {
  countObjects(scan, 1, start)
  const value = parseOrRefuse(scan.file, start, scan.budget)
  noteValue(scan, { value, number, bytes: scan.file }, start)
  if (value.kind !== 'dictionary') return
  const word = skipGap(scan.file, value.end)
  if (scan.file.toString('latin1', word, word + STREAM.length) !== STREAM) return
  scan.streams.add(word)
  checkStream(scan, { dictionary: value, number }, word)
}

type PdfStream = { readonly dictionary: PdfDictionary; readonly number: number }

function checkStream(scan: Scan, { dictionary, number }: PdfStream, word: number): void {
  const { file } = scan
  const packing = findPacking(dictionary, word)
  if (packing.isPicture) {
    // ISO 32000-1 table 6: for an unknown name there is nothing to unpack. Only the copy is changed.
    for (const filter of packing.filters) scan.copy[filter.start + 1] = 0x58
    return
  }
  const unpacked = unpack(scan, packing, startOfStream(file, word))
  checkTokens(unpacked, word)
  checkCharacterMap(unpacked, word)
  const draws = countDraws(unpacked)
  if (nameOf(dictionary, 'Subtype') === 'Form') {
    scan.forms.push({ number, place: word, draws, dictionary, bytes: file })
  } else scan.draws += draws
  if (valuesOf(dictionary, 'First').length > 0 && valuesOf(dictionary, 'N').length > 0) {
    checkObjectStream(scan, dictionary, unpacked, word)
  }
  if (nameOf(dictionary, 'Type') === 'XRef') checkReferenceStream(dictionary, unpacked.byteLength, word)
}

function unpack(scan: Scan, packing: Packing, start: number): Uint8Array {
  const left = EXTRACTION_LIMITS.pdfUnpackedBytes - scan.unpackedBytes
  const raw = scan.file.subarray(start)
  const { text, isFlate } = packing
  const packed = text === undefined ? raw : decodeText(raw, text, start)
  // Without packing pdf.js sees at most what lies between here and the next `endstream`.
  const unpacked = isFlate ? inflateBounded(packed, left, start) : text === undefined ? upToEnd(raw) : packed
  scan.unpackedBytes += unpacked.byteLength
  if (scan.unpackedBytes > EXTRACTION_LIMITS.pdfUnpackedBytes) {
    throw rejection('ERR_BILL_TOO_LARGE', 'streams of the PDF unpack beyond the limit', placeOf(start))
  }
  return unpacked
}

function decodeText(raw: Buffer, text: 'hex' | 'base85', start: number): Uint8Array {
  const end = raw.indexOf(text === 'hex' ? '>' : '~', 0, 'latin1')
  if (end < 0 || end > MAX_TEXT_PACKED) {
    throw review('ERR_BILL_CONTAINER', 'stream in text form has no end, or is too long', placeOf(start))
  }
  return text === 'hex' ? decodeHexStream(raw.subarray(0, end)) : decodeBase85Stream(raw.subarray(0, end))
}

function upToEnd(raw: Buffer): Buffer {
  const end = raw.indexOf('endstream', 0, 'latin1')
  return end < 0 ? raw : raw.subarray(0, end)
}

/** Objects inside a stream (ISO 32000-1 section 7.5.7): pairs of number and offset, then the objects. */
function checkObjectStream(scan: Scan, dictionary: PdfDictionary, unpacked: Uint8Array, place: number): void {
  const [count] = integersOf(valuesOf(dictionary, 'N')[0]) ?? []
  const [first] = integersOf(valuesOf(dictionary, 'First')[0]) ?? []
  if (count === undefined || first === undefined || first > unpacked.byteLength) {
    throw rejection('ERR_BILL_CONTAINER', 'object stream lies about its contents', placeOf(place))
  }
  countObjects(scan, count, place)
  const head = Buffer.from(unpacked.subarray(0, first)).toString('latin1')
  const numbers = numbersOf(head, 2 * count)
  let at = first
  for (let index = 0; index < count; index += 1) {
    // pdf.js reads one object behind the other, whatever the offsets say.
    const value = parseOrRefuse(unpacked, at, scan.budget, place)
    noteValue(scan, { value, number: numbers[2 * index], bytes: unpacked }, place)
    at = value.end
    const next = skipGap(unpacked, at)
    if (Buffer.from(unpacked.subarray(next, next + STREAM.length)).toString('latin1') === STREAM) {
      throw rejection('ERR_BILL_CONTAINER', 'object stream holds a stream', placeOf(place))
    }
  }
}

/** First numbers of a text, at most so many: the head of a stream may be sixty megabytes of them. */
function numbersOf(text: string, most: number): readonly number[] {
  const numbers: number[] = []
  const pattern = /\d{1,15}/g
  for (let found = pattern.exec(text); found !== null && numbers.length < most; found = pattern.exec(text)) {
    numbers.push(parseInteger(found[0]))
  }
  return numbers
}

/** Each entry of a cross-reference stream (ISO 32000-1 section 7.5.8) has as many bytes as `W` says. */
function checkReferenceStream(dictionary: PdfDictionary, unpackedBytes: number, place: number): void {
  const widths = integersOf(valuesOf(dictionary, 'W')[0]) ?? []
  const index =
    integersOf(valuesOf(dictionary, 'Index')[0]) ?? integersOf(valuesOf(dictionary, 'Size')[0])?.concat() ?? []
  const counts = valuesOf(dictionary, 'Index').length > 0 ? index.filter((_, at) => at % 2 === 1) : index
  const entryBytes = widths.reduce((sum, width) => sum + width, 0)
  const entries = counts.reduce((sum, count) => sum + count, 0)
  if (widths.length !== 3 || entryBytes === 0 || entryBytes > 24 || entries * entryBytes > unpackedBytes) {
    throw rejection('ERR_BILL_CONTAINER', 'cross-reference stream lies about its length', placeOf(place))
  }
}

/** A stream whose dictionary was not found would go unchecked to pdf.js, which may find it by other ways. */
function checkEveryStream({ file, streams }: Scan): void {
  for (let at = file.indexOf(STREAM, 0, 'latin1'); at >= 0; at = file.indexOf(STREAM, at + 1, 'latin1')) {
    if (streams.has(at) || isPdfRegular(file[at - 1])) continue
    const from = Math.max(0, at - GAP_BYTES)
    const close = file.lastIndexOf('>>', at, 'latin1')
    if (close >= from && skipGap(file, close + 2) === at) {
      throw rejection('ERR_BILL_CONTAINER', 'stream has no dictionary that can be read', placeOf(at))
    }
  }
}

function countObjects(scan: Scan, count: number, place: number): void {
  scan.objects += count
  if (scan.objects > EXTRACTION_LIMITS.pdfObjects) {
    throw rejection('ERR_BILL_TOO_LARGE', `PDF has more than ${EXTRACTION_LIMITS.pdfObjects} objects`, placeOf(place))
  }
}

type NumberedValue = { readonly value: PdfValue; readonly number: number | undefined; readonly bytes: Uint8Array }

function noteValue(scan: Scan, { value, number, bytes }: NumberedValue, place: number): void {
  scan.attachedFiles += checkValue(value, { place, ranges: scan.ranges })
  if (number !== undefined && isBeyondCodes(value)) scan.largeNumbers.set(number, place)
  if (value.kind !== 'dictionary' || number === undefined) return
  const known = scan.dictionaries.get(number)
  if (known === undefined) scan.dictionaries.set(number, [{ dictionary: value, bytes }])
  else known.push({ dictionary: value, bytes })
}

function parseOrRefuse(bytes: Uint8Array, start: number, budget: PdfBudget, place = start): PdfValue {
  try {
    return parsePdfObject(bytes, start, budget)
  } catch (thrown) {
    if (!(thrown instanceof PdfSyntaxError)) throw thrown
    throw refuseObject(place)
  }
}

function refuseObject(place: number): Refusal {
  return rejection('ERR_BILL_CONTAINER', 'object of the PDF is damaged or too large', placeOf(place))
}

/** First byte behind the word `stream` and its line end (ISO 32000-1 section 7.3.8.1). */
function startOfStream(file: Buffer, word: number): number {
  const after = word + STREAM.length
  if (file[after] === CR && file[after + 1] === LF) return after + 2
  return file[after] === CR || file[after] === LF ? after + 1 : after
}

function skipGap(bytes: Uint8Array, from: number): number {
  let at = from
  while (at - from < GAP_BYTES) {
    if (isPdfSpace(bytes[at])) at += 1
    else if (bytes[at] === PERCENT) while (at - from < GAP_BYTES && bytes[at] !== CR && bytes[at] !== LF) at += 1
    else return at
  }
  return at
}

/** Number of the object whose word `obj` stands at an offset; `undefined` when no number and generation do before it. */
function numberOfObject(file: Buffer, at: number): number | undefined {
  if (isPdfRegular(file[at + 3])) return undefined
  const before = file.toString('latin1', Math.max(0, at - 48), at)
  const head = /(?:^|[^!-~]|[()<>[\]{}/%])(\d{1,10})[\0\t\n\f\r ]{1,16}\d{1,10}[\0\t\n\f\r ]{0,16}$/
  const digits = head.exec(before)?.[1]
  return digits === undefined ? undefined : parseInteger(digits)
}
