import type { Commodity } from '#protocol'
import { splitWords, wordList, WordTable } from './match-words.ts'
import type { InvoiceLine, ItemCode, LineClass } from './model.ts'
import { SEEF_ARTICLES, SEEF_GROUP_LISTS, SEEF_GROUPS } from './tables/codes.ts'
import { COMMODITY_CODES, COMMODITY_WORDS } from './tables/commodity-words.ts'
import { LINE_RULES } from './tables/line-rules.ts'
import { ASIDE_WORDS, REGISTER_WORDS } from './tables/register-words.ts'

/** What the tables say of one line. */
export type LineMeaning = {
  readonly is: LineClass
  /** What was delivered, when the line says so, and says only one thing. */
  readonly commodity?: Commodity
  /** Register or price block; empty when the line names none. */
  readonly register: string
  /** The line's first text without register: lines with the same one are parts of one charge. */
  readonly charge: string
  /** Who is paid, when a code says so. */
  readonly payee?: 'supply' | 'grid'
}

type Words = readonly string[]

const RULES = new WordTable(LINE_RULES)
const COMMODITIES = new WordTable(COMMODITY_WORDS)
const REGISTERS = new WordTable(REGISTER_WORDS)
const ASIDE = wordList(ASIDE_WORDS)
/** Texts of a line that are looked at: name, description, notes. */
const MAX_TEXTS = 4

/**
 * What a line is about: by SEeF's article codes where the file has that profile, else by the first of its texts that a
 * row of the tables knows.
 *
 * @param isSeef the file follows the Standaard Energie eFactuur, so that its article codes mean what its list says.
 */
export function classifyLine(line: InvoiceLine, isSeef: boolean): LineMeaning {
  const texts = line.texts.slice(0, MAX_TEXTS).map((text) => cutAside(splitWords(text)))
  const article = isSeef ? findArticle(line.codes) : undefined
  const rule = firstOf(texts, (text) => RULES.find(text)?.row)
  const payee = findPayee(line.codes)
  const commodity = article?.commodity ?? rule?.commodity ?? findCommodity(texts) ?? findCommodityCode(line.codes)
  return {
    is: article?.is ?? rule?.is ?? 'unknown',
    ...(commodity === undefined ? {} : { commodity }),
    register: article?.register ?? firstOf(texts, (text) => REGISTERS.find(text)?.row.register) ?? '',
    charge: article === undefined ? chargeOf(texts[0] ?? []) : article.is,
    ...(payee === undefined ? {} : { payee }),
  }
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

function findArticle(codes: readonly ItemCode[]): (typeof SEEF_ARTICLES)[number] | undefined {
  const own = codes.filter(({ list }) => list === '')
  return SEEF_ARTICLES.find(({ prefix }) => own.some(({ code }) => code.startsWith(prefix)))
}

function findPayee(codes: readonly ItemCode[]): 'supply' | 'grid' | undefined {
  const named = codes.filter(({ list }) => SEEF_GROUP_LISTS.has(list)).map(({ code }) => SEEF_GROUPS.get(code))
  return named.find((payee) => payee !== undefined)
}
