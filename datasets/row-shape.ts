import { z } from 'zod'

/**
 * Schema of a row of figures: an array of a fixed length that a function accepts. One call a row; a schema for each cell
 * would take longer than everything else at the start of a node.
 *
 * @param isRow has to check every column of `Row`.
 * @param length number of columns. @default 5
 */
export function rowShape<Row extends readonly unknown[]>(
  isRow: (row: readonly unknown[]) => boolean,
  length = 5,
): z.ZodType<Row, Row> {
  const accepts = (value: unknown): boolean => Array.isArray(value) && value.length === length && isRow(value)
  return z.custom<Row>(accepts, `expected a row of ${length} columns of the right kinds`)
}

/** True for an index or a count. */
export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** True for a year that a data set may have. */
export function isYear(value: unknown): value is number {
  return isIndex(value) && value >= 1990 && value <= 2100
}

/** True for a text of that form. */
export function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/** True for 1 to 64 texts of that form, any of them `null`. */
export function isSeries(value: unknown, pattern: RegExp): value is readonly (string | null)[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= 64 &&
    value.every((text) => text === null || isText(text, pattern))
  )
}
