import { formatDecimal } from '#protocol'
import type { FilePlace, Metered } from '#protocol'
import { rejection, review } from '../refusal.ts'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { overlap } from './count-periods.ts'
import type { PeriodSum } from './count-periods.ts'
import { sumOf } from './meter-registers.ts'
import type { Register } from './meter-registers.ts'
import type { Days } from './model.ts'
import { compareMetered, sumMetered } from './sums.ts'

/**
 * For each counted period the registers that measured it. Readings are the primary figure, and must be what the lines
 * bill: period by period where their dates agree, else as a whole.
 *
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT.
 */
export function meetReadings(
  sums: readonly PeriodSum[],
  registers: readonly Register[],
): ReadonlyMap<PeriodSum, readonly Register[]> {
  const imports = registers.filter(({ isExport, metered }) => !isExport && isSameKind(metered, sums))
  const [first] = imports
  if (first === undefined) return new Map()
  const groups = new Map(sums.map((sum) => [sum, imports.filter(({ days }) => isInside(days, sum.days))]))
  const isWhole = [...groups].every(([sum, own]) => {
    const measured = sumOf(own)
    return measured !== undefined && compareMetered(measured, sum.metered) === 0
  })
  if (isWhole && [...groups.values()].reduce((count, own) => count + own.length, 0) === imports.length) return groups
  const counted = sums.map(({ metered }) => metered)
  const [billed, measured] = [sumMetered(counted, first.reading.place), sumOf(imports)]
  if (measured !== undefined && compareMetered(billed, measured) === 0) return new Map()
  const message = `meter readings say ${show(measured)}, the lines of the bill ${show(billed)}`
  throw review('ERR_BILL_READINGS_CONFLICT', message, first.reading.place)
}

/**
 * Periods of a point that only meters state: registers with the same dates add up.
 *
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT when dates overlap without being the same.
 */
export function periodsOfReadings(registers: readonly Register[]): readonly {
  readonly days: Days
  readonly metered: Metered
  readonly registers: readonly Register[]
}[] {
  const groups = new Map<string, Register[]>()
  for (const register of registers) {
    const key = `${register.days.start} ${register.days.end}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [register])
    else same.push(register)
  }
  const place: FilePlace = registers[0]?.reading.place ?? {}
  if (groups.size > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} periods of readings`, place)
  }
  const periods = [...groups.values()].map((own) => ({
    days: own[0]?.days ?? { start: 0, end: 0 },
    metered: sumMetered(
      own.map(({ metered }) => metered),
      place,
    ),
    registers: own,
  }))
  const ordered = periods.toSorted((a, b) => a.days.start - b.days.start || a.days.end - b.days.end)
  const clash = ordered.find(({ days }, index) => {
    const next = ordered[index + 1]
    return next !== undefined && overlap(days, next.days)
  })
  if (clash === undefined) return ordered
  throw review(
    'ERR_BILL_READINGS_CONFLICT',
    'periods of readings overlap without being the same',
    clash.registers[0]?.reading.place,
  )
}

function isSameKind(metered: Metered, sums: readonly PeriodSum[]): boolean {
  return sums.every((sum) => compareMetered(sum.metered, metered) !== undefined)
}

function isInside(inner: Days, outer: Days): boolean {
  return inner.start >= outer.start && inner.end <= outer.end
}

function show(metered: Metered | undefined): string {
  return metered === undefined ? 'nothing' : `${formatDecimal(metered.value)} ${metered.unit}`
}
