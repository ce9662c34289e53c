import { divideFloor } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { placeOf } from './frame.ts'
import { familyOf, referenceOf, referencesOf, sizesOf } from './pdf-census.ts'
import type { PdfCensus, PdfFont, PdfStream } from './pdf-census.ts'
import { valuesOf } from './pdf-values.ts'
import type { PdfDictionary } from './pdf-values.ts'

/** Steps of drawing a form: what it shows is handed over in a message of its own. */
const FORM_STEPS = 500
/** Steps of saving a state where others may be saved already. */
const NESTED_SAVE_STEPS = 40
/** Steps of making a font, of one whose codes have two bytes, and of one letter that is drawn. */
const [FONT_STEPS, COMPOSITE_STEPS, GLYPH_STEPS] = [1_000, 5_000, 20] as const
/** Dictionaries of resources that a page inherits from, at most. */
const PARENTS = 100

type Names = ReadonlyMap<string, readonly number[]>

/**
 * Checks how much pdf.js has to do to read the text of a file: everything counts as often as it is read, forms once for
 * each time that they are drawn. A form that draws ten that draw ten makes a billion of nine small objects.
 *
 * @returns the steps.
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER (review).
 */
export function checkSteps(census: PdfCensus): number {
  const sum = new StepSum(census)
  for (const parts of census.contents) sum.addContents(parts)
  for (const { target, owner } of census.maps) if (owner === undefined) sum.add(sum.stepsOfMap(target))
  for (const font of census.fonts) if (font.owner === undefined) sum.add(sum.stepsOfFont(font))
  for (const target of census.programs) sum.add(sum.most(target, ({ packedBytes }) => packedBytes >> 6))
  for (const [number, times] of census.references) sum.add(times * sum.most(number, stepsOfFetching))
  sum.add(stepsOfPages(census))
  return sum.total
}

class StepSum {
  readonly #census: PdfCensus
  readonly #names: Names
  /** Steps of the tables that a font may have: widths, names of letters. */
  readonly #tableSteps: number
  readonly #glyphSteps: number
  readonly #inside = new Map<PdfStream, number>()
  readonly #drawn = new Map<PdfStream, { readonly steps: number; readonly height: number }>()
  readonly #path = new Set<PdfStream>()
  #mostDrawn: number | undefined
  total = 0

  constructor(census: PdfCensus) {
    this.#census = census
    this.#names = namesOf(familyOf(census, census.drawables))
    this.#tableSteps = stepsOfTables(census)
    const glyphs = familyOf(census, census.glyphs).map(({ entries }) => entries.length)
    this.#glyphSteps = GLYPH_STEPS * largest(glyphs)
    for (const { target, owner } of census.maps)
      if (owner !== undefined) this.#addInside(owner, this.stepsOfMap(target))
    for (const font of census.fonts) if (font.owner !== undefined) this.#addInside(font.owner, this.stepsOfFont(font))
  }

  add(steps: number): void {
    this.total += steps
    if (this.total > EXTRACTION_LIMITS.pdfSteps) throw refuseSteps(0)
  }

