import type { PdfValue } from '../../origin/pdf-objects.ts'
import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { placeOf } from './frame.ts'
import { integersOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'
import { BASE85_NAMES, FLATE_NAMES, HEX_NAMES } from './unpack-stream.ts'
import type { Prediction } from './unpredict.ts'

type PdfName = PdfValue & { readonly kind: 'name' }

/** How a stream is packed. */
export type Packing = {
  /** Text form around the rest. */
  readonly text?: 'hex' | 'base85'
  readonly isFlate: boolean
  /** Rows that are written as differences, inside of deflate. */
  readonly prediction?: Prediction
}

/** Largest values of the parameters of packing (ISO 32000-1 table 8); a row is made in memory from their product. */
const PARAMETER_LIMITS: Readonly<Record<string, number>> = {
  Columns: 65_536,
  Colors: 32,
  BitsPerComponent: 16,
  Predictor: 15,
  EarlyChange: 1,
}

/**
 * How a stream is packed, from its dictionary alone: what stands elsewhere in the file may change between two readers.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) when it is not plainly said, or in a way that bills do not use.
 */
export function findPacking(dictionary: PdfDictionary, place: number): Packing {
  const values = valuesOf(dictionary, 'F', 'Filter')
  const parameters = valuesOf(dictionary, 'DP', 'DecodeParms', 'FDecodeParms')
  if (parameters.length > 1) throw refusePacking('is stated twice', place)
  const filters = findFilters(dictionary, place)
  checkParameters(parameters[0], place)
  const names = filters.map(({ name }) => name)
  const isFlate = FLATE_NAMES.has(names.at(-1) ?? '')
  const [outer, ...more] = isFlate ? names.slice(0, -1) : names
  if (more.length > 0) throw refusePacking('is one that no bill uses', place)
  const prediction = isFlate ? predictionOf(values[0], valuesOf(dictionary, 'DP', 'DecodeParms')[0], place) : undefined
  const flate = { isFlate, ...(prediction === undefined ? {} : { prediction }) }
  if (outer === undefined) return flate
  if (HEX_NAMES.has(outer)) return { ...flate, text: 'hex' }
  if (BASE85_NAMES.has(outer)) return { ...flate, text: 'base85' }
  throw refusePacking(`${outer.slice(0, 40)} is one that no bill uses`, place)
}

/**
 * Names of the ways of packing, where they stand in the file.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) when it is not plainly said.
 */
export function findFilters(dictionary: PdfDictionary, place: number): readonly PdfName[] {
  // pdf.js takes `F` before `Filter`; a writer that has both shows different things to different readers.
  const [value, second] = valuesOf(dictionary, 'F', 'Filter')
  if (second !== undefined) throw refusePacking('is stated twice', place)
  return namesOf(value, place)
}

/** Rows as pdf.js takes them: parameters count only where their form is that of the names. */
function predictionOf(
  filter: PdfValue | undefined,
  parameters: PdfValue | undefined,
  place: number,
): Prediction | undefined {
  if (parameters === undefined) return undefined
  const isArray = filter?.kind === 'array'
  if (isArray !== (parameters.kind === 'array')) {
    if (parameters.kind === 'other') return undefined
    throw refusePacking('has parameters that do not fit', place)
  }
  const value = parameters.kind === 'array' ? parameters.items[isArray ? filter.items.length - 1 : 0] : parameters
  if (value?.kind !== 'dictionary') return undefined
  const numberOf = (key: string, otherwise: number): number => integersOf(valuesOf(value, key)[0])?.[0] ?? otherwise
  const predictor = numberOf('Predictor', 1)
  if (predictor <= 1) return undefined
  if (predictor < 10) throw refusePacking('has rows of a kind that no bill uses', place)
  const bits = numberOf('Colors', 1) * numberOf('BitsPerComponent', 8)
  return { rowBytes: (numberOf('Columns', 1) * bits + 7) >> 3, pixelBytes: (bits + 7) >> 3 }
}

function namesOf(value: PdfValue | undefined, place: number): readonly PdfName[] {
  if (value === undefined) return []
  const items = value.kind === 'array' ? value.items : [value]
  return items.map((item) => {
    if (item.kind !== 'name') throw refusePacking('is not stated in the stream itself', place)
    return item
  })
}

function checkParameters(value: PdfValue | undefined, place: number): void {
  if (value === undefined) return
  const items = value.kind === 'array' ? value.items : [value]
  for (const item of items) {
    // `null` stands for a way of packing without parameters; it and a reference look alike here, and one is 4 bytes.
    if (item.kind === 'other' && item.end - item.start === 4) continue
    if (item.kind !== 'dictionary') throw refusePacking('has parameters elsewhere', place)
    for (const [key, most] of Object.entries(PARAMETER_LIMITS)) {
      const found = valuesOf(item, key)
      const [number] = integersOf(found[0]) ?? []
      if (found.length > 1 || (found.length === 1 && (number === undefined || number > most))) {
        throw refusePacking(`has a wrong ${key}`, place)
      }
    }
  }
}

function refusePacking(why: string, place: number): Refusal {
  return review('ERR_BILL_CONTAINER', `packing of a stream ${why}`, placeOf(place))
}
