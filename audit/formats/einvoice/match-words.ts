/** Characters of a text that are compared: names of lines are shorter, and matching stays cheap on hostile ones. */
const MAX_COMPARED_CHARS = 400

/**
 * A text as rules compare it: compatibility forms unified, accents dropped, lower case, everything but letters and
 * digits of the Latin, Greek and Cyrillic scripts a single blank: `Öko-Steuer, 2.` is `oko steuer 2`.
 *
 * Letters are listed and not taken from a property of Unicode, whose later versions would change old results.
 */
function normaliseWords(text: string): string {
  return text
    .slice(0, MAX_COMPARED_CHARS)
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replaceAll(/[\u00df\u00e6\u00f0\u00f8\u0111\u0131\u0142\u0153]/g, (letter) => PLAIN_LETTERS.get(letter) ?? ' ')
    .replaceAll(/[^0-9a-z\u0370-\u03ff\u0400-\u04ff]+/g, ' ')
    .trim()
}

/** Letters that Unicode does not decompose. */
const PLAIN_LETTERS: ReadonlyMap<string, string> = new Map([
  ['\u00df', 'ss'],
  ['\u00e6', 'ae'],
  ['\u00f0', 'd'],
  ['\u00f8', 'o'],
  ['\u0111', 'd'],
  ['\u0131', 'i'],
  ['\u0142', 'l'],
  ['\u0153', 'oe'],
])

/** One word of a pattern: with `*` in front, behind, on both sides, or exact. */
type PatternWord = { readonly text: string; readonly isOpenLeft: boolean; readonly isOpenRight: boolean }

/** Consecutive words that make a text one of a row. */
type Pattern = { readonly row: number; readonly words: readonly PatternWord[]; readonly isWhole: boolean }

/** Where a row was found in a text: its words `[start, end)`. */
export type WordMatch<Row> = { readonly row: Row; readonly start: number; readonly end: number }

const NO_PATTERNS: readonly Pattern[] = []
/** Letters by which open words are found; longer ones are compared. */
const KEY_CHARS = 3

/**
 * Finds the first of many rows whose words stand in a text. `words` of a row are alternatives divided by `|`; each is
 * one or more consecutive whole words of the normalised text, where `*` stands for any rest or beginning of a word, and
 * `=` in front asks for the whole text.
 *
 * Patterns are found by the letters of a word and not one after the other: a file with 100,000 lines is read in a second.
 */
export class WordTable<Row extends { readonly words: string }> {
  readonly #rows: readonly Row[]
  readonly #patterns = new Map<string, Pattern[]>()

  constructor(rows: readonly Row[]) {
    this.#rows = rows
    rows.forEach(({ words }, row) => words.split('|').forEach((text) => this.#add(text, row)))
  }

  /** The first row that stands in a text, wherever it stands there. */
  find(words: readonly string[]): WordMatch<Row> | undefined {
    let best: { readonly row: number; readonly start: number; readonly end: number } | undefined
    words.forEach((word, start) => {
      for (const pattern of this.#candidates(word)) {
        if ((best === undefined || pattern.row < best.row) && fits(pattern, words, start)) {
          best = { row: pattern.row, start, end: start + pattern.words.length }
        }
      }
    })
    const row = best === undefined ? undefined : this.#rows[best.row]
    return best === undefined || row === undefined ? undefined : { ...best, row }
  }

  #add(text: string, row: number): void {
    const isWhole = text.startsWith('=')
    const words = (isWhole ? text.slice(1) : text).split(' ').map(readPatternWord)
    const [first] = words
    if (first === undefined || first.text === '') throw new TypeError(`empty pattern in ${JSON.stringify(text)}`)
    const key = keyOf(first)
    const same = this.#patterns.get(key) ?? []
    same.push({ row, words, isWhole })
    this.#patterns.set(key, same)
  }

  /** All patterns whose first word may be this one. */
  #candidates(word: string): readonly Pattern[] {
    const lists = [this.#patterns.get(`=${word}`), this.#patterns.get('*')]
    for (let chars = 1; chars <= KEY_CHARS && chars <= word.length; chars += 1) {
      lists.push(this.#patterns.get(`^${word.slice(0, chars)}`), this.#patterns.get(`$${word.slice(-chars)}`))
    }
    return lists.flatMap((list) => list ?? NO_PATTERNS)
  }
}

/** Words of a normalised text. */
export function splitWords(text: string): readonly string[] {
  const normalised = normaliseWords(text)
  return normalised === '' ? [] : normalised.split(' ')
}

/** Table of one list: whether any of its words stands in a text. */
export function wordList(words: string): WordTable<{ readonly words: string }> {
  return new WordTable([{ words }])
}

function readPatternWord(text: string): PatternWord {
  const [isOpenLeft, isOpenRight] = [text.startsWith('*'), text.endsWith('*')]
  return { text: text.slice(isOpenLeft ? 1 : 0, isOpenRight ? -1 : undefined), isOpenLeft, isOpenRight }
}

function keyOf({ text, isOpenLeft, isOpenRight }: PatternWord): string {
  if (isOpenLeft && isOpenRight) return '*'
  if (isOpenLeft) return `$${text.slice(-KEY_CHARS)}`
  return isOpenRight ? `^${text.slice(0, KEY_CHARS)}` : `=${text}`
}

function fits({ words: pattern, isWhole }: Pattern, words: readonly string[], start: number): boolean {
  if (isWhole && (start !== 0 || words.length !== pattern.length)) return false
  return pattern.every(({ text, isOpenLeft, isOpenRight }, index) => {
    const word = words[start + index]
    if (word === undefined) return false
    if (isOpenLeft) return isOpenRight ? word.includes(text) : word.endsWith(text)
    return isOpenRight ? word.startsWith(text) : word === text
  })
}
