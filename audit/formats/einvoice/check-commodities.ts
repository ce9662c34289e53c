import type { Commodity } from '#protocol'
import { review } from '../refusal.ts'
import type { PeriodSum } from './count-periods.ts'
import { compareMetered, signOf } from './sums.ts'

/** What was counted of one commodity at one point. */
export type CountedCommodity = {
  readonly bucket: { readonly point?: string; readonly commodity: Commodity }
  readonly sums: readonly PeriodSum[]
}

/**
 * Two commodities never have the same energy at one point in one period: one of them is part of the price of the other
 * whose name mentions it, such as a cap on the price of gas among the lines of electricity.
 *
 * @throws {Refusal} ERR_BILL_LINES.
 */
export function checkCommodities(counted: readonly CountedCommodity[]): void {
  const seen = new Map<string, CountedCommodity[]>()
  for (const one of counted) {
    const point = one.bucket.point ?? ''
    const others = seen.get(point) ?? []
    seen.set(point, [...others, one])
    for (const { sums } of others) for (const sum of one.sums) if (sums.some((other) => isSame(sum, other))) refuse(sum)
  }
}

function isSame(a: PeriodSum, b: PeriodSum): boolean {
  const isPeriod = a.days.start === b.days.start && a.days.end === b.days.end
  return isPeriod && signOf(a.metered) !== 0 && compareMetered(a.metered, b.metered) === 0
}

function refuse({ counted }: PeriodSum): never {
  const line = counted[0]?.line
  const message = `line ${line?.id.slice(0, 40) ?? ''} states the energy of another commodity: once, or twice the energy`
  throw review('ERR_BILL_LINES', message, line?.place)
}
