import type { PdfValue } from '../../origin/pdf-objects.ts'
import type { ContentSteps } from './count-steps.ts'
import { integersOf, valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** A stream of a file. */
export type PdfStream = {
  readonly number: number
  /** Offset of the word `stream`. */
  readonly place: number
  readonly dictionary: PdfDictionary
  /** Bytes from its beginning to its end mark. */
  packedBytes: number
  /** Nothing reads it: a picture, a font program, a drawn letter. */
  isBlank: boolean
  /** What is packed in nothing, or only in text form, ends where its length says. */
  isBounded: boolean
  content?: ContentSteps
  /** Steps of its ranges, if it is a character map. */
  mapSteps: number
}

/** A stream that is read whenever something else is. */
type PdfUse = { readonly target: number; readonly owner?: PdfStream }
/** A font that is made anew with each object that holds it. */
export type PdfFont = { readonly isComposite: boolean; readonly isDrawn: boolean; readonly owner?: PdfStream }

/** What the objects of a file say about what is read, and how often; revisions of one object count as several. */
export type PdfCensus = {
  readonly dictionaries: Map<number, PdfDictionary[]>
  readonly arrays: Map<number, (PdfValue & { readonly kind: 'array' })[]>
  /** Numbers that are objects of their own. */
  readonly numbers: Map<number, number[]>
  readonly streams: Map<number, PdfStream[]>
  /** How often each object is referred to. */
  readonly references: Map<number, number>
  /** Values of `Contents`: an object, or several that are read as one. */
  readonly contents: (readonly number[])[]
  readonly maps: PdfUse[]
  readonly fonts: PdfFont[]
  /** Streams of font programs, one entry for each reference. */
  readonly programs: number[]
  /** Values of `CharProcs`, `XObject`, `Resources`, and of keys of long arrays; references apart. */
  readonly glyphs: Family
  readonly drawables: Family
  readonly resources: Family
  readonly tables: { readonly values: PdfValue[]; readonly references: Set<number> }
  /** Values of `Kids`, and the object that has them. */
  readonly kids: { readonly value: PdfValue; readonly parent: number | undefined }[]
}

/** Dictionaries under one key, those in objects of their own by number. */
export type Family = { readonly values: PdfDictionary[]; readonly references: Set<number> }

/** Where a value stands. */
export type CensusPlace = { readonly number: number | undefined; readonly owner?: PdfStream }

const PROGRAM_KEYS: ReadonlySet<string> = new Set(['FontFile', 'FontFile2', 'FontFile3'])
const MAP_KEYS: ReadonlySet<string> = new Set(['ToUnicode', 'Encoding', 'CIDToGIDMap', 'UseCMap'])
const TABLE_KEYS: ReadonlySet<string> = new Set(['W', 'W2', 'Widths', 'Differences'])
const FONT_KEYS = ['BaseFont', 'FontDescriptor', 'DescendantFonts', 'CharProcs'] as const

/** A census of nothing yet. */
export function createCensus(): PdfCensus {
  const family = (): Family => ({ values: [], references: new Set() })
  return {
    dictionaries: new Map(),
    arrays: new Map(),
    numbers: new Map(),
    streams: new Map(),
    references: new Map(),
    contents: [],
    maps: [],
    fonts: [],
    programs: [],
    glyphs: family(),
    drawables: family(),
    resources: family(),
    tables: { values: [], references: new Set() },
    kids: [],
  }
}

/** Takes a whole object into the census. */
export function countObject(census: PdfCensus, value: PdfValue, at: CensusPlace): void {
  if (at.number !== undefined) {
    if (value.kind === 'dictionary') addTo(census.dictionaries, at.number, value)
    if (value.kind === 'array') addTo(census.arrays, at.number, value)
    if (value.kind === 'integer') addTo(census.numbers, at.number, value.value)
    if (value.kind === 'other' && value.magnitude !== undefined) addTo(census.numbers, at.number, value.magnitude)
  }
  countValue(census, value, at)
}

/** Puts a value beside those that have the same number already. */
export function addTo<T>(map: Map<number, T[]>, number: number, value: T): void {
  const known = map.get(number)
  if (known === undefined) map.set(number, [value])
  else known.push(value)
}

/** Dictionaries of a family, wherever they stand. */
export function familyOf(census: PdfCensus, { values, references }: Family): readonly PdfDictionary[] {
  return [...values, ...[...references].flatMap((number) => census.dictionaries.get(number) ?? [])]
}

/** Numbers that a value may have: those of the objects that it refers to, too. */
export function sizesOf(census: PdfCensus, value: PdfValue | undefined): readonly number[] {
  if (value?.kind === 'other' && value.reference !== undefined) return census.numbers.get(value.reference) ?? []
  if (value?.kind === 'other') return [value.magnitude ?? 0]
  return integersOf(value) ?? []
}

/** Number of the object that a value refers to. */
export function referenceOf(value: PdfValue | undefined): number | undefined {
  return value?.kind === 'other' ? value.reference : undefined
}

/** Numbers of the objects that an array refers to. */
export function referencesOf(items: readonly PdfValue[]): readonly number[] {
  return items.map(referenceOf).filter((number) => number !== undefined)
}

function countValue(census: PdfCensus, value: PdfValue, at: CensusPlace): void {
  if (value.kind === 'array') for (const item of value.items) countValue(census, item, at)
  if (value.kind === 'dictionary') countDictionary(census, value, at)
  const number = referenceOf(value)
  if (number !== undefined) census.references.set(number, (census.references.get(number) ?? 0) + 1)
}

function countDictionary(census: PdfCensus, dictionary: PdfDictionary, at: CensusPlace): void {
  const owner = at.owner === undefined ? {} : { owner: at.owner }
  if (FONT_KEYS.some((key) => valuesOf(dictionary, key).length > 0)) {
    const isComposite = valuesOf(dictionary, 'DescendantFonts').length > 0
    census.fonts.push({ isComposite, isDrawn: valuesOf(dictionary, 'CharProcs').length > 0, ...owner })
  }
  for (const [key, value] of dictionary.entries) {
    const target = referenceOf(value)
    if (target !== undefined && PROGRAM_KEYS.has(key)) census.programs.push(target)
    else if (target !== undefined && MAP_KEYS.has(key)) census.maps.push({ target, ...owner })
    else countKey(census, key, value, at.number)
    countValue(census, value, at)
  }
}

function countKey(census: PdfCensus, key: string, value: PdfValue, parent: number | undefined): void {
  if (key === 'Contents') {
    const target = referenceOf(value)
    if (target !== undefined) census.contents.push([target])
    if (value.kind === 'array') census.contents.push(referencesOf(value.items))
  } else if (key === 'CharProcs') join(census.glyphs, value)
  else if (key === 'XObject') join(census.drawables, value)
  else if (key === 'Resources') join(census.resources, value)
  else if (key === 'Kids') census.kids.push({ value, parent })
  else if (TABLE_KEYS.has(key)) {
    const target = referenceOf(value)
    if (target === undefined) census.tables.values.push(value)
    else census.tables.references.add(target)
  }
}

function join(family: Family, value: PdfValue): void {
  const target = referenceOf(value)
  if (target !== undefined) family.references.add(target)
  if (value.kind === 'dictionary') family.values.push(value)
}
