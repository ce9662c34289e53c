import { formatExact } from '#audit'
import type { Factor } from '#protocol'
import { isChoice } from './choice.ts'
import type { Choice, NoChoice } from './choice.ts'
import { gramsText } from './factor-report.ts'
import type { FactorReport, YearsReport } from './factor-report.ts'
import type { RefusedRow } from './refused.ts'

/** The JSON of `kwitness factors` for one year. */
export function yearToJson({ question, taken, next, refused }: FactorReport): object {
  const answer = isChoice(taken)
    ? { place: taken.place, taken: choiceJson(taken) }
    : { place: question.place, ...noneJson(taken) }
  return { year: question.year, ...answer, next: next.map(choiceJson), refused: refused.map(refusedJson) }
}

/** The JSON of `kwitness factors` for all years. */
export function yearsToJson({ place, years, none, refused }: YearsReport): object {
  return {
    place,
    years: years.map((it) => choiceJson(it.taken)),
    ...noneJson(none),
    refused: refused.map(refusedJson),
  }
}

function factorJson(factor: Factor): object {
  const grams = gramsText(factor)
  return { ...factor, ...(grams === undefined ? {} : { gramsPerKWh: grams }) }
}

function choiceJson({ factor, foundBy, vintage, flags, upstream, dataset }: Choice): object {
  return {
    factor: factorJson(factor),
    level: factor.regionType,
    foundBy,
    vintage,
    flags,
    upstream: upstream.map(({ name, gramsPerKWh }) => ({ name, gramsPerKWh: formatExact(gramsPerKWh) })),
    ...(dataset === undefined ? {} : { named: dataset }),
  }
}

function noneJson(none: NoChoice | undefined): object {
  return none === undefined ? {} : { error: none }
}

function refusedJson({ set, factor, status, reason }: RefusedRow): object {
  return { set, factor: factorJson(factor), status, reason }
}
