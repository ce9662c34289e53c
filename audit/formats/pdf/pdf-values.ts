import type { PdfValue } from '../../origin/pdf-objects.ts'

/** A dictionary of a PDF. */
export type PdfDictionary = PdfValue & { readonly kind: 'dictionary' }

/** Values of a key; a key may stand twice, and readers differ in which one they take. */
export function valuesOf(dictionary: PdfDictionary, ...keys: readonly string[]): readonly PdfValue[] {
  return dictionary.entries.filter(([key]) => keys.includes(key)).map(([, value]) => value)
}

/** Text of a key's value, when it has exactly one and that is a name. */
export function nameOf(dictionary: PdfDictionary, key: string): string | undefined {
  const [value, second] = valuesOf(dictionary, key)
  return value?.kind === 'name' && second === undefined ? value.name : undefined
}

/** Integers of a value: of an array all, of an integer itself; `undefined` when anything else is among them. */
export function integersOf(value: PdfValue | undefined): readonly number[] | undefined {
  if (value === undefined) return undefined
  if (value.kind === 'integer') return [value.value]
  if (value.kind !== 'array') return undefined
  const found = value.items.map((item) => (item.kind === 'integer' ? item.value : undefined))
  return found.every((item) => item !== undefined) ? found : undefined
}
