import type { PdfValue } from '../../origin/pdf-objects.ts'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { placeOf, refuseXfa } from './frame.ts'
import { integersOf, nameOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** Character codes of a PDF have two bytes at most where bills use them. */
const MAX_CODE = 0xffff
/** Keys of arrays with offsets, which may be as large as the file. */
const OFFSET_KEYS: ReadonlySet<string> = new Set(['ByteRange', 'H', 'L', 'Index', 'Limits', 'Nums'])
/** Keys of codes. */
const CODE_KEYS: ReadonlySet<string> = new Set(['FirstChar', 'LastChar'])

/**
 * Checks what pdf.js would count up to in loops: ranges of character codes in widths of fonts (`W`, ISO 32000-1 section
 * 9.7.4.3) cost as much as they say, not as much as they are long. Names that were hidden with escapes show here, too.
 *
 * @returns how many dictionaries of attached files are in it.
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER (encrypted), ERR_BILL_TEMPLATE (XFA).
 */
export function checkValue(value: PdfValue, place: number, key = ''): number {
  switch (value.kind) {
    case 'dictionary': {
      checkCount(value, place)
      let found = 0
      for (const [name, entry] of value.entries) {
        if (name === 'Encrypt')
          throw review('ERR_BILL_CONTAINER', 'PDF is encrypted: a person must open it', placeOf(place))
        if (name === 'XFA') throw refuseXfa(placeOf(place).path)
        found += (name === 'EF' ? 1 : 0) + checkValue(entry, place, name)
      }
      return found
    }
    case 'array': {
      let found = 0
      for (const item of value.items) {
        if (item.kind === 'integer' && item.value > MAX_CODE && !OFFSET_KEYS.has(key) && value.items.length > 2) {
          throw rejection('ERR_BILL_TOO_LARGE', 'range of character codes is longer than any font', placeOf(place))
        }
        found += checkValue(item, place, key)
      }
      return found
    }
    case 'integer':
      if (CODE_KEYS.has(key) && value.value > MAX_CODE) {
        throw rejection('ERR_BILL_TOO_LARGE', 'character code is larger than any font has', placeOf(place))
      }
      return 0
    case 'name':
    case 'hex':
    case 'other':
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
