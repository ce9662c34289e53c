import { compareRationals, roundHalfEven, subtractRationals } from '#protocol'
import type { DerivationPart, Factor, MarketPart, MarketResult, Rational } from '#protocol'
import type { FactorSeries, FactorSource } from './factor-source.ts'
import type { Cover } from './instrument.ts'
import { sumOfProducts } from './sum.ts'
import { findFactorUpTo, gramsPerKWhOf } from './vintage.ts'

/** Guarantees of origin are exchanged between these (Directive (EU) 2018/2001, article 19): they are one market. */
const EUROPEAN_MARKET: ReadonlySet<string> = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO'.split(' '),
)

/** What {@link computeMarket} starts from. */
export type MarketInput = {
  readonly country: string
  /** Series of the location-based factors. */
  readonly series: FactorSeries
  readonly parts: readonly DerivationPart[]
  /** In the order in which they are used up. */
  readonly covers: readonly Cover[]
  /** The bill calls its electricity green. */
  readonly isGreenTariff: boolean
  readonly source: FactorSource
}

/**
 * Factor of the residual mix for a year or the latest earlier one: of the region, else of its country, in the same set.
 */
export function findResidualMix(series: FactorSeries, country: string, input: ResidualInput): Factor | undefined {
  const { year, source } = input
  const residual: FactorSeries = { ...series, method: 'market-residual' }
  const own = findFactorUpTo(residual, year, source)
  if (own !== undefined || series.regionType === 'country') return own
  return findFactorUpTo({ ...residual, regionType: 'country', region: country }, year, source)
}

type ResidualInput = { readonly year: number; readonly source: FactorSource }

/**
 * Market-based emissions: in each year certificates cover energy first, then contracts, then the supplier's rate; the
 * rest takes the residual mix of the same data set, or the location's factor and a statement that there is no such mix.
 * A claim of green electricity covers nothing by itself (GHG Protocol Scope 2 Guidance, chapters 6 and 7).
 */
export function computeMarket(input: MarketInput): MarketResult {
  const { covers, source, series, country } = input
  const left = new Map(covers.map(({ id, kWh }) => [id, kWh]))
  const parts = input.parts.flatMap((part): MarketPart[] => {
    const { pieces, rest } = coverPart(part, input, left)
    if (rest.n === 0n && pieces.length > 0) return pieces
    const residual = findResidualMix(series, country, { year: part.year, source })
    const factor = residual ?? part.factor
    const restSource = residual === undefined ? 'location' : 'residual-mix'
    return [...pieces, { year: part.year, kWh: rest, source: restSource, gramsPerKWh: gramsPerKWhOf(factor), factor }]
  })
  const exact = sumOfProducts(parts.map(({ kWh, gramsPerKWh }) => [kWh, gramsPerKWh]))
  return { parts, statements: listStatements(input, parts), exact, gramsCO2e: roundHalfEven(exact) }
}

/** Covers a part of the energy and writes down in `left` what is left of each instrument. */
function coverPart(
  part: DerivationPart,
  { covers, country }: MarketInput,
  left: Map<string, Rational | undefined>,
): { readonly pieces: MarketPart[]; readonly rest: Rational } {
  const pieces: MarketPart[] = []
  let rest = part.kWh
  for (const cover of covers) {
    const limit = left.get(cover.id)
    const kWh = limit === undefined || compareRationals(rest, limit) < 0 ? rest : limit
    if (kWh.n === 0n || !canCover(cover, part.year, country)) continue
    const { id, kind, gramsPerKWh } = cover
    pieces.push({ year: part.year, kWh, source: kind, instrument: id, gramsPerKWh })
    rest = subtractRationals(rest, kWh)
    if (limit !== undefined) left.set(id, subtractRationals(limit, kWh))
  }
  return { pieces, rest }
}

/** Never by an instrument of a later year or another market; a certificate must be retired and of this year or the last. */
function canCover(cover: Cover, year: number, country: string): boolean {
  if (!isSameMarket(cover.country, country)) return false
  return cover.kind === 'certificate' ? cover.isRetired && isNear(cover.year, year) : cover.year <= year
}

function isNear(certificateYear: number, year: number): boolean {
  return certificateYear === year || certificateYear === year - 1
}

function isSameMarket(a: string, b: string): boolean {
  return a === b || (EUROPEAN_MARKET.has(a) && EUROPEAN_MARKET.has(b))
}

/** Codes of what a reader must know, sorted. */
function listStatements(input: MarketInput, parts: readonly MarketPart[]): readonly string[] {
  const used = new Set(parts.map(({ instrument }) => instrument))
  const statements = input.covers.flatMap((cover) => {
    if (!used.has(cover.id)) return explainUnused(cover, input)
    return isOfEarlierYear(cover, parts) ? [`instrument-earlier-year:${cover.id}`] : []
  })
  const isLeft = (source: MarketPart['source']): boolean =>
    parts.some((part) => part.source === source && part.kWh.n > 0n)
  if (isLeft('location')) statements.push('no-residual-mix')
  if (input.isGreenTariff && parts.some(({ source, kWh }) => source !== 'certificate' && kWh.n > 0n)) {
    statements.push('green-tariff-not-covered')
  }
  return statements.sort()
}

/** A contract or rate goes on serving after its year; of a certificate the year before is as good as its own. */
function isOfEarlierYear({ kind, id, year }: Cover, parts: readonly MarketPart[]): boolean {
  return kind !== 'certificate' && parts.some((part) => part.instrument === id && year < part.year)
}

/** Every reason for which an instrument covers nothing. */
function explainUnused(cover: Cover, { parts, country }: MarketInput): string[] {
  const { kind, id, isRetired, year } = cover
  if (kind !== 'certificate') return [`instrument-unused:${id}`]
  const faults: string[] = []
  if (!isRetired) faults.push(`certificate-not-retired:${id}`)
  if (!isSameMarket(cover.country, country)) faults.push(`certificate-other-market:${id}`)
  if (!parts.some((part) => isNear(year, part.year))) faults.push(`certificate-year:${id}`)
  return faults.length > 0 ? faults : [`instrument-unused:${id}`]
}
