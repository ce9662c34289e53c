import { divideFloor, parseInteger } from '#protocol'
import { isPdfRegular, isPdfSpace, parsePdfObject, PdfSyntaxError } from '../../origin/pdf-objects.ts'
import type { PdfBudget, PdfValue } from '../../origin/pdf-objects.ts'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { checkPackedObjects, isReferenceStream, readReferenceStream } from './check-references.ts'
import type { PackedObjects } from './check-references.ts'
import { checkSteps } from './check-steps.ts'
import { checkStreams } from './check-streams.ts'
import { checkTokens } from './check-tokens.ts'
import { checkValue, isBeyondCodes, refuseRange } from './check-value.ts'
import { placeOf } from './frame.ts'
import { endOfStream, openStream, STREAM, startOfStream } from './open-stream.ts'
import { addTo, countObject, createCensus } from './pdf-census.ts'
import type { PdfCensus, PdfStream } from './pdf-census.ts'
import { integersOf, nameOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** What {@link checkObjects} found. */
export type CheckedPdf = {
  /** A copy of the file in which pictures, font programs and drawn letters are blank: pdf.js has nothing to read there. */
  readonly bytes: Uint8Array
  /** Dictionaries of attached files (`EF`), those of older revisions included. */
  readonly attachedFiles: number
  /** What pdf.js has to do to read the text. */
  readonly steps: number
}

type Scan = {
  readonly file: Buffer
  readonly budget: PdfBudget
  readonly census: PdfCensus
  /** Offsets of the words `stream` whose dictionary was checked. */
  readonly words: Set<number>
  objects: number
  unpackedBytes: number
  attachedFiles: number
  /** Objects that arrays refer to, where one may be the end of a range. */
  readonly ranges: Set<number>
  /** Objects that are numbers beyond all character codes, and where they stand: lengths of streams, mostly. */
  readonly largeNumbers: Map<number, number>
  readonly packed: PackedObjects[]
  /** Numbers of the objects in each object stream. */
  readonly contents: Map<number, Set<number>>
  /** Bytes of object streams: each is parsed whole. */
  objectStreamBytes: number
}

const [CR, LF, PERCENT] = [0x0d, 0x0a, 0x25] as const
/** Blanks and comments between a dictionary and the word `stream`. */
const GAP_BYTES = 1024
/** Bytes of object streams that pdf.js parses in one step. */
const BYTES_PER_STEP = 8

/**
 * Looks at every object and every stream of a file before pdf.js does, wherever they stand: cross-reference tables are
 * not asked, since hostile ones may point anywhere. What pdf.js will unpack is unpacked here first, against one limit, and
 * what it will do is counted against another.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE for bombs, ERR_BILL_CONTAINER for damage and for ways of packing that no bill has.
 */
export function checkObjects(bytes: Uint8Array): CheckedPdf {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const scan: Scan = {
    file,
    budget: { bytes: 2 * EXTRACTION_LIMITS.fileBytes },
    census: createCensus(),
    words: new Set(),
    objects: 0,
    unpackedBytes: 0,
    attachedFiles: 0,
    ranges: new Set(),
    largeNumbers: new Map(),
    packed: [],
    contents: new Map(),
    objectStreamBytes: 0,
  }
  checkTokens(bytes, 0)
  for (let at = file.indexOf('obj', 0, 'latin1'); at >= 0; at = file.indexOf('obj', at + 3, 'latin1')) {
    const number = numberOfObject(file, at)
    if (number !== undefined) checkObject(scan, number, at + 3)
  }
  checkTrailers(scan)
  checkEveryStream(scan)
  for (const [number, place] of scan.largeNumbers) if (scan.ranges.has(number)) throw refuseRange(place)
  checkPackedObjects(scan.packed, scan.contents)
  const copy = checkStreams(file, scan.census)
  const steps = checkSteps(scan.census) + divideFloor(scan.objectStreamBytes, BYTES_PER_STEP)
  if (steps > EXTRACTION_LIMITS.pdfSteps) {
    throw review('ERR_BILL_TOO_LARGE', 'reading the objects of the PDF takes more steps than any bill', placeOf(0))
  }
  return { bytes: copy, attachedFiles: scan.attachedFiles, steps }
}

function checkObject(scan: Scan, number: number | undefined, start: number): void {
  countObjects(scan, 1, start)
  const value = parseOrRefuse(scan.file, start, scan.budget)
  const word = value.kind === 'dictionary' ? skipGap(scan.file, value.end) : 0
  const isStream = value.kind === 'dictionary' && scan.file.toString('latin1', word, word + STREAM.length) === STREAM
  if (!isStream) {
    noteValue(scan, value, number, start)
    return
  }
  scan.words.add(word)
  const begin = startOfStream(scan.file, word)
  const stream: PdfStream = {
    number: number ?? -1,
    place: word,
    dictionary: value,
    packedBytes: endOfStream(scan.file, begin) - begin,
    isBlank: nameOf(value, 'Subtype') === 'Image',
    isBounded: false,
    mapSteps: 0,
  }
  addTo(scan.census.streams, stream.number, stream)
  noteValue(scan, value, number, start, stream)
  if (valuesOf(value, 'First').length > 0 && valuesOf(value, 'N').length > 0) {
    const unpacked = unpack(scan, value, word)
    scan.objectStreamBytes += unpacked.byteLength
    checkObjectStream(scan, stream, unpacked)
  }
  if (isReferenceStream(value)) scan.packed.push(...readReferenceStream(value, unpack(scan, value, word), word))
}

/** Trailers stand in no object, and may hold the whole catalog. */
function checkTrailers(scan: Scan): void {
  const { file } = scan
  const word = 'trailer'
  for (let at = file.indexOf(word, 0, 'latin1'); at >= 0; at = file.indexOf(word, at + 1, 'latin1')) {
    const next = skipGap(file, at + word.length)
    if (file[next] === 0x3c && file[next + 1] === 0x3c) checkObject(scan, undefined, next)
  }
}

function unpack(scan: Scan, dictionary: PdfDictionary, word: number): Uint8Array {
  const { bytes } = openStream(scan.file, dictionary, word, EXTRACTION_LIMITS.pdfUnpackedBytes - scan.unpackedBytes)
  scan.unpackedBytes += bytes.byteLength
  checkTokens(bytes, word)
  return bytes
}

/** Objects inside a stream (ISO 32000-1 section 7.5.7): pairs of number and offset, then the objects. */
function checkObjectStream(
  scan: Scan,
  { dictionary, place, number: container }: PdfStream,
  unpacked: Uint8Array,
): void {
  const [count] = integersOf(valuesOf(dictionary, 'N')[0]) ?? []
  const [first] = integersOf(valuesOf(dictionary, 'First')[0]) ?? []
  if (count === undefined || first === undefined || first > unpacked.byteLength) {
    throw rejection('ERR_BILL_CONTAINER', 'object stream lies about its contents', placeOf(place))
  }
  countObjects(scan, count, place)
  const numbers = numbersOf(Buffer.from(unpacked.subarray(0, first)).toString('latin1'), 2 * count)
  if (numbers === undefined)
    throw rejection('ERR_BILL_CONTAINER', 'object stream lies about its contents', placeOf(place))
  const held = scan.contents.get(container) ?? new Set()
  scan.contents.set(container, held)
  for (let index = 0; index < count; index += 1) {
    const [number = 0, from = 0, , to = unpacked.byteLength - first] = numbers.slice(2 * index, 2 * index + 4)
    if (to < from) throw rejection('ERR_BILL_CONTAINER', 'object stream lies about its contents', placeOf(place))
    // pdf.js reads each object from its offset up to that of the next one.
    const object = unpacked.subarray(first + from, first + to)
    const value = parseOrRefuse(object, 0, scan.budget, place)
    held.add(number)
    noteValue(scan, value, number, place)
    const next = skipGap(object, value.end)
    if (Buffer.from(object.subarray(next, next + STREAM.length)).toString('latin1') === STREAM) {
      throw rejection('ERR_BILL_CONTAINER', 'object stream holds a stream', placeOf(place))
    }
  }
}

/** First numbers of a text that has nothing else before them; it may be sixty megabytes of them. */
function numbersOf(text: string, count: number): readonly number[] | undefined {
  const numbers: number[] = []
  const pattern = /[\0\t\n\f\r ]*(\d{1,15})(?![^\0\t\n\f\r ])/y
  while (numbers.length < count) {
    const digits = pattern.exec(text)?.[1]
    if (digits === undefined) return undefined
    numbers.push(parseInteger(digits))
  }
  return numbers
}

/** A stream whose dictionary was not found would go unchecked to pdf.js, which may find it by other ways. */
function checkEveryStream({ file, words }: Scan): void {
  for (let at = file.indexOf(STREAM, 0, 'latin1'); at >= 0; at = file.indexOf(STREAM, at + 1, 'latin1')) {
    if (words.has(at) || isPdfRegular(file[at - 1])) continue
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

function noteValue(scan: Scan, value: PdfValue, number: number | undefined, place: number, owner?: PdfStream): void {
  scan.attachedFiles += checkValue(value, { place, ranges: scan.ranges })
  if (number !== undefined && isBeyondCodes(value)) scan.largeNumbers.set(number, place)
  countObject(scan.census, value, {
    number: owner === undefined ? number : undefined,
    ...(owner === undefined ? {} : { owner }),
  })
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

function skipGap(bytes: Uint8Array, from: number): number {
  let at = from
  while (at - from < GAP_BYTES) {
    if (isPdfSpace(bytes[at])) at += 1
    else if (bytes[at] === PERCENT) while (at - from < GAP_BYTES && bytes[at] !== CR && bytes[at] !== LF) at += 1
    else return at
  }
  return at
}

/**
 * Number of the object whose word `obj` stands at an offset; `undefined` when no object begins there.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) where pdf.js would find an object, and this does not: a number that is
 * spelled otherwise, a comment, or `obj7`, which pdf.js takes for the number 7.
 */
function numberOfObject(file: Buffer, at: number): number | undefined {
  const before = file.toString('latin1', Math.max(0, at - 64), at)
  const digits = /(?:^|[^!-~]|[()<>[\]{}/%])(\d{1,10})[\0\t\n\f\r ]{1,16}\d{1,10}[\0\t\n\f\r ]{0,16}$/.exec(before)?.[1]
  const isWord = !isPdfRegular(file[at + 3])
  if (digits !== undefined && isWord) return parseInteger(digits)
  const isOddWord = digits !== undefined && /^[\d+-]/.test(file.toString('latin1', at + 3, at + 4))
  // Two numbers before the word, however they are spelled and parted, or a comment that hides how.
  const isOddNumber =
    isWord && (/[\d.+-][^!-~]+[\d.+-]+[^!-~]*$/.test(before) || /%[^\r\n]*[\r\n][^!-~]*$/.test(before))
  const isFar = isWord && /^[\0\t\n\f\r ]{24}/.test(file.toString('latin1', Math.max(0, at - 24), at))
  if (!isOddWord && !isOddNumber && !isFar) return undefined
  throw review('ERR_BILL_CONTAINER', 'object of the PDF does not begin plainly', placeOf(at))
}
