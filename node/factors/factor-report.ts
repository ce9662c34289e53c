import { formatExact } from '#audit'
import type { Datasets } from '#datasets'
import { parseDecimal, toGramsPerKWh, ValueError } from '#protocol'
import type { Factor, Place } from '#protocol'
import { chooseFactor, isChoice, listAlternatives } from './choice.ts'
import type { Choice, NoChoice, Question } from './choice.ts'
import { listRefused } from './refused.ts'
import type { RefusedRow } from './refused.ts'

/** Short names of data sets by their CIDs. */
export type SetNames = ReadonlyMap<string, string>

/** What the rules say about a place and a year. */
export type FactorReport = {
  readonly question: Question
  readonly taken: Choice | NoChoice
  readonly next: readonly Choice[]
  readonly refused: readonly RefusedRow[]
  readonly setNames: SetNames
}

/** What the rules say about a place in all years. */
export type YearsReport = {
  readonly place: Place
  /** Years that have a factor of their own, ascending. */
  readonly years: readonly { readonly year: number; readonly taken: Choice }[]
  /** Why there is none, if no year has one. */
  readonly none?: NoChoice
  readonly refused: readonly RefusedRow[]
  readonly setNames: SetNames
}

/** The factor for a place and a year, what would come next, and what is in print but never used. */
export function reportYear(datasets: Datasets, question: Question): FactorReport {
  const taken = chooseFactor(datasets, question)
  const next = listAlternatives(datasets, question, electricitySets(datasets, question))
  const regions = [...(isChoice(taken) ? [taken] : []), ...next].map(({ factor }) => factor)
  const refused = listRefused(datasets, { ...question, ...onlySet(datasets, question), regions })
  return { question, taken, next, refused, setNames: setNamesOf(datasets) }
}

/** The factors for a place in all years. */
export function reportYears(datasets: Datasets, question: Omit<Question, 'year'>): YearsReport {
  const known = new Set(datasets.manifests.flatMap(({ years }) => years))
  const answers = [...known]
    .sort((a, b) => a - b)
    .map((year) => ({ year, taken: chooseFactor(datasets, { ...question, year }) }))
  const years = answers.flatMap(({ year, taken }) =>
    isChoice(taken) && taken.factor.year === year ? [{ year, taken }] : [],
  )
  const regions = years.map(({ taken }) => taken.factor)
  const refused = listRefused(datasets, { ...question, ...onlySet(datasets, question), regions })
  const last = answers.at(-1)?.taken
  return {
    place: years[0]?.taken.place ?? question.place,
    years,
    ...(years.length > 0 || last === undefined || isChoice(last) ? {} : { none: last }),
    refused,
    setNames: setNamesOf(datasets),
  }
}

function setNamesOf({ manifests }: Datasets): SetNames {
  return new Map(manifests.map(({ cid, name }) => [cid, name]))
}

/** Short name of the set that is named, if any; refusals of other sets would not answer the question. */
function onlySet(datasets: Datasets, { dataset }: Pick<Question, 'dataset'>): { dataset?: string } {
  const named = dataset === undefined ? undefined : datasets.findDataset(dataset)
  return named !== undefined && 'name' in named ? { dataset: named.name } : {}
}

/** Sets with anything for the country, when none is named. */
function electricitySets(datasets: Datasets, { place, dataset }: Question): string[] {
  if (dataset !== undefined) return []
  const names = datasets.manifests.map(({ name }) => name)
  return names.filter((name) => !datasets.listFactors({ dataset: name, country: place.country }).next().done)
}

/** A factor in g/kWh, exactly; `undefined` for a text in print that is no number. */
export function gramsText(factor: Factor): string | undefined {
  try {
    return formatExact(toGramsPerKWh(parseDecimal(factor.value), factor.unit))
  } catch (thrown) {
    if (thrown instanceof ValueError) return undefined
    throw thrown
  }
}
