import { createHash } from 'node:crypto'
import { orderTexts } from '../order-texts.ts'

/** A piece of text where it stands. */
export type TextItem = {
  /** Without white space; never empty. */
  readonly text: string
  /** Left and right end, and baseline from the top of the page; in points (1/72 inch), exact as pdf.js has them. */
  readonly left: number
  readonly right: number
  readonly baseline: number
  /** False for text that runs up, down or backwards. */
  readonly isUpright: boolean
}

/** Text that stands on one baseline, from left to right. */
export type TextLine = {
  /** From 1. */
  readonly page: number
  /** From the top of the page, in whole points. */
  readonly y: number
  readonly items: readonly TextItem[]
  /** All text of the line without white space. */
  readonly text: string
}

/** A page as templates see it. */
export type TextPage = {
  readonly lines: readonly TextLine[]
  /** SHA-256 (hex) of all text of the page without white space, in the order of its lines. */
  readonly textHash: string
}

/** White space of Unicode, and characters without width: where they stand differs between versions of pdf.js. */
const BLANKS = /[\t-\r \u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]+/g
/** Baselines that are at most this many points apart are one: rounding must not part a line. */
const LINE_POINTS = 1

/** A text without white space. */
export function withoutBlanks(text: string): string {
  return text.replaceAll(BLANKS, '')
}

/** Nearest whole point of a position. */
export function wholePoints(position: number): number {
  return (2 * position + 1) >> 1
}

/**
 * Lines of a page. Only positions count: the order in which the file draws its text, and how it is cut into pieces, do
 * not.
 */
export function linesOfPage(page: number, items: readonly TextItem[]): TextPage {
  const upright = items.filter(({ isUpright }) => isUpright).toSorted(compareBaselines)
  const groups: TextItem[][] = []
  let first: TextItem | undefined
  for (const item of upright) {
    if (first === undefined || wholePoints(item.baseline) - wholePoints(first.baseline) > LINE_POINTS) {
      first = item
      groups.push([])
    }
    groups.at(-1)?.push(item)
  }
  const lines = groups.map((group) => lineOf(page, group))
  const aside = items.filter(({ isUpright }) => !isUpright).toSorted(compareBaselines)
  const all = lines.map(({ text }) => text).join('') + aside.map(({ text }) => text).join('')
  return { lines, textHash: createHash('sha256').update(all, 'utf8').digest('hex') }
}

function lineOf(page: number, group: readonly TextItem[]): TextLine {
  const items = group.toSorted((a, b) => a.left - b.left || a.right - b.right || orderTexts(a.text, b.text))
  const y = wholePoints(group[0]?.baseline ?? 0)
  return { page, y, items, text: items.map(({ text }) => text).join('') }
}

function compareBaselines(a: TextItem, b: TextItem): number {
  return a.baseline - b.baseline || a.left - b.left || a.right - b.right || orderTexts(a.text, b.text)
}
