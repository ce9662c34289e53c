/** A cell as text, with how it is painted; painting adds no width. */
type Cell = { readonly text: string; readonly paint?: (text: string) => string }

/** Cells of a row; a plain text is a cell that is not painted. */
export type TableRow = readonly (string | Cell)[]

/**
 * Rows with their columns one below the other, two blanks between them.
 *
 * @param right columns whose texts end one below the other, such as figures.
 */
export function tableLines(rows: readonly TableRow[], right: readonly number[] = []): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const columns = Math.max(0, ...cells.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(0, ...cells.map((row) => row[i]?.text.length ?? 0)))
  return cells.map((row) =>
    row
      .map(({ text, paint = (it) => it }: Cell, i) => {
        const blanks = ' '.repeat((widths[i] ?? 0) - text.length)
        if (right.includes(i)) return blanks + paint(text)
        return i === row.length - 1 ? paint(text) : paint(text) + blanks
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Years as people write them: `2018-2023, 2025`. */
export function yearRanges(years: readonly number[]): string {
  const ranges: string[] = []
  const sorted = [...new Set(years)].sort((a, b) => a - b)
  for (let i = 0; i < sorted.length; i += 1) {
    const first = sorted[i] ?? 0
    while (sorted[i + 1] === (sorted[i] ?? 0) + 1) i += 1
    const last = sorted[i] ?? first
    ranges.push(first === last ? String(first) : `${first}-${last}`)
  }
  return ranges.join(', ')
}
