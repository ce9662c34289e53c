import type { ActivityFactor, ActivityItem, ActivityUnit, Gas } from '#protocol'
import { AuditError } from '../../audit-error.ts'
import { findYearUpTo } from '../vintage.ts'
import type { ActivityQuestion } from './activity.ts'
import { listItems } from './catalogue.ts'
import type { Catalogue, ListedItem } from './catalogue.ts'
import type { Measured } from './measured.ts'
import { isWellToTank } from './travel-questions.ts'

/** Gases of a figure: the published sum, or else the gases one by one. */
const SINGLE_GASES = ['CO2', 'CH4', 'N2O'] as const satisfies readonly Gas[]

/** Figures of one item in one edition: the published CO2e alone, or CO2 with what there is of CH4 and N2O. */
export type ActivityFigures = {
  readonly item: ActivityItem
  readonly year: number
  readonly factors: readonly ActivityFactor[]
}

/** Figures for each year, all per one unit, with the amount in that unit. */
export type ResolvedActivity = {
  readonly per: ActivityUnit
  readonly measured: Measured
  /** In the order of the years. */
  readonly figures: readonly ActivityFigures[]
}

/**
 * The one item of the set that is meant, in the first unit that has a figure for every year.
 *
 * A publisher rewords its items now and then (`Energy - Gross CV` became a blank in 2022), so that each year takes the
 * item of its own edition.
 *
 * @throws {AuditError} ERR_ACTIVITY_UNKNOWN, ERR_ACTIVITY_AMBIGUOUS, ERR_FACTOR_NOT_AVAILABLE.
 */
export function resolveActivity(
  question: ActivityQuestion,
  years: readonly number[],
  catalogue: Catalogue,
): ResolvedActivity {
  const matches = listItems(question, catalogue)
  const dataset = catalogue.choice.dataset
  const amounts = question.amounts.filter(({ per }) => matches.some(({ units }) => units.includes(per)))
  if (amounts.length === 0) throw noFigure(question, matches, dataset)
  for (const { per, measured } of amounts) {
    const items = matches.filter(({ units }) => units.includes(per)).map(({ item }) => item)
    const figures = years
      .map((year) => chooseItem(items, { per, year, what: question.what }, catalogue))
      .filter((found) => found !== undefined)
    if (figures.length === years.length) return { per, measured: measured(), figures }
  }
  throw new AuditError(`no factor for ${question.what} in ${years[0] ?? ''} or an earlier year (${dataset})`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: dataset,
    ...(years[0] === undefined ? {} : { year: years[0] }),
  })
}

/**
 * Figures of the way to the tank of an item's fuel, of the same edition and per the same unit; `undefined` where the
 * set has none. Its items repeat the words of the fuel's, with `WTT-` before category and group.
 */
export function findWellToTank(
  { item, year }: ActivityFigures,
  per: ActivityUnit,
  catalogue: Catalogue,
): ActivityFigures | undefined {
  const isMeant = (other: ActivityItem): boolean => isWellToTank(other) && wordsOf(other) === wordsOf(item)
  const tanks = listItems({ names: [item.name], isMeant }, catalogue)
  const found = tanks.find(({ units }) => units.includes(per))
  return found === undefined ? undefined : findFigures(found.item, per, { year, catalogue })
}

function wordsOf({ category, group, name, detail, variant }: ActivityItem): string {
  const words = [category, group].map((text) => text.replace('WTT- ', ''))
  return [...words, name, detail, variant].join('|').toLowerCase()
}

/** Figures of the newest edition up to a year that has any of the items. */
function chooseItem(
  items: readonly ActivityItem[],
  { per, year, what }: { readonly per: ActivityUnit; readonly year: number; readonly what: string },
  catalogue: Catalogue,
): ActivityFigures | undefined {
  const yearOf = (item: ActivityItem): number => findYearUpTo(listYears(item, per, catalogue), year) ?? 0
  const dated = items.map((item) => ({ item, newest: yearOf(item) })).filter(({ newest }) => newest > 0)
  const newest = dated.reduce((latest, one) => Math.max(latest, one.newest), 0)
  const [only, ...others] = dated.filter((one) => one.newest === newest)
  if (only === undefined) return undefined
  if (others.length > 0)
    throw ambiguous(
      what,
      [only, ...others].map(({ item }) => item),
      catalogue.choice.dataset,
    )
  return findFigures(only.item, per, { year: only.newest, catalogue })
}

function listYears(item: ActivityItem, per: ActivityUnit, { choice, source }: Catalogue): readonly number[] {
  const { dataset, version } = choice
  const yearsOf = (gas: Gas): readonly number[] => source.listActivityYears({ dataset, item, per, gas })
  const years = [...new Set([...yearsOf('CO2e'), ...yearsOf('CO2')])].sort((a, b) => a - b)
  if (version === undefined) return years
  return years.filter((year) =>
    (['CO2e', 'CO2'] as const).some(
      (gas) => source.findActivity({ dataset, item, per, gas }, year)?.version === version,
    ),
  )
}

function findFigures(
  item: ActivityItem,
  per: ActivityUnit,
  { year, catalogue }: { readonly year: number; readonly catalogue: Catalogue },
): ActivityFigures | undefined {
  const find = (gas: Gas): ActivityFactor | undefined => {
    return catalogue.source.findActivity({ dataset: catalogue.choice.dataset, item, per, gas }, year)
  }
  // DESIGN 7: the published CO2e is authoritative, it is not recomputed from rounded gases.
  const sum = find('CO2e')
  if (sum !== undefined) return { item, year, factors: [sum] }
  const factors = SINGLE_GASES.map(find).filter((factor) => factor !== undefined)
  return factors.length === 0 ? undefined : { item, year, factors }
}

function noFigure({ what, amounts }: ActivityQuestion, matches: readonly ListedItem[], dataset: string): AuditError {
  const units = [...new Set(matches.flatMap((match) => match.units))].join(', ')
  if (units === '') return new AuditError(`${dataset} has no ${what}`, { code: 'ERR_ACTIVITY_UNKNOWN', dataset })
  const wanted = amounts.map(({ per }) => per).join(', ')
  return new AuditError(`${dataset} has ${what} per ${units}, not per ${wanted}`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: dataset,
  })
}

function ambiguous(what: string, items: readonly ActivityItem[], dataset: string): AuditError {
  const found = items.map(({ category, group, name, detail, variant }) => {
    return [category, group, name, detail, variant].filter((text) => text !== '').join(' / ')
  })
  return new AuditError(`${dataset} has several items for ${what}: ${found.join('; ')}`, {
    code: 'ERR_ACTIVITY_AMBIGUOUS',
    dataset,
  })
}
