import type { PdfValue } from '../../origin/pdf-objects.ts'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { placeOf, refuseXfa } from './frame.ts'
import { integersOf, nameOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** Character codes of a PDF have two bytes at most where bills use them. */
const MAX_CODE = 0xffff
/** Keys of arrays with offsets, which may be as large as the file. */
const OFFSET_KEYS: ReadonlySet<string> = new Set(['ByteRange', 'H', 'L', 'Index', 'Limits', 'Nums'])
/** Keys of codes. */
const CODE_KEYS: ReadonlySet<string> = new Set(['FirstChar', 'LastChar'])

/** Where a value stands. */
export type ValuePlace = {
  /** Offset of its object. */
  readonly place: number
  /** Of the dictionary that holds it. */
  readonly key?: string
  /** Takes the numbers of objects that arrays refer to, where one of them may be the end of a range. */
  readonly ranges: Set<number>
}

/** Refusal of a range that would be counted up to. */
export function refuseRange(place: number): Refusal {
  return rejection('ERR_BILL_TOO_LARGE', 'range of character codes is longer than any font', placeOf(place))
}

/** True for a number that no end of a range of character codes is. */
export function isBeyondCodes(value: PdfValue): boolean {
  return sizeOf(value) > MAX_CODE
}

function sizeOf(value: PdfValue): number {
  if (value.kind === 'integer') return value.value
  return value.kind === 'other' ? (value.magnitude ?? 0) : 0
}

/**
 * Checks what pdf.js would count up to in loops: ranges of character codes in widths of fonts (`W`, ISO 32000-1 section
 * 9.7.4.3) cost as much as they say, not as much as they are long. Names that were hidden with escapes show here, too.
 *
 * @returns how many dictionaries of attached files are in it.
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER (encrypted), ERR_BILL_TEMPLATE (XFA).
 */
export function checkValue(value: PdfValue, at: ValuePlace): number {
  const { place, ranges, key = '' } = at
  switch (value.kind) {
    case 'dictionary': {
      checkCount(value, place)
      let found = 0
      for (const [name, entry] of value.entries) {
        if (name === 'Encrypt')
          throw review('ERR_BILL_CONTAINER', 'PDF is encrypted: a person must open it', placeOf(place))
        if (name === 'XFA') throw refuseXfa(placeOf(place).path)
        found += (name === 'EF' ? 1 : 0) + checkValue(entry, { ...at, key: name })
      }
      return found
    }
    case 'array': {
      let found = 0
      const mayBeRange = value.items.length > 2 && !OFFSET_KEYS.has(key)
      for (const item of value.items) {
        if (mayBeRange && isBeyondCodes(item)) throw refuseRange(place)
        if (mayBeRange && item.kind === 'other' && item.reference !== undefined) ranges.add(item.reference)
        found += checkValue(item, at)
      }
      return found
    }
    case 'integer':
    case 'other':
      if (CODE_KEYS.has(key) && isBeyondCodes(value)) {
        throw rejection('ERR_BILL_TOO_LARGE', 'character code is larger than any font has', placeOf(place))
      }
      return 0
    case 'name':
    case 'hex':
      return 0
    default:
      return value satisfies never
  }
}

/** A page tree (ISO 32000-1 section 7.7.3.2) that says more than is read; pdf.js would look for the pages one by one. */
function checkCount(dictionary: PdfDictionary, place: number): void {
  if (nameOf(dictionary, 'Type') !== 'Pages') return
  const counts = valuesOf(dictionary, 'Count').flatMap((count) => integersOf(count) ?? [])
  if (counts.every((count) => count <= EXTRACTION_LIMITS.pdfPages)) return
  const message = `PDF has more than ${EXTRACTION_LIMITS.pdfPages} pages`
  throw rejection('ERR_BILL_TOO_LARGE', message, placeOf(place))
}
