import { countDaysByYear } from '#protocol'
import type { DaySpan, Derivation, DerivationPart, Factor, Rational, YearDays } from '#protocol'
import { apportion } from './apportion.ts'
import type { ReadingWeight } from './apportion.ts'
import type { FactorSource } from './factor-source.ts'
import type { Candidate } from './regions.ts'
import { sumOfProducts } from './sum.ts'
import { explainAbsence, findFactorUpTo, gramsPerKWhOf, vintageOf } from './vintage.ts'

/** Location-based figures: one region and one data set for all parts. */
export type LocationResult = Pick<Derivation, 'parts' | 'apportioned' | 'exact'> & { readonly candidate: Candidate }

/**
 * Location-based emissions at the most specific level that has a factor for every year of the period.
 *
 * @throws {AuditError} ERR_FACTOR_NOT_AVAILABLE, ERR_FACTOR_SUPERSEDED, ERR_FACTOR_INVALID.
 * @throws {ValueError} ERR_VALUE_PERIOD.
 */
export function computeLocation(
  kWh: Rational,
  input: {
    readonly span: DaySpan
    readonly levels: readonly Candidate[]
    readonly readings: readonly ReadingWeight[] | undefined
    readonly source: FactorSource
  },
): LocationResult {
  const { candidate, years, factors, firstMonth } = chooseLevel(input.levels, input.span, input.source)
  const { shares, apportioned } = apportion(kWh, years, firstMonth === 1 ? input.readings : undefined)
  const parts = factors.map((factor, index): DerivationPart => {
    const { year, days, amount } = shares[index] ?? { year: factor.year, days: 0, amount: kWh }
    return { year, days, kWh: amount, factor, vintage: vintageOf(year, factor.year) }
  })
  const exact = sumOfProducts(parts.map((part) => [part.kWh, gramsPerKWhOf(part.factor)]))
  return { candidate, parts, apportioned, exact }
}

type ChosenLevel = {
  readonly candidate: Candidate
  readonly years: readonly YearDays[]
  readonly factors: readonly Factor[]
  readonly firstMonth: number
}

function chooseLevel(levels: readonly Candidate[], span: DaySpan, source: FactorSource): ChosenLevel {
  const yearsFrom = new Map<number, YearDays[]>()
  for (const candidate of levels) {
    const firstMonth = source.firstMonthOf(candidate.series)
    const years = yearsFrom.get(firstMonth) ?? countDaysByYear(span, firstMonth)
    yearsFrom.set(firstMonth, years)
    const factors = findFactors(candidate, years, source)
    if (factors !== undefined) return { candidate, years, factors, firstMonth }
  }
  throw explainAbsence(
    levels.map(({ series }) => ({
      series,
      years: countDaysByYear(span, source.firstMonthOf(series)).map(({ year }) => year),
    })),
    source,
  )
}

/** A factor for each year; `undefined` when any year has none. */
function findFactors(
  { series }: Candidate,
  years: readonly YearDays[],
  source: FactorSource,
): readonly Factor[] | undefined {
  const factors: Factor[] = []
  for (const { year } of years) {
    const factor = findFactorUpTo(series, year, source)
    if (factor === undefined) return undefined
    factors.push(factor)
  }
  return factors
}
