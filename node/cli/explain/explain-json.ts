import { formatExact } from '#audit'
import { divideRationals, factsToJson, formatRational, multiplyRationals, originToJson, toHex, toKWh } from '#protocol'
import type { Factor, FactsJson, GridLoss, OriginJson, Rational, Vintage } from '#protocol'
import { activityToJson } from './activity.ts'
import type { ActivityJson } from './activity.ts'
import {
  gramsOf,
  gramsPerKWhOf,
  isElectricity,
  kWhPerUnit,
  publisherOf,
  setsOf,
  shareOf,
  upstreamGramsOf,
} from './explained.ts'
import type { Explained, ExplainedElectricity, SourceSet } from './explained.ts'

/** A factor with what it is in g/kWh; the rest as its data set has it. */
type FactorJson = Factor & { readonly publisher: string; readonly gramsPerKWh: string }

/** One year of a figure. Exact texts: decimal, or `p/q` where the decimal expansion does not end. */
type PartJson = {
  readonly year: number
  readonly kWh: string
  readonly factor: FactorJson
  readonly vintage: Vintage
  readonly grams: string
}

/** A figure: the exact fraction `p/q`, and rounded once. */
type FigureJson = { readonly exact: string; readonly gramsCO2e: string }

/** The derivation of one bill in the JSON of `kwitness explain`. */
export type ExplanationJson = BillJson & (ElectricityJson | ActivityJson)

/** What every explained bill has. */
type BillJson = {
  readonly ordinal: number
  readonly facts: FactsJson & { readonly sources: Readonly<Record<string, string>>; readonly hash: string }
  readonly energy: { readonly value: string; readonly unit: string; readonly kWhPerUnit: string; readonly kWh: string }
  readonly placeFrom: 'bill' | 'declared'
  readonly assurance: string
  readonly origin: string
  readonly signed?: OriginJson
  readonly rules: { readonly version: string; readonly vectors: string }
  readonly datasets: readonly SourceSet[]
  readonly derivationHash: string
}

/** The derivation of electricity. */
export type ElectricityJson = FigureJson & {
  readonly place: Readonly<Record<string, unknown>> & { readonly country: string }
  readonly level: string
  readonly foundBy: string
  readonly apportioned: string
  readonly flags: readonly string[]
  readonly parts: readonly (PartJson & { readonly days: number; readonly share: string })[]
  readonly market?: FigureJson & {
    readonly parts: readonly {
      readonly year: number
      readonly kWh: string
      readonly source: string
      readonly instrument?: string
      readonly gramsPerKWh: string
      readonly factor?: FactorJson
      readonly grams: string
    }[]
    readonly statements: readonly string[]
  }
  readonly upstream: readonly (FigureJson & {
    readonly name: string
    readonly parts: readonly (PartJson & { readonly gridLoss?: GridLoss })[]
  })[]
}

/** The stable JSON of one explained bill. */
export function explanationToJson(explained: ExplainedElectricity): BillJson & ElectricityJson
export function explanationToJson(explained: Explained): ExplanationJson
export function explanationToJson(explained: Explained): ExplanationJson {
  const { examined, sets, vectors, ordinal, signed } = explained
  const { facts, factsHash, derivation, derivationHash, isPlaceDeclared, energy, assurance, origin } = examined
  const { value, unit } = factsToJson(facts).import
  return {
    ordinal,
    facts: { ...factsToJson(facts), sources: facts.sources, hash: toHex(factsHash) },
    energy: { value, unit, kWhPerUnit: formatExact(kWhPerUnit(energy.unit)), kWh: formatExact(toKWh(energy)) },
    placeFrom: isPlaceDeclared ? 'declared' : 'bill',
    assurance,
    origin,
    ...(signed === undefined ? {} : { signed: originToJson(signed) }),
    ...(isElectricity(explained) ? electricityToJson(explained) : activityOf(explained)),
    rules: { version: derivation.rules, vectors },
    datasets: setsOf(examined, sets).map(({ name, title, publisher, licence, cid }) => ({
      name,
      title,
      publisher,
      licence,
      cid,
    })),
    derivationHash: toHex(derivationHash),
  }
}

function activityOf({ examined, sets }: Explained): ActivityJson {
  if (examined.kind !== 'activity') throw new TypeError('only gas and heat are activities')
  return activityToJson(examined.derivation, sets)
}

function electricityToJson(explained: ExplainedElectricity): ElectricityJson {
  const { examined, sets } = explained
  const { derivation } = examined
  const factor = (given: Factor): FactorJson => factorToJson(given, sets)
  return {
    place: { ...derivation.place },
    level: derivation.level,
    foundBy: derivation.foundBy,
    apportioned: derivation.apportioned,
    flags: derivation.flags,
    parts: derivation.parts.map((part, index) => ({
      year: part.year,
      days: part.days,
      share: shareText(shareOf(examined, index)),
      kWh: formatExact(part.kWh),
      factor: factor(part.factor),
      vintage: part.vintage,
      grams: formatExact(gramsOf(part)),
    })),
    ...figure(derivation),
    ...marketToJson(explained),
    upstream: derivation.upstream.map((line) => ({
      name: line.name,
      parts: line.parts.map((part) => ({
        year: part.year,
        kWh: formatExact(part.kWh),
        factor: factor(part.factor),
        ...(part.gridLoss === undefined ? {} : { gridLoss: part.gridLoss }),
        vintage: part.vintage,
        grams: formatExact(upstreamGramsOf(part)),
      })),
      ...figure(line),
    })),
  }
}

function shareText({ over, under }: { readonly over: Rational; readonly under: Rational }): string {
  return formatExact(divideRationals(over, under))
}

function marketToJson({ examined: { derivation }, sets }: ExplainedElectricity): Pick<ElectricityJson, 'market'> {
  const { market } = derivation
  if (market === undefined) return {}
  const parts = market.parts.map((part) => ({
    year: part.year,
    kWh: formatExact(part.kWh),
    source: part.source,
    ...(part.instrument === undefined ? {} : { instrument: part.instrument }),
    gramsPerKWh: formatExact(part.gramsPerKWh),
    ...(part.factor === undefined ? {} : { factor: factorToJson(part.factor, sets) }),
    grams: formatExact(multiplyRationals(part.kWh, part.gramsPerKWh)),
  }))
  return { market: { parts, statements: market.statements, ...figure(market) } }
}

function figure(of: { readonly exact: Rational; readonly gramsCO2e: bigint }): FigureJson {
  return { exact: formatRational(of.exact), gramsCO2e: of.gramsCO2e.toString() }
}

function factorToJson(factor: Factor, sets: readonly SourceSet[]): FactorJson {
  return { ...factor, publisher: publisherOf(factor.cid, sets), gramsPerKWh: formatExact(gramsPerKWhOf(factor)) }
}
