import { findFigure } from './figures.ts'
import type { MeteredLine } from './metered-lines.ts'

/** Sign of the amount of a line, 1 for what the customer pays; 0 where it has none. */
export function moneySignOf({ line }: MeteredLine): -1 | 0 | 1 {
  const value = findFigure(line.amount)?.value
  if (value === undefined || value.u === 0n) return 0
  return value.u < 0n ? -1 : 1
}
