import {
  addRationals,
  divideRationals,
  makeDecimal,
  makeRational,
  multiplyRationals,
  parseCivilDate,
  parseDecimal,
  parseRational,
  rationalOfDecimal,
  subtractRationals,
  toGramsPerKWh,
  toKWh,
} from '#protocol'
import type {
  ActivityDerivation,
  Derivation,
  EnergyUnit,
  Factor,
  GridLoss,
  Origin,
  Rational,
  UpstreamLine,
} from '#protocol'
import type { Examined, ExaminedElectricity } from '../../examiner.ts'

/** A data set as an explanation names it; the manifests of `#datasets` fit. */
export type SourceSet = {
  readonly name: string
  readonly title: string
  readonly publisher: string
  readonly licence: string
  readonly cid: string
}

/** One bill of a file with all that its figure follows from. */
export type Explained = {
  readonly format: string
  /** SHA-256 of the bill's own bytes, `0x` hex. */
  readonly plainHash: string
  readonly sizeBytes: number
  /** Position among the bills of the file, from 0, and how many there are. */
  readonly ordinal: number
  readonly count: number
  readonly examined: Examined
  /** What a signature in the file shows. */
  readonly signed?: Origin
  /** CID of the golden vectors of the rules. */
  readonly vectors: string
  readonly sets: readonly SourceSet[]
}

/** A bill of electricity to explain. */
export type ExplainedElectricity = Explained & { readonly examined: ExaminedElectricity }

/** Whether a bill is of electricity, whose rules have places, markets and lines upstream. */
export function isElectricity(explained: Explained): explained is ExplainedElectricity {
  return explained.examined.kind === 'electricity'
}

/** How the energy of one year follows from that of the bill: times `over` / `under`. */
export type Share = { readonly over: Rational; readonly under: Rational; readonly why: 'all' | 'days' | 'readings' }

/** Days of the service period. */
export function daysOf({ facts }: Examined): number {
  return parseCivilDate(facts.service.end) - parseCivilDate(facts.service.start)
}

/** Share of a part in the energy of the bill, with the numbers that a reader finds in the bill. */
export function shareOf({ facts, derivation }: ExaminedElectricity, index: number): Share {
  const part = derivation.parts[index]
  const days = makeRational(BigInt(derivation.parts.reduce((sum, { days }) => sum + days, 0)))
  const byDays = { over: makeRational(BigInt(part?.days ?? 0)), under: days, why: 'days' } as const
  if (derivation.apportioned === 'days') return byDays
  if (derivation.apportioned === 'one-year') return { over: days, under: days, why: 'all' }
  const weights = facts.readings?.whByYear ?? []
  const weight = weights.find(({ year }) => year === part?.year)
  if (weight === undefined) return byDays
  const under = weights.map(({ wh }) => parseRational(wh)).reduce(addRationals)
  return { over: parseRational(weight.wh), under, why: 'readings' }
}

/** kWh in one of an energy unit. */
export function kWhPerUnit(unit: EnergyUnit): Rational {
  return toKWh({ value: makeDecimal(1n, 0), unit })
}

/** A factor of electricity in g per kWh, exactly. */
export function gramsPerKWhOf(factor: Factor): Rational {
  return toGramsPerKWh(parseDecimal(factor.value), factor.unit)
}

/** What 1 of a factor's unit is in g per kWh. */
export function gramsPerUnitOf(factor: Factor): Rational {
  return toGramsPerKWh(makeDecimal(1n, 0), factor.unit)
}

/** Grams of energy by a factor, exactly. */
export function gramsOf(part: { readonly kWh: Rational; readonly factor: Factor }): Rational {
  return multiplyRationals(part.kWh, gramsPerKWhOf(part.factor))
}

/** Grams of a part of an upstream line: by its factor, or by the share of the grid that is lost. */
export function upstreamGramsOf(part: UpstreamLine['parts'][number]): Rational {
  const grams = gramsOf(part)
  if (part.gridLoss === undefined) return grams
  const loss = lossOf(part.gridLoss)
  return divideRationals(multiplyRationals(grams, loss), subtractRationals(makeRational(1n), loss))
}

/** Share of generated energy that is lost. */
export function lossOf(gridLoss: GridLoss): Rational {
  return rationalOfDecimal(parseDecimal(gridLoss.fraction))
}

/** Sets of regions, by what they were asked. */
const CROSSWALKS: Readonly<Partial<Record<Derivation['foundBy'], string>>> = {
  utility: 'us-utility-subregion',
  zip: 'us-zip-subregion',
}

/** The data sets that a bill's figure uses, in the order of their first use. */
export function setsOf(examined: Examined, sets: readonly SourceSet[]): SourceSet[] {
  const cids = examined.kind === 'activity' ? cidsOfActivity(examined.derivation) : cidsOf(examined.derivation, sets)
  return [...new Set(cids)].map(
    (cid) => sets.find((set) => set.cid === cid) ?? { name: 'unknown', title: '', publisher: '', licence: '', cid },
  )
}

function cidsOfActivity({ parts }: ActivityDerivation): string[] {
  return parts.flatMap(({ terms }) => terms.map(({ factor }) => factor.cid))
}

function cidsOf(derivation: Derivation, sets: readonly SourceSet[]): string[] {
  const crosswalk = sets.find(({ name }) => name === CROSSWALKS[derivation.foundBy])
  const upstream = derivation.upstream.flatMap(({ parts }) => parts)
  return [
    ...(crosswalk === undefined ? [] : [crosswalk.cid]),
    ...derivation.parts.map(({ factor }) => factor.cid),
    ...upstream.flatMap(({ factor, gridLoss }) => [factor.cid, ...(gridLoss === undefined ? [] : [gridLoss.cid])]),
    ...(derivation.market?.parts ?? []).flatMap(({ factor }) => (factor === undefined ? [] : [factor.cid])),
  ]
}

/** Publisher of a factor's set. */
export function publisherOf(cid: string, sets: readonly SourceSet[]): string {
  return sets.find((set) => set.cid === cid)?.publisher ?? ''
}
