import { countDaysByYear, roundHalfEven } from '#protocol'
import type { ActivityDerivation, ActivityTerm, ActivityUnit, Place, Rational } from '#protocol'
import { AuditError } from '../../audit-error.ts'
import { apportion, spanOf } from '../apportion.ts'
import type { When } from '../apportion.ts'
import { getNamedDataset } from '../dataset-choice.ts'
import type { DatasetChoice } from '../dataset-choice.ts'
import { RULES_VERSION } from '../emissions.ts'
import type { FactorSource } from '../factor-source.ts'
import { normalizePlace } from '../place.ts'
import { sumOfProducts } from '../sum.ts'
import { vintageOf } from '../vintage.ts'
import type { Activity, ActivityQuestion } from './activity.ts'
import type { Catalogue } from './catalogue.ts'
import { askFuel, askGas, askHeat } from './energy-questions.ts'
import { findWellToTank, resolveActivity } from './resolve.ts'
import type { ActivityFigures } from './resolve.ts'
import { factorsOfTerm, isBiogenic, termsOf } from './terms.ts'
import { askFlight, askTravel } from './travel-questions.ts'

/** Input of {@link computeActivity}. */
export type ActivityInput = When & {
  /** Only its country counts. */
  readonly place: Place
  readonly activity: Activity
  readonly source: FactorSource
  /** Name or edition of a data set to use instead of the country's own; needed where there is none. */
  readonly dataset?: string
}

/** Sets of activities of the countries that have one. */
const DATASET_OF_COUNTRY = new Map([
  ['GB', 'uk-activities'],
  ['US', 'epa-hub'],
])

type Part = ActivityDerivation['parts'][number]

/**
 * Emissions of gas, heat, fuel or travel, exactly: the amount in the unit of the publisher's figure, spread over calendar
 * years by civil days, times the figure of the year's edition or the latest earlier one. CO2 of biomass and the way of a
 * fuel to the tank are figures of their own. Each figure is rounded once, half to even.
 *
 * @throws {AuditError} ERR_ACTIVITY_UNKNOWN, ERR_ACTIVITY_AMBIGUOUS, ERR_HEAT_CONTENT_MISSING, ERR_FACTOR_NOT_AVAILABLE,
 * ERR_FACTOR_DATASET_UNKNOWN, ERR_FACTOR_SUPERSEDED, ERR_PLACE_UNKNOWN, ERR_ENERGY_NEGATIVE.
 * @throws {ValueError} ERR_VALUE_DATE, ERR_VALUE_PERIOD.
 */
export function computeActivity(input: ActivityInput): ActivityDerivation {
  const { source } = input
  const { country } = normalizePlace(input.place, source)
  const choice = chooseDataset(country, input.dataset, source)
  const question = ask(input.activity)
  const years = countDaysByYear(spanOf(input))
  const catalogue = { choice, source }
  const yearNumbers = years.map(({ year }) => year)
  const { per, measured, figures } = resolveActivity(question, yearNumbers, catalogue)
  if (measured.amount.n < 0n) throw new AuditError('consumption is negative', { code: 'ERR_ENERGY_NEGATIVE' })
  const { shares } = apportion(measured.amount, years)
  const parts = shares.map(({ year, days, amount }, index): Part => {
    const { factors, year: published } = figures[index] ?? { factors: [], year }
    return { year, days, amount, terms: termsOf(factors, source), vintage: vintageOf(year, published) }
  })
  const exact = sumTerms(parts, (term) => !isBiogenic(term))
  const biogenic = parts.some(({ terms }) => terms.some(isBiogenic)) ? sumTerms(parts, isBiogenic) : undefined
  const tank = question.hasWellToTank ? sumWellToTank(parts, figures, { per, catalogue }) : undefined
  return {
    rules: RULES_VERSION,
    country,
    conversions: measured.conversions,
    amount: measured.amount,
    unit: per,
    parts,
    flags: listFlags(parts),
    exact,
    gramsCO2e: roundHalfEven(exact),
    ...(biogenic === undefined ? {} : { biogenicCO2: { exact: biogenic, grams: roundHalfEven(biogenic) } }),
    ...(tank === undefined ? {} : { wellToTank: { exact: tank, gramsCO2e: roundHalfEven(tank) } }),
  }
}

function chooseDataset(country: string, text: string | undefined, source: FactorSource): DatasetChoice {
  if (text !== undefined) return getNamedDataset(text, source, 'activities')
  const dataset = DATASET_OF_COUNTRY.get(country)
  if (dataset !== undefined) return { dataset }
  throw new AuditError(`no data set of activities is for ${country}; name one to use it all the same`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: country,
  })
}

function ask(activity: Activity): ActivityQuestion {
  switch (activity.commodity) {
    case 'gas':
      return askGas(activity)
    case 'heat':
      return askHeat(activity)
    case 'fuel':
      return askFuel(activity)
    case 'flight':
      return askFlight(activity)
    case 'travel':
      return askTravel(activity)
    default:
      return activity satisfies never
  }
}

function sumTerms(parts: readonly Part[], isCounted: (term: ActivityTerm) => boolean): Rational {
  return sumOfProducts(
    parts.flatMap(({ amount, terms }) => terms.filter(isCounted).map((term) => factorsOfTerm(amount, term))),
  )
}

/** The way of the fuel to the tank; `undefined` when the figure of any part is missing. */
function sumWellToTank(
  parts: readonly Part[],
  figures: readonly ActivityFigures[],
  { per, catalogue }: { readonly per: ActivityUnit; readonly catalogue: Catalogue },
): Rational | undefined {
  const grams: ReturnType<typeof factorsOfTerm>[] = []
  for (const [index, found] of figures.entries()) {
    const tank = findWellToTank(found, per, catalogue)
    const part = parts[index]
    if (tank === undefined || part === undefined) return undefined
    for (const term of termsOf(tank.factors, catalogue.source)) grams.push(factorsOfTerm(part.amount, term))
  }
  return sumOfProducts(grams)
}

function listFlags(parts: readonly Part[]): readonly string[] {
  const flags: string[] = []
  if (parts.some(({ terms }) => terms.every(({ factor }) => factor.gas === 'CO2'))) flags.push('co2-only')
  if (parts.some(({ terms }) => terms.some(({ factor }) => factor.trust === 'secondary'))) {
    flags.push('factor-secondary')
  }
  return flags
}
