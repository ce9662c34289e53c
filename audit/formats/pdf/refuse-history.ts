import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { placeOfLine } from './find-pattern.ts'
import { wholePoints } from './page-lines.ts'
import type { TextLine, TextPage } from './page-lines.ts'
import type { HistoryTemplate } from './template.ts'

/** Rows that a message names; it is for people. */
const MAX_NAMED = 5

/** Why a history of bills gives no facts: names the rows that take others back, and those without days. */
export function refuseHistory(pages: readonly TextPage[], { row, columns }: HistoryTemplate): Refusal {
  const rows = pages.flatMap((page) => page.lines).filter(({ text }) => row.test(text))
  const cancelling = rows.filter((line) => cellAt(line, columns.energy).startsWith('-'))
  const dayless = rows.filter((line) => cellAt(line, columns.days) === '0')
  const parts = [
    `history with ${rows.length} rows of bills, not one bill`,
    ...nameRows('cancellation rows', cancelling, columns.energy),
    ...nameRows('rows of 0 days', dayless, columns.energy),
  ]
  const place = cancelling[0] ?? rows[0]
  return review('ERR_BILL_HISTORY', parts.join('; '), { path: place === undefined ? 'page 1' : placeOfLine(place) })
}

function nameRows(what: string, rows: readonly TextLine[], column: number): string[] {
  if (rows.length === 0) return []
  const named = rows
    .slice(0, MAX_NAMED)
    .map((line) => `${cellAt(line, column).replaceAll(',', '')} kWh (${placeOfLine(line)})`)
  return [`${rows.length} ${what}: ${named.join(', ')}${rows.length > MAX_NAMED ? ', ...' : ''}`]
}

/** Text of the cell that ends at a column's right end: the last piece, and those that touch it from the left. */
function cellAt(line: TextLine, right: number): string {
  let end = line.items.findIndex((item) => wholePoints(item.right) === right)
  let cell = ''
  for (let left: number | undefined; end >= 0; end -= 1) {
    const item = line.items[end]
    if (item === undefined || (left !== undefined && wholePoints(item.right) !== wholePoints(left))) break
    cell = item.text + cell
    left = item.left
  }
  return cell
}
