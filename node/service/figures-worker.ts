import { estimate } from '#audit'
import { loadDatasets } from '#datasets'
import { CodedError } from '#protocol'
import type { ErrorShape, Place } from '#protocol'
import { searchActivities } from '../factors/activity-search.ts'
import { reportYear, reportYears } from '../factors/factor-report.ts'
import { yearsToJson, yearToJson } from '../factors/factors-json.ts'

/** One question to the worker; the JSON of estimates goes as text, so that the digits of its numbers stay. */
export type FiguresTask =
  | { readonly kind: 'estimate'; readonly request: string }
  | { readonly kind: 'factors'; readonly place: Place; readonly year?: number; readonly dataset?: string }
  | {
      readonly kind: 'activities'
      readonly text: string
      readonly limit: number
      readonly country?: string
      readonly year?: number
      readonly dataset?: string
    }

/** What comes back: JSON text, or the code and words of a refusal. */
export type FiguresAnswer = { readonly json: string } | (ErrorShape & { readonly message: string })

const loading = loadDatasets()

/** Task of the figures worker. */
export async function answer(task: FiguresTask): Promise<FiguresAnswer> {
  try {
    const found = await find(task)
    const refused = errorOf(found)
    return refused ?? { json: JSON.stringify(found) }
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { code: thrown.code, message: thrown.message }
  }
}

async function find(task: FiguresTask): Promise<object> {
  const datasets = await loading
  if (task.kind === 'estimate') return estimate(task.request, datasets)
  if (task.kind === 'factors') {
    const { place, year, dataset } = task
    const question = { place, ...(dataset === undefined ? {} : { dataset }) }
    return year === undefined
      ? yearsToJson(reportYears(datasets, question))
      : yearToJson(reportYear(datasets, { ...question, year }))
  }
  const { text, limit, country, year } = task
  const dataset = task.dataset === undefined ? undefined : nameOf(datasets.findDataset(task.dataset, 'activities'))
  const found = searchActivities(datasets, {
    text,
    ...(dataset === undefined ? {} : { dataset }),
    ...(country === undefined ? {} : { country }),
    ...(year === undefined ? {} : { year }),
  })
  const more = found.length - limit
  return { activities: found.slice(0, limit), ...(more > 0 ? { more } : {}) }
}

function nameOf(named: object | undefined): string {
  if (named !== undefined && 'name' in named) return String(named.name)
  throw new UnknownSet('no such data set of activities', { code: 'ERR_FACTOR_DATASET_UNKNOWN' })
}

class UnknownSet extends CodedError<{ readonly code: 'ERR_FACTOR_DATASET_UNKNOWN' }> {}

/** The refusal that an answer of the rules is, if it is one. */
function errorOf(answered: object): Extract<FiguresAnswer, ErrorShape> | undefined {
  if (!('error' in answered) || typeof answered.error !== 'object' || answered.error === null) return undefined
  const { error } = answered
  if (!('code' in error) || !('message' in error)) return undefined
  return { code: codeOf(String(error.code)), message: String(error.message) }
}

// Errors of the rules travel as their codes' texts; all begin like this.
function codeOf(text: string): ErrorShape['code'] {
  return text.startsWith('ERR_') ? (text as ErrorShape['code']) : 'ERR_INTERNAL'
}
