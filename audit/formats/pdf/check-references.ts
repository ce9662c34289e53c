import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import { placeOf } from './frame.ts'
import { integersOf, nameOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** Objects that cross-reference streams say to be in object streams: number of the object, number of the stream. */
export type PackedObjects = { readonly place: number; readonly number: number; readonly container: number }

/** Row of a cross-reference stream that means an object in an object stream (ISO 32000-1 table 18). */
const IN_STREAM = 2

/** True for a stream that pdf.js would take as cross-references, whatever it calls itself. */
export function isReferenceStream(dictionary: PdfDictionary): boolean {
  return nameOf(dictionary, 'Type') === 'XRef' || valuesOf(dictionary, 'W').length > 0
}

/**
 * Rows of a cross-reference stream (ISO 32000-1 section 7.5.8) about objects in object streams; each row has as many bytes
 * as `W` says.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER.
 */
export function readReferenceStream(dictionary: PdfDictionary, unpacked: Uint8Array, place: number): PackedObjects[] {
  const widths = integersOf(valuesOf(dictionary, 'W')[0]) ?? []
  const hasIndex = valuesOf(dictionary, 'Index').length > 0
  const [size] = integersOf(valuesOf(dictionary, 'Size')[0]) ?? []
  const index = hasIndex ? (integersOf(valuesOf(dictionary, 'Index')[0]) ?? []) : size === undefined ? [] : [0, size]
  const counts = index.filter((_, at) => at % 2 === 1)
  const rowBytes = widths.reduce((sum, width) => sum + width, 0)
  const rows = counts.reduce((sum, count) => sum + count, 0)
  if (widths.length !== 3 || rowBytes === 0 || rowBytes > 24 || rows * rowBytes > unpacked.byteLength) {
    throw rejection('ERR_BILL_CONTAINER', 'cross-reference stream lies about its length', placeOf(place))
  }
  if (rows > 2 * EXTRACTION_LIMITS.pdfObjects) {
    throw rejection('ERR_BILL_TOO_LARGE', 'PDF has more objects than any bill', placeOf(place))
  }
  const found: PackedObjects[] = []
  let at = 0
  for (let pair = 0; pair + 1 < index.length; pair += 2) {
    const [first = 0, count = 0] = index.slice(pair, pair + 2)
    for (let row = 0; row < count; row += 1) {
      const [kind, container] = readRow(unpacked, at, widths)
      if (kind === IN_STREAM) found.push({ place, number: first + row, container })
      at += rowBytes
    }
  }
  return found
}

/**
 * Checks that objects are in the object streams that are said to hold them: pdf.js would otherwise unpack the whole stream
 * again for each reference, since it keeps only what it finds under its number.
 *
 * @param contents numbers of the objects in each object stream.
 * @throws {Refusal} ERR_BILL_CONTAINER.
 */
export function checkPackedObjects(
  packed: readonly PackedObjects[],
  contents: ReadonlyMap<number, ReadonlySet<number>>,
): void {
  for (const { place, number, container } of packed) {
    const numbers = contents.get(container)
    if (numbers === undefined || numbers.has(number)) continue
    throw rejection('ERR_BILL_CONTAINER', 'object is not in the object stream that is said to hold it', placeOf(place))
  }
}

function readRow(bytes: Uint8Array, start: number, widths: readonly number[]): readonly [number, number] {
  const [kindBytes = 0, containerBytes = 0] = widths
  const kind = kindBytes === 0 ? 1 : readNumber(bytes, start, kindBytes)
  return [kind, readNumber(bytes, start + kindBytes, containerBytes)]
}

function readNumber(bytes: Uint8Array, start: number, size: number): number {
  let value = 0
  for (let at = start; at < start + size; at += 1) value = value * 256 + (bytes[at] ?? 0)
  return value
}
