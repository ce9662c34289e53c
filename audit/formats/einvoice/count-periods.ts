import type { PartialReading } from '#protocol'
import { rejection, review, unclaimable } from '../refusal.ts'
import type { MeteredLine } from './metered-lines.ts'
import type { Days } from './model.ts'
import { sumCharges } from './sum-charges.ts'
import type { ChargeSum } from './sum-charges.ts'
import { compareMetered, signOf, sumMetered } from './sums.ts'

/** What one metering point used in one period. */
export type PeriodSum = ChargeSum & { readonly days: Days }

/**
 * Energy by period of the lines that count for one point and commodity; periods ascend and do not overlap.
 *
 * Lines with the same dates are registers or charges ({@link sumCharges}). Where dates overlap without being the same,
 * either each register covers the whole time in its own steps, or one line is the total of the others.
 *
 * @param stated what the document states as a whole, where no claim can be made of it.
 * @throws {Refusal} ERR_BILL_UNSTATED without a period, ERR_BILL_LINES.
 */
export function countPeriods(lines: readonly MeteredLine[], stated?: readonly PartialReading[]): readonly PeriodSum[] {
  const dated = lines.map((line) => ({ line, days: requireDays(line, stated) }))
  const sums = sumsByDays(dated)
  return clustersOf(sums).flatMap((cluster) => {
    if (cluster.length === 1) return cluster
    const hull = hullOf(cluster)
    const inside = dated.filter(({ days }) => days.start >= hull.start && days.end <= hull.end)
    return joinRegisters(inside, hull) ?? splitTotal(cluster, hull) ?? refuse(inside.map(({ line }) => line))
  })
}

/** True if two periods share a day. */
export function overlap(a: Days, b: Days): boolean {
  return a.start < b.end && b.start < a.end
}

type Dated = { readonly line: MeteredLine; readonly days: Days }

function requireDays({ line, days }: MeteredLine, read: readonly PartialReading[] | undefined): Days {
  if (days !== undefined) return days
  const quantity = `${line.quantity?.text.slice(0, 40) ?? ''} ${line.quantity?.unitCode ?? ''}`
  const message = `neither line ${line.id.slice(0, 40)} (${quantity}) nor the document states a service period`
  if (read === undefined) throw review('ERR_BILL_UNSTATED', message, line.place)
  const whatToDo = 'a person who knows the period must enter it'
  throw unclaimable('ERR_BILL_UNSTATED', `${message}: ${whatToDo}`, { read, place: line.place })
}

function sumsByDays(dated: readonly Dated[]): readonly PeriodSum[] {
  const groups = new Map<string, Dated[]>()
  for (const one of dated) {
    const key = `${one.days.start} ${one.days.end}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [one])
    else same.push(one)
  }
  if (groups.size > MAX_PERIODS) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${MAX_PERIODS} periods of one point`, dated[0]?.line.line.place)
  }
  return [...groups.values()]
    .map((group) => ({ ...sumCharges(group.map(({ line }) => line)), days: group[0]?.days ?? { start: 0, end: 0 } }))
    .toSorted((a, b) => a.days.start - b.days.start || a.days.end - b.days.end)
}

/** Distinct periods of one point that are told apart; a bill has a few dozen at most. */
const MAX_PERIODS = 1_024

/** Periods that are connected by common days; input and output by start. */
function clustersOf(sums: readonly PeriodSum[]): readonly (readonly PeriodSum[])[] {
  const clusters: PeriodSum[][] = []
  let end = sums[0]?.days.start ?? 0
  for (const sum of sums) {
    if (sum.days.start < end) clusters.at(-1)?.push(sum)
    else clusters.push([sum])
    end = Math.max(end, sum.days.end)
  }
  return clusters
}

/** Sum of registers with price steps of their own, each of which covers the hull without gap. */
function joinRegisters(inside: readonly Dated[], hull: Days): readonly PeriodSum[] | undefined {
  const byRegister = new Map<string, Dated[]>()
  for (const one of inside) {
    const { register } = one.line.meaning
    const same = byRegister.get(register)
    if (same === undefined) byRegister.set(register, [one])
    else same.push(one)
  }
  if (byRegister.has('') || byRegister.size < 2) return undefined
  const sums = [...byRegister.values()].map(sumsByDays)
  if (!sums.every((steps) => isTiled(steps, hull))) return undefined
  const parts = sums.flat()
  return [joinSums(parts, hull)]
}

/** Shorter periods whose sum is the one line over the whole time: the total repeats them. */
function splitTotal(cluster: readonly PeriodSum[], hull: Days): readonly PeriodSum[] | undefined {
  const [total, ...others] = cluster.filter(({ days }) => days.start === hull.start && days.end === hull.end)
  const parts = cluster.filter((sum) => sum !== total)
  // By chance a line may equal one of several periods, and not the sum of two.
  const used = parts.filter(({ metered }) => signOf(metered) !== 0)
  if (total === undefined || others.length > 0 || used.length < 2 || !isTiled(parts, hull)) return undefined
  const joined = joinSums(parts, hull)
  if (compareMetered(joined.metered, total.metered) !== 0) return undefined
  const [first, ...rest] = parts
  if (first === undefined) return undefined
  return [{ ...first, repeated: [...first.repeated, ...total.counted, ...total.repeated] }, ...rest]
}

function joinSums(parts: readonly PeriodSum[], days: Days): PeriodSum {
  const counted = parts.flatMap((part) => part.counted)
  return {
    days,
    metered: sumMetered(
      parts.map(({ metered }) => metered),
      counted[0]?.line.place ?? {},
    ),
    counted,
    repeated: parts.flatMap((part) => part.repeated),
  }
}

/** True if periods by start follow each other without gap and fill the hull. */
function isTiled(sums: readonly { readonly days: Days }[], hull: Days): boolean {
  let at = hull.start
  for (const { days } of sums) {
    if (days.start !== at) return false
    at = days.end
  }
  return at === hull.end
}

function hullOf(sums: readonly PeriodSum[]): Days {
  const start = sums[0]?.days.start ?? 0
  return { start, end: sums.reduce((end, { days }) => Math.max(end, days.end), start) }
}

function refuse(lines: readonly MeteredLine[]): never {
  const named = lines.slice(0, 6).map(({ line }) => `${line.id} (${line.quantity?.text.slice(0, 24) ?? ''})`)
  const message = `periods of lines overlap without being the same, and the energy could be counted twice: ${named.join(', ')}`
  throw review('ERR_BILL_LINES', message.slice(0, 300), lines[0]?.line.place)
}
