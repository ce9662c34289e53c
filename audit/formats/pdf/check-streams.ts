import { EXTRACTION_LIMITS } from '../limits.ts'
import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { checkCharacterMap } from './check-character-map.ts'
import { checkTokens } from './check-tokens.ts'
import { countSteps } from './count-steps.ts'
import { placeOf } from './frame.ts'
import { endOfStream, openStream, startOfStream } from './open-stream.ts'
import { familyOf, referencesOf, sizesOf } from './pdf-census.ts'
import type { PdfCensus, PdfStream } from './pdf-census.ts'
import { valuesOf } from './pdf-values.ts'
import { findFilters } from './stream-packing.ts'

/** First letter of a way of packing that nobody knows: ISO 32000-1 table 6 has no name with it. */
const UNKNOWN = 0x58
/** A collection of fonts without fonts in it (ISO/IEC 14496-22 section 4.6). */
const EMPTY_COLLECTION = Buffer.from('ttcf', 'latin1')
/** Line ends between a stream and its end mark. */
const LINE_END_BYTES = 2

/**
 * Unpacks what may be read and counts its steps; what text never needs is made blank in the copy that this returns. Programs
 * of fonts are programs: their subroutines call each other, as often as a hostile writer likes. Text comes from character
 * maps, encodings and widths.
 *
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER, ERR_BILL_DEPTH.
 */
export function checkStreams(file: Buffer, census: PdfCensus): Uint8Array {
  const copy = Uint8Array.from(file)
  const programs = new Set(census.programs)
  const glyphs = familyOf(census, census.glyphs).flatMap(({ entries }) =>
    referencesOf(entries.map(([, value]) => value)),
  )
  const blank = new Set([...programs, ...glyphs])
  let leftBytes: number = EXTRACTION_LIMITS.pdfUnpackedBytes
  for (const stream of [...census.streams.values()].flat()) {
    stream.isBlank ||= blank.has(stream.number)
    const sizes = valuesOf(stream.dictionary, 'Length').flatMap((value) => sizesOf(census, value))
    stream.isBounded =
      sizes.length > 0 &&
      sizes.every((size) => size <= stream.packedBytes && size >= stream.packedBytes - LINE_END_BYTES)
    const isLonger = sizes.some((size) => size > stream.packedBytes)
    if (stream.isBlank) blankStream(file, copy, stream, programs.has(stream.number))
    else leftBytes -= countStream(file, stream, { left: leftBytes, isLonger })
    if (stream.isBlank && isLonger) throw refuseLength(stream)
  }
  return copy
}

type StreamLimit = { readonly left: number; readonly isLonger: boolean }

function countStream(file: Buffer, stream: PdfStream, { left, isLonger }: StreamLimit): number {
  const { bytes, endsItself } = openStream(file, stream.dictionary, stream.place, left)
  checkTokens(bytes, stream.place)
  stream.mapSteps = checkCharacterMap(bytes, stream.place)
  stream.content = countSteps(bytes)
  if (isLonger && !endsItself) throw refuseLength(stream)
  return bytes.byteLength
}

/** A name that nobody knows leaves the bytes packed, and the bytes themselves are gone, too. */
function blankStream(file: Buffer, copy: Uint8Array, stream: PdfStream, isProgram: boolean): void {
  for (const filter of findFilters(stream.dictionary, stream.place)) copy[filter.start + 1] = UNKNOWN
  const start = startOfStream(file, stream.place)
  const end = endOfStream(file, start)
  copy.fill(0, start, end)
  // Told from nothing, pdf.js would look for a program everywhere in it.
  if (isProgram && end - start > EMPTY_COLLECTION.byteLength) copy.set(EMPTY_COLLECTION, start)
}

/** pdf.js believes a length that ends before any end mark, and so reads on behind the first one. */
function refuseLength({ place }: PdfStream): Refusal {
  return review('ERR_BILL_CONTAINER', 'stream goes on behind its end mark', placeOf(place))
}
