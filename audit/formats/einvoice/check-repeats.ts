import { isEnergy } from '#protocol'
import type { Metered } from '#protocol'
import { review } from '../refusal.ts'
import { overlap } from './count-periods.ts'
import type { PeriodSum } from './count-periods.ts'
import type { MeteredLine } from './metered-lines.ts'
import { compareMetered, magnitudeOf, signOf, sumMetered } from './sums.ts'

/** Lines with one name, class and period. */
type Repeat = { readonly lines: readonly MeteredLine[]; readonly metered: Metered }

/**
 * Checks that what was left out of a sum says nothing else: a tax or transport on the same energy never covers more of it
 * than was counted; money back is paid on exactly the same; one line that no rule knows is taken for a charge only where it
 * says exactly the same as several counted lines together, which is no chance. One quantity that equals one other may be
 * chance, and lines that have registers of their own are as likely a second use.
 *
 * @returns flags.
 * @throws {Refusal} ERR_BILL_LINES.
 */
export function checkRepeats(others: readonly MeteredLine[], sums: readonly PeriodSum[]): readonly string[] {
  const flags: string[] = []
  for (const { lines, metered } of repeatsOf(others)) {
    const [first] = lines
    if (first === undefined) continue
    const same = sums.filter(({ days }) => first.days === undefined || overlap(days, first.days))
    const comparable = same.filter((sum) => compareMetered(sum.metered, metered) !== undefined)
    if (same.length > 0 && comparable.length === 0) continue
    const comparison = compareTotal(comparable, metered, first)
    if (first.meaning.is !== 'unknown' && first.meaning.is !== 'rebate') {
      if (comparison < 0) refuse(first, 'more energy than all counted lines')
    } else if (comparison !== 0) {
      refuse(first, 'energy that no rule of this version knows, and it is not that of the counted lines')
    } else if (first.meaning.is === 'unknown' && signOf(metered) !== 0 && !isSum(lines, comparable)) {
      refuse(first, 'the energy of the counted lines under a name that no rule knows: once, or twice the energy')
    } else {
      flags.push('unclassified-repetition')
    }
  }
  return flags
}

/** One line stands beside several counted ones that state any energy. */
function isSum(lines: readonly MeteredLine[], sums: readonly PeriodSum[]): boolean {
  const used = sums.flatMap(({ counted }) => counted).filter(({ metered }) => signOf(metered) !== 0)
  return lines.length === 1 && used.length > 1
}

/** Negative, 0 or positive as the counted energy is below, equal to or above the other. */
function compareTotal(sums: readonly PeriodSum[], metered: Metered, { line }: MeteredLine): number {
  if (sums.length === 0) return -1
  const total = sumMetered(
    sums.map((sum) => sum.metered),
    line.place,
  )
  return compareMetered(total, metered) ?? -1
}

function repeatsOf(others: readonly MeteredLine[]): readonly Repeat[] {
  const groups = new Map<string, MeteredLine[]>()
  for (const other of others) {
    const { is, charge } = other.meaning
    const key = `${is}\n${charge}\n${other.days?.start ?? ''} ${other.days?.end ?? ''} ${isEnergy(other.metered)}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [other])
    else same.push(other)
  }
  return [...groups.values()].map((lines) => ({ lines, metered: largestOrSum(lines) }))
}

/**
 * Quantity that lines of one name cover: their sum where each is a part of it (registers, tiers), and one of them where a
 * levy is stated twice, once up and once down.
 */
function largestOrSum(lines: readonly MeteredLine[]): Metered {
  const parts = lines.map(({ metered }) => magnitudeOf(metered))
  const [first, ...rest] = parts
  if (first === undefined) throw new TypeError('repetition without a line')
  const isOne = rest.every((part) => compareMetered(part, first) === 0)
  return isOne ? first : sumMetered(parts, lines[0]?.line.place ?? {})
}

function refuse({ line }: MeteredLine, what: string): never {
  const quantity = `${line.quantity?.text.slice(0, 40) ?? ''} ${line.quantity?.unitCode ?? ''}`
  const message = `line ${line.id.slice(0, 40)} (${quantity}) states ${what}`
  throw review('ERR_BILL_LINES', message, line.place)
}
