import { formatExact } from '#audit'
import type { Rational } from '#protocol'
import { isDecimal, roundedText } from '../exact-text.ts'
import { wrap, MIN_WIDTH } from '../wrap.ts'

/** One labelled row of an explanation. */
export type Row = {
  readonly label: string
  /** On one line if they fit, else each on a line of its own. */
  readonly pieces: readonly string[]
  /** Whence it is, or why; shown dimmed. */
  readonly note?: string
  /** 1: below a row with depth 0. */
  readonly depth: 0 | 1
}

/** Rows below a heading. */
export type Section = { readonly title: string; readonly rows: readonly Row[] }

/** Digits after the point of figures that are rounded for reading. */
const READING_PLACES = 6
const INDENT = 2
const LABEL_CHARS = 11

/** A row of words. */
export function says(label: string, text: string, note?: string): Row {
  return { label, pieces: [text], depth: 0, ...(note === undefined ? {} : { note }) }
}

/** A row of words below another one. */
export function adds(label: string, text: string, note?: string): Row {
  return { ...says(label, text, note), depth: 1 }
}

/** A result with its unit, exactly; and rounded, where it is a fraction that does not end. */
export type Result = { readonly value: Rational; readonly unit: string }

/** A row `left = result`, exact; `left` has the numbers, `x`, `/`, `+`, `-`, parentheses and units only. */
export function computes(label: string, left: string, { value, unit }: Result, depth: 0 | 1 = 1): Row {
  const about = isDecimal(value) ? [] : [`(about ${roundedText(value, READING_PLACES)} ${unit})`]
  return { label, pieces: [left, `= ${formatExact(value)} ${unit}`, ...about], depth }
}

/** Rows as lines; `dim` paints what is beside the figures. */
export function rowLines(row: Row, width: number, dim: (text: string) => string): string[] {
  const indent = INDENT * (row.depth + 1)
  const left = indent + LABEL_CHARS
  const room = Math.max(width, MIN_WIDTH) - left
  const whole = row.pieces.join(' ')
  const texts = whole.length <= room ? [whole] : row.pieces.flatMap((piece) => wrap(piece, room))
  const { note } = row
  if (note !== undefined && (texts.at(-1)?.length ?? 0) + note.length + 2 <= room) {
    texts.push(`${texts.pop() ?? ''}  ${dim(note)}`)
  } else if (note !== undefined) texts.push(...wrap(note, room).map(dim))
  return texts.map((text, i) => (' '.repeat(indent) + (i === 0 ? row.label : '').padEnd(LABEL_CHARS) + text).trimEnd())
}
