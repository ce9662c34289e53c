import { computeEmissions } from '#audit'
import type { FactorSource } from '#audit'
import { CodedError, formatCivilDate, GASES, makeDecimal, REGION_TYPES, spanOfYear } from '#protocol'
import type { Derivation, Factor, FoundBy, Place, Rational, UpstreamLine, Vintage } from '#protocol'

/** The factor that the rules take for one kWh. */
export type Choice = {
  /** Place and data set that were asked for. */
  readonly place: Place
  readonly dataset?: string
  readonly factor: Factor
  readonly foundBy: FoundBy
  readonly vintage: Vintage
  /** Month with which the set's years begin: 1, or 4 where a year is April to March. */
  readonly firstMonth: number
  readonly flags: readonly string[]
  /** Lines beside the footprint, in grams of one kWh. */
  readonly upstream: readonly { readonly name: UpstreamLine['name']; readonly gramsPerKWh: Rational }[]
}

/** Why the rules take none. */
export type NoChoice = { readonly code: string; readonly message: string }

/** What is asked of the rules. */
export type Question = { readonly place: Place; readonly year: number; readonly dataset?: string }

/** Asks the rules themselves, with one kWh: what is shown is what a bill of that place and year would get. */
export function chooseFactor(source: FactorSource, question: Question): Choice | NoChoice {
  const { place, year, dataset } = question
  const firstMonth = firstMonthOf(source, place, dataset)
  let derivation: Derivation
  try {
    derivation = computeEmissions({
      place,
      ...(firstMonth === 1 ? { year } : { service: serviceOf(year, firstMonth) }),
      energy: { value: makeDecimal(1n, 0), unit: 'kWh' },
      source,
      ...(dataset === undefined ? {} : { dataset }),
    })
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { code: thrown.code, message: thrown.message }
  }
  const [part] = derivation.parts
  if (part === undefined) return { code: 'ERR_FACTOR_NOT_AVAILABLE', message: 'no factor' }
  const { factor, vintage } = part
  const { foundBy, flags, upstream } = derivation
  return {
    place: derivation.place,
    ...(dataset === undefined ? {} : { dataset }),
    factor,
    foundBy,
    vintage,
    firstMonth,
    flags,
    upstream: upstream.map((line) => ({ name: line.name, gramsPerKWh: line.exact })),
  }
}

/** A year as the named set counts it; only a set that is named counts from another month than January. */
function firstMonthOf(source: FactorSource, { country, state }: Place, text: string | undefined): number {
  const named = text === undefined ? undefined : source.findDataset(text)
  if (named === undefined || 'refused' in named) return 1
  const regions = [country, ...(state === undefined ? [] : [`${country}-${state}`])]
  const months = regions.flatMap((region) =>
    REGION_TYPES.flatMap((regionType) =>
      GASES.map((gas) =>
        source.firstMonthOf({ dataset: named.name, regionType, region, method: 'location', use: 'generation', gas }),
      ),
    ),
  )
  return months.find((month) => month !== 1) ?? 1
}

function serviceOf(year: number, firstMonth: number): { readonly start: string; readonly end: string } {
  const { start, end } = spanOfYear(year, firstMonth)
  return { start: formatCivilDate(start), end: formatCivilDate(end) }
}

/** True if the rules took a factor. */
export function isChoice(answer: Choice | NoChoice): answer is Choice {
  return 'factor' in answer
}

/**
 * What the rules would take if the place were known less exactly, and what other data sets have: the next candidates, the
 * most exact first, each factor once.
 */
export function listAlternatives(source: FactorSource, question: Question, datasets: readonly string[]): Choice[] {
  const taken = chooseFactor(source, question)
  const seen = new Set(isChoice(taken) ? [keyOf(taken)] : [])
  const questions = [
    ...coarserPlaces(question.place, source).map((place) => ({ ...question, place })),
    ...datasets.map((dataset) => ({ ...question, dataset })),
  ]
  return questions.flatMap((it) => {
    const choice = chooseFactor(source, it)
    if (!isChoice(choice) || seen.has(keyOf(choice))) return []
    seen.add(keyOf(choice))
    return [choice]
  })
}

function keyOf({ factor }: Choice): string {
  const { cid, regionType, region, year, version } = factor
  return [cid, regionType, region, year, version].join('|')
}

/** The place with one of its parts after the other forgotten, in the order of the rules' levels. */
function coarserPlaces({ country, utility, zip, subregion, state, nerc }: Place, source: FactorSource): Place[] {
  const zipStates = zip === undefined ? [] : (source.findZip(zip)?.states ?? [])
  const states = [...new Set([state ?? utility?.state ?? [], zipStates].flat())]
  return [
    ...(zip === undefined ? [] : [{ country, zip }]),
    ...(subregion === undefined ? [] : [{ country, subregion }]),
    ...states.map((it) => ({ country, state: it })),
    ...(nerc === undefined ? [] : [{ country, nerc }]),
    { country },
  ]
}
