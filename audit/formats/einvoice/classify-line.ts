import type { Commodity } from '#protocol'
import { splitWords, wordList, WordTable } from './match-words.ts'
import type { InvoiceLine, ItemCode, ItemProperty, LineClass } from './model.ts'
import { SEEF_ARTICLES, SEEF_GROUP_LISTS, SEEF_GROUPS } from './tables/codes.ts'
import { COMMODITY_CODES, COMMODITY_WORDS, POINT_COMMODITIES } from './tables/commodity-words.ts'
import { BARE_ENERGY_WORDS, LINE_RULES } from './tables/line-rules.ts'
import type { LineRule } from './tables/line-rules.ts'
import { ASIDE_WORDS, REGISTER_WORDS } from './tables/register-words.ts'

/** What the tables say of one line. */
export type LineMeaning = {
  readonly is: LineClass
  /** What was delivered, when the line says so, and says only one thing. */
  readonly commodity?: Commodity
  /** Register or price block; empty when the line names none. */
  readonly register: string
  /** Name and description without register: lines with the same ones are parts of one charge. */
  readonly charge: string
  /** Who is paid, when a code says so. */
  readonly payee?: 'supply' | 'grid'
}

type Words = readonly string[]

const RULES = new WordTable(LINE_RULES)
const BARE = wordList(BARE_ENERGY_WORDS)
const COMMODITIES = new WordTable(COMMODITY_WORDS)
const POINTS = new WordTable(POINT_COMMODITIES)
const REGISTERS = new WordTable(REGISTER_WORDS)
const ASIDE = wordList(ASIDE_WORDS)
/** Texts, and notes, of a line that are looked at. */
const MAX_TEXTS = 4

/**
 * What a line is about: by SEeF's article codes where the file has that profile, else by its name or description, the
 * first that a row of the tables knows, else by its notes.
 *
 * @param isSeef the file follows the Standaard Energie eFactuur, so that its article codes mean what its list says.
 */
export function classifyLine(line: InvoiceLine, isSeef: boolean): LineMeaning {
  const [texts, notes] = [line.texts, line.notes].map((all) => all.slice(0, MAX_TEXTS).map(wordsOf))
  const own = texts ?? []
  const all = [...own, ...(notes ?? [])]
  const article = isSeef ? findArticle(line.codes) : undefined
  const rule = firstOf(own, findRule)
  const isBare = own.some((text) => BARE.find(text) !== undefined)
  const noted = rule === undefined && !isBare ? firstOf(notes ?? [], findRule) : undefined
  const payee = findPayee(line.codes)
  const known = article ?? rule ?? noted
  const commodity =
    known?.commodity ?? findCommodity(all) ?? findCommodityCode(line.codes) ?? findPointCommodity(line.properties)
  return {
    is: known?.is ?? (isBare ? 'energy' : 'unknown'),
    ...(commodity === undefined ? {} : { commodity }),
    register: article?.register ?? firstOf(all, (text) => REGISTERS.find(text)?.row.register) ?? '',
    charge: article === undefined ? own.map(chargeOf).join(' / ') : article.is,
    ...(payee === undefined ? {} : { payee }),
  }
}

function wordsOf(text: string): Words {
  return cutAside(splitWords(text))
}

function findRule(text: Words): LineRule | undefined {
  return RULES.find(text)?.row
}

/** Text up to the word after which it tells what is included or left out; the whole text when it begins with it. */
function cutAside(text: Words): Words {
  const at = ASIDE.find(text)?.start ?? 0
  return at > 0 ? text.slice(0, at) : text
}

function firstOf<T>(texts: readonly Words[], find: (text: Words) => T | undefined): T | undefined {
  for (const text of texts) {
    const found = find(text)
    if (found !== undefined) return found
  }
  return undefined
}

function chargeOf(text: Words): string {
  return without(text, REGISTERS.find(text)).join(' ')
}

function without(text: Words, match: { readonly start: number; readonly end: number } | undefined): Words {
  return match === undefined ? text : [...text.slice(0, match.start), ...text.slice(match.end)]
}

/** The first text that names a commodity decides; a text that names two leaves it open. */
function findCommodity(texts: readonly Words[]): Commodity | undefined {
  const named = firstOf(texts, (text) => {
    const found = commoditiesIn(text)
    return found.size === 0 ? undefined : found
  })
  return named?.size === 1 ? [...named][0] : undefined
}

function commoditiesIn(text: Words): ReadonlySet<Commodity> {
  const named = new Set<Commodity>()
  let rest = text
  for (let match = COMMODITIES.find(rest); match !== undefined; match = COMMODITIES.find(rest)) {
    named.add(match.row.commodity)
    rest = without(rest, match)
  }
  return named
}

function findCommodityCode(codes: readonly ItemCode[]): Commodity | undefined {
  const named = COMMODITY_CODES.filter(({ lists, prefix }) =>
    codes.some(({ list, code }) => lists.includes(list) && code.startsWith(prefix)),
  )
  const distinct = new Set(named.map(({ commodity }) => commodity))
  return distinct.size === 1 ? named[0]?.commodity : undefined
}

/** What is delivered at a kind of metering point that only one commodity has. */
function findPointCommodity(properties: readonly ItemProperty[]): Commodity | undefined {
  const named = properties.map(({ name }) => POINTS.find(splitWords(name))?.row.commodity)
  const distinct = new Set(named.filter((commodity) => commodity !== undefined))
  return distinct.size === 1 ? [...distinct][0] : undefined
}

function findArticle(codes: readonly ItemCode[]): (typeof SEEF_ARTICLES)[number] | undefined {
  const own = codes.filter(({ list }) => list === '')
  return SEEF_ARTICLES.find(({ prefix }) => own.some(({ code }) => code.startsWith(prefix)))
}

function findPayee(codes: readonly ItemCode[]): 'supply' | 'grid' | undefined {
  const named = codes.filter(({ list }) => SEEF_GROUP_LISTS.has(list)).map(({ code }) => SEEF_GROUPS.get(code))
  return named.find((payee) => payee !== undefined)
}