  /** A number may be that of several streams, in revisions. */
  most(number: number, stepsOf: (stream: PdfStream) => number): number {
    return largest((this.#census.streams.get(number) ?? []).map(stepsOf))
  }

  stepsOfMap(target: number): number {
    return this.most(target, (stream) => {
      checkRead(stream)
      return stepsOfOwn(stream)
    })
  }

  stepsOfFont({ isComposite, isDrawn }: PdfFont): number {
    return FONT_STEPS + this.#tableSteps + (isComposite ? COMPOSITE_STEPS : 0) + (isDrawn ? this.#glyphSteps : 0)
  }

  /** Content of a page: its streams are read as one. */
  addContents(parts: readonly number[]): void {
    const [only, second] = parts
    const arrays = only === undefined || second !== undefined ? [] : (this.#census.arrays.get(only) ?? [])
    for (const { items } of arrays) this.addContents(referencesOf(items))
    let left = 0
    for (const number of parts) {
      const streams = this.#census.streams.get(number) ?? []
      let most = 0
      for (const stream of streams) {
        checkRead(stream)
        if (second !== undefined && stream.content?.isOpen === true) throw refuseContent(stream)
        checkStates(left, stream)
        this.add((left > 0 ? NESTED_SAVE_STEPS : 0) * (stream.content?.saves ?? 0))
        most = Math.max(most, stream.content?.leftStates ?? 0)
      }
      left += most
      this.add(largest(streams.map((stream) => this.#stepsOfContent(stream, 0).steps)))
    }
  }

  #addInside(owner: PdfStream, steps: number): void {
    this.#inside.set(owner, (this.#inside.get(owner) ?? 0) + steps)
  }

  /** Steps of a content stream with all that it draws, and how many forms deep that goes. */
  #stepsOfContent(stream: PdfStream, depth: number): { readonly steps: number; readonly height: number } {
    if (this.#path.has(stream)) {
      throw review('ERR_BILL_CONTAINER', 'forms draw each other in a circle', placeOf(stream.place))
    }
    // Content of a page has the page's resources, whatever its own dictionary says; the same stream may be a form as well.
    const isForm = depth > 0
    const known = isForm ? this.#drawn.get(stream) : undefined
    if (depth + (known?.height ?? 0) > EXTRACTION_LIMITS.pdfFormDepth) throw refuseSteps(stream.place)
    if (known !== undefined) return known
    this.#path.add(stream)
    const { draws = new Map<string, number>(), unknownDraws = 0 } = stream.content ?? {}
    const names = isForm ? this.#namesOfForm(stream) : this.#names
    let steps = stepsOfOwn(stream) + (this.#inside.get(stream) ?? 0)
    let height = 0
    for (const [name, count] of draws) {
      const numbers = [...(names.get(name) ?? [])]
      const drawn = numbers.flatMap((number) => this.#census.streams.get(number) ?? [])
      let most = count
      for (const one of drawn) {
        const cost = this.#stepsOfDrawing(one, depth)
        most = Math.max(most, cost.isOnce ? count + cost.steps : count * cost.steps)
        height = Math.max(height, cost.height)
      }
      steps += most
      if (steps > EXTRACTION_LIMITS.pdfSteps) throw refuseSteps(stream.place)
    }
    if (unknownDraws > 0) steps += unknownDraws * this.#stepsOfUnknown(stream, depth)
    this.#path.delete(stream)
    const found = { steps, height }
    if (isForm) this.#drawn.set(stream, found)
    return found
  }

  #stepsOfDrawing(
    stream: PdfStream,
    depth: number,
  ): { readonly steps: number; readonly height: number; readonly isOnce: boolean } {
    // pdf.js remembers by name what shows no text.
    if (stream.isBlank) return { steps: stepsOfFetching(stream), height: 0, isOnce: true }
    checkRead(stream)
    checkStates(0, stream)
    const { steps, height } = this.#stepsOfContent(stream, depth + 1)
    const saves = NESTED_SAVE_STEPS * (stream.content?.saves ?? 0)
    return { steps: FORM_STEPS + saves + steps, height: height + 1, isOnce: false }
  }

  /** A draw whose name cannot be told may be that of the form that takes longest. */
  #stepsOfUnknown(stream: PdfStream, depth: number): number {
    if (depth > 0) throw refuseContent(stream)
    const numbers = new Set([...this.#names.values()].flat())
    const streams = [...numbers].flatMap((number) => this.#census.streams.get(number) ?? [])
    this.#mostDrawn ??= largest(streams.map((one) => this.#stepsOfDrawing(one, depth).steps))
    return Math.max(1, this.#mostDrawn)
  }

  /**
   * A form without resources of its own has those of whatever draws it; so has one whose reference to them leads nowhere,
   * and where it leads, only the tables of objects say, which are not asked.
   */
  #namesOfForm({ dictionary }: PdfStream): Names {
    const resources = valuesOf(dictionary, 'Resources')
    const own = resources.filter((value) => value.kind === 'dictionary')
    if (own.length === 0 || own.length < resources.length) return this.#names
    return namesOf(own.flatMap((one) => dictionariesUnder(this.#census, one, 'XObject')))
  }
}

/** Steps of a stream, without what it draws and without the fonts in its dictionary. */
function stepsOfOwn(stream: PdfStream): number {
  return (stream.content?.steps ?? 0) + stream.mapSteps + stepsOfFetching(stream)
}

/** A stream is parsed each time that it is fetched; where its length is wrong, its end is searched for. */
function stepsOfFetching({ dictionary, packedBytes, isBounded }: PdfStream): number {
  return 1 + ((dictionary.end - dictionary.start) >> 2) + (isBounded ? 0 : packedBytes >> 5)
}

/** What a font may have to go through: ranges of widths cost as much as they say. */
function stepsOfTables(census: PdfCensus): number {
  const { values, references } = census.tables
  const all = [...values, ...[...references].flatMap((number) => census.arrays.get(number) ?? [])]
  return largest(
    all.map((value) => {
      if (value.kind !== 'array') return 0
      let codes = 0
      for (const [index, item] of value.items.entries()) {
        const [start = 0] = sizesOf(census, value.items[index - 1])
        for (const end of sizesOf(census, item)) codes += Math.max(0, Math.min(end, 65_535) - start)
      }
      const items = value.items.reduce((sum, item) => sum + (item.kind === 'array' ? item.items.length : 1), 0)
      return divideFloor(codes, 8) + items + (items >> 1)
    }),
  )
}

/** Finding each page goes through all that stand before it; each page takes together what it inherits. */
function stepsOfPages(census: PdfCensus): number {
  const seen = new Map<number, number>()
  let kids = 0
  const arrays = census.kids.flatMap(({ value, parent }) => {
    const target = referenceOf(value)
    const found = target === undefined ? [value] : (census.arrays.get(target) ?? [])
    return found.map((array) => ({ array, parent: parent ?? -1 }))
  })
  for (const { array, parent } of arrays) {
    if (array.kind !== 'array') continue
    kids += array.items.length
    const numbers = referencesOf(array.items)
    const here = new Set<number>()
    for (const number of numbers) {
      const isTwice = here.has(number) || (seen.get(number) ?? parent) !== parent
      here.add(number)
      if (isTwice && isNodeOfPages(census, number)) {
        throw review('ERR_BILL_CONTAINER', 'page stands in the tree of pages more than once', {
          path: `object ${number}`,
        })
      }
      seen.set(number, parent)
    }
  }
  const pages = Math.min(EXTRACTION_LIMITS.pdfPages, kids)
  const inherited = largest(familyOf(census, census.resources).map(({ entries }) => entries.length))
  return divideFloor(pages * kids, 8) + divideFloor(pages * PARENTS * inherited, 32)
}

function isNodeOfPages(census: PdfCensus, number: number): boolean {
  return (census.dictionaries.get(number) ?? []).some((dictionary) =>
    valuesOf(dictionary, 'Kids', 'Contents').some(
      (value) => value.kind === 'array' || referenceOf(value) !== undefined,
    ),
  )
}

function namesOf(dictionaries: readonly PdfDictionary[]): Names {
  const names = new Map<string, Set<number>>()
  for (const { entries } of dictionaries) {
    for (const [name, value] of entries) {
      const number = referenceOf(value)
      if (number === undefined) continue
      const known = names.get(name)
      if (known === undefined) names.set(name, new Set([number]))
      else known.add(number)
    }
  }
  return new Map([...names].map(([name, numbers]) => [name, [...numbers]]))
}

/** Dictionaries that a key may mean: those in the dictionary itself, and those in the objects that it refers to. */
function dictionariesUnder(census: PdfCensus, dictionary: PdfDictionary, key: string): readonly PdfDictionary[] {
  return valuesOf(dictionary, key).flatMap((value) => {
    if (value.kind === 'dictionary') return [value]
    return census.dictionaries.get(referenceOf(value) ?? -1) ?? []
  })
}

/** What is read must not have been left out as a picture or a font, and must end where its length says. */
function checkRead(stream: PdfStream): void {
  if (stream.isBlank) {
    throw review('ERR_BILL_CONTAINER', 'picture or font is read as text', placeOf(stream.place))
  }
}

function checkStates(left: number, stream: PdfStream): void {
  if (left + (stream.content?.savedStates ?? 0) <= EXTRACTION_LIMITS.pdfSavedStates) return
  throw review('ERR_BILL_TOO_LARGE', 'content saves more states than any bill', placeOf(stream.place))
}

function refuseContent({ place }: PdfStream): Refusal {
  return review('ERR_BILL_CONTAINER', 'what a content stream draws cannot be told', placeOf(place))
}

function refuseSteps(place: number): Refusal {
  return review('ERR_BILL_TOO_LARGE', 'reading the text of the PDF takes more steps than any bill', placeOf(place))
}

/** Not `Math.max(...)`: a file may have more of them than a call has arguments. */
function largest(values: Iterable<number>): number {
  let most = 0
  for (const value of values) most = Math.max(most, value)
  return most
}
