import { widthOf } from './pdf-file.ts'
import type { MadeText } from './pdf-file.ts'

/** Row of an invented history: date of the bill, date of the reading, days, kWh. */
export type HistoryRow = readonly [string, string, string, string]

const SIZE = 10

/** Pieces of text of a "Monthly Electric History": labels at their places, figures with their right ends in line. */
export function historyPage(rows: readonly HistoryRow[]): MadeText[] {
  const label = (text: string, x: number, y: number): MadeText => ({ text, x, y, size: SIZE })
  const labels = [
    label('Monthly Electric History', 239, 68),
    label('Bill Account:', 15, 85),
    label('Read', 285, 157),
    label('Days', 329, 157),
    label('Retracte', 687, 157),
    label('Used', 329, 169),
    label('Kwh', 367, 169),
    label('Demand', 402, 169),
  ]
  const figures = rows.flatMap(([bill, read, days, energy], index) => {
    const y = 195 + 14 * index
    return [
      label('770088991 VILLAGE OF NOWHERE', 25, y),
      label(bill, 227, y),
      label(read, 273, y),
      label(days, 357 - widthOf(days, SIZE), y),
      label(energy, 395 - widthOf(energy, SIZE), y),
      label('0', 440, y),
    ]
  })
  return [...labels, ...figures]
}
