import { parseInteger } from '#protocol'
import { isPdfRegular } from '../../origin/pdf-objects.ts'
import type { PdfValue } from '../../origin/pdf-objects.ts'
import { review } from '../refusal.ts'
import { placeOf } from './frame.ts'
import { valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** A dictionary, and the bytes that its offsets are about. */
export type PlacedDictionary = { readonly dictionary: PdfDictionary; readonly bytes: Uint8Array }

/** Dictionaries by the number of their object; several where revisions have one number. */
export type DictionaryIndex = ReadonlyMap<number, readonly PlacedDictionary[]>

/** A form (ISO 32000-1 section 8.10): content that other content draws. */
export type PdfForm = PlacedDictionary & {
  readonly number: number
  /** Offset of its stream. */
  readonly place: number
  /** How often it draws something: pictures, or other forms. */
  readonly draws: number
}

/** Forms that one file may have drawn, those inside others counted each time. */
const MAX_DRAWN = 200_000

/**
 * Checks how much has to be drawn: a form that draws ten that draw ten makes a billion of nine small objects. pdf.js
 * notices circles, and nothing else.
 *
 * @param draws how often everything that is no form draws something.
 * @throws {Refusal} ERR_BILL_TOO_LARGE (review).
 */
export function checkForms(forms: readonly PdfForm[], index: DictionaryIndex, draws: number): void {
  const nested = forms.map((form) => ({ ...form, drawn: form.draws === 0 ? [] : findDrawn(form, index) }))
  let costs = new Map(forms.map(({ number }) => [number, 1]))
  // A form inside others is not drawn inside itself, so that no path is longer than there are forms.
  for (let round = 0; round <= forms.length; round += 1) {
    const most = Math.max(0, ...costs.values())
    const next = new Map<number, number>()
    for (const form of nested) {
      const inner = form.drawn?.map((number) => costs.get(number) ?? 0) ?? [most]
      const cost = 1 + form.draws * Math.max(0, ...inner)
      if (cost * Math.max(1, draws) > MAX_DRAWN && cost > 1) {
        throw review('ERR_BILL_TOO_LARGE', 'forms inside forms draw more than any bill', placeOf(form.place))
      }
      next.set(form.number, Math.max(cost, next.get(form.number) ?? 0))
    }
    if ([...next].every(([number, cost]) => costs.get(number) === cost)) return
    costs = next
  }
}

/** How often a content stream has the operator `Do`. */
export function countDraws(content: Uint8Array): number {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  let count = 0
  for (let at = buffer.indexOf('Do', 0, 'latin1'); at >= 0; at = buffer.indexOf('Do', at + 2, 'latin1')) {
    if (!isPdfRegular(buffer[at - 1]) && !isPdfRegular(buffer[at + 2])) count += 1
  }
  return count
}

/**
 * Numbers of the objects that the resources of a form name to be drawn; `undefined` when it has none of its own, and takes
 * those of whatever draws it.
 */
function findDrawn(form: PlacedDictionary, index: DictionaryIndex): readonly number[] | undefined {
  const resources = dictionariesOf(form, 'Resources', index)
  if (resources.length === 0) return undefined
  const objects = resources.flatMap((one) => dictionariesOf(one, 'XObject', index))
  return objects.flatMap(({ dictionary, bytes }) =>
    dictionary.entries.flatMap(([, value]) => referenceOf(value, bytes)),
  )
}

/** Dictionaries that a key may mean: those in the dictionary itself, and those in the objects that it refers to. */
function dictionariesOf(
  { dictionary, bytes }: PlacedDictionary,
  key: string,
  index: DictionaryIndex,
): readonly PlacedDictionary[] {
  return valuesOf(dictionary, key).flatMap((value) => {
    if (value.kind === 'dictionary') return [{ dictionary: value, bytes }]
    return referenceOf(value, bytes).flatMap((number) => index.get(number) ?? [])
  })
}

function referenceOf(value: PdfValue, bytes: Uint8Array): readonly number[] {
  if (value.kind !== 'other') return []
  const text = Buffer.from(bytes.subarray(value.start, Math.min(value.end, value.start + 16))).toString('latin1')
  const number = /^\d{1,10}(?=\s)/.exec(text)?.[0]
  return number === undefined ? [] : [parseInteger(number)]
}
