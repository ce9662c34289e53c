import {
  divideRationals,
  makeRational,
  parseDecimal,
  rationalOfDecimal,
  roundHalfEven,
  subtractRationals,
} from '#protocol'
import type { DerivationPart, FactorUse, GridLoss, Rational, UpstreamLine } from '#protocol'
import { GB_DATASET, US_DATASET } from './dataset-choice.ts'
import type { FactorSeries, FactorSource } from './factor-source.ts'
import { sumOfProducts } from './sum.ts'
import { findFactorUpTo, findYearUpTo, gramsPerKWhOf, vintageOf } from './vintage.ts'

/** Uses of factors that are lines of their own in Great Britain; the lines have the same names. */
const GB_USES = ['losses', 'well-to-tank', 'well-to-tank-losses'] as const satisfies readonly FactorUse[]

const ONE = makeRational(1n)

type LinePart = UpstreamLine['parts'][number]

/**
 * Scope 3 lines of electricity, never inside the footprint. A line that lacks the figure of any part is left out:
 * missing is not zero.
 *
 * @param series of the factors of `parts`.
 */
export function computeUpstream(
  series: FactorSeries,
  parts: readonly DerivationPart[],
  source: FactorSource,
): readonly UpstreamLine[] {
  // Losses are shares of eGRID: multiplied by a figure of another boundary they would be neither.
  if (series.dataset === US_DATASET) return lineOf('losses', findGridLosses(series, parts, source))
  if (series.dataset !== GB_DATASET) return []
  return GB_USES.flatMap((use) => lineOf(use, findUses({ ...series, use }, parts, source)))
}

function lineOf(name: UpstreamLine['name'], found: readonly (LinePart | undefined)[]): UpstreamLine[] {
  const parts = found.filter((part) => part !== undefined)
  if (parts.length < found.length) return []
  const exact = sumOfProducts(parts.map(factorsOf))
  return [{ name, parts, exact, gramsCO2e: roundHalfEven(exact) }]
}

/** Losses of the subregion or country whose factor is used, of the US for a state. */
function findGridLosses(
  { regionType, region }: FactorSeries,
  parts: readonly DerivationPart[],
  source: FactorSource,
): (LinePart | undefined)[] {
  const isOwn = regionType === 'subregion' || regionType === 'country'
  const [type, area] = isOwn ? ([regionType, region] as const) : (['country', 'US'] as const)
  const years = source.listGridLossYears(type, area)
  return parts.map(({ year, kWh, factor }) => {
    const published = findYearUpTo(years, year)
    const gridLoss = published === undefined ? undefined : source.findGridLoss(type, area, published)
    if (gridLoss === undefined) return undefined
    return { year, kWh, factor, gridLoss, vintage: vintageOf(year, factor.year, gridLoss.year) }
  })
}

function findUses(
  series: FactorSeries,
  parts: readonly DerivationPart[],
  source: FactorSource,
): (LinePart | undefined)[] {
  return parts.map(({ year, kWh }) => {
    const factor = findFactorUpTo(series, year, source)
    return factor === undefined ? undefined : { year, kWh, factor, vintage: vintageOf(year, factor.year) }
  })
}

/** What the grams of a part are the product of. */
function factorsOf({ kWh, factor, gridLoss }: LinePart): [Rational, ...Rational[]] {
  const grams = gramsPerKWhOf(factor)
  return gridLoss === undefined ? [kWh, grams] : [kWh, grams, lossPerConsumptionOf(gridLoss)]
}

/** Losses are shares of generation, and consumption is what is left: loss / (1 - loss); eGRID technical guide, 3.5. */
function lossPerConsumptionOf(gridLoss: GridLoss): Rational {
  const known = lossPerConsumption.get(gridLoss)
  if (known !== undefined) return known
  const lost = rationalOfDecimal(parseDecimal(gridLoss.fraction))
  const ratio = divideRationals(lost, subtractRationals(ONE, lost))
  lossPerConsumption.set(gridLoss, ratio)
  return ratio
}

/** Losses live as long as their data set, and most bills of a batch share them. */
const lossPerConsumption = new WeakMap<GridLoss, Rational>()
