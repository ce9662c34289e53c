import type { ActivityItem, ActivityUnit, FactorTrust, Gas } from '#protocol'
import type { ActivityFigures } from '../activity-figures.ts'
import { orderTexts } from './recipe.ts'
import type { Tally } from './recipe.ts'
import { layOutYears } from './series.ts'
import type { SourceRow, SourceTable } from './source-table.ts'

/** What a row of a table of activities is in the set, or why it is not in it. */
export type ActivityPlan =
  | { readonly leaveOut: string }
  | {
      readonly per: ActivityUnit
      readonly gas: Gas
      readonly mass: 'kg' | 'g'
      /** GWP set of the edition, as the publisher names it. */
      readonly gwpSet: string
      readonly trust: FactorTrust
      /** Names of the item that replace the table's, where an edition only moved or respelled them. */
      readonly names?: Partial<Pick<ActivityItem, 'group' | 'name' | 'detail' | 'variant'>>
    }

/** How a table of activities becomes a set. */
export type ActivitiesPlan = {
  /** Name as the publisher writes it. */
  readonly dataset: string
  readonly country: string
  plan(row: SourceRow): ActivityPlan
}

type Item = ActivityFigures['items'][number]
type Figure = { readonly year: number; readonly value: string }

const SCOPES: Readonly<Record<string, Item[0]>> = { 'Scope 1': '1', 'Scope 2': '2', 'Scope 3': '3' }

/** Figures of a set of activities. @throws {DatasetError} ERR_DATASET_SOURCE for a row that cannot be used. */
export function makeActivityFigures(table: SourceTable, tally: Tally, plan: ActivitiesPlan): ActivityFigures {
  const editions = new Map<number, ActivityFigures['editions'][number]>()
  const items = new Map<string, Item>()
  const series = new Map<string, { head: [string, Gas, 'kg' | 'g']; figures: Figure[] }>()
  for (const row of table.rows) {
    const planned = plan.plan(row)
    const value = row.figure('original_value')
    if ('leaveOut' in planned || value === undefined) {
      tally.leaveOut(row, 'leaveOut' in planned ? planned.leaveOut : 'not available: the publisher prints no figure')
      continue
    }
    tally.use(row, row.text('source'))
    const { gas, mass } = planned
    if (value.startsWith('-')) throw row.error(`has the negative figure ${value}`)
    row.match('country_iso2', new RegExp(`^${plan.country}$`))
    const year = row.integer('year')
    noteEdition(editions, row, { year, version: row.text('version'), gwpSet: planned.gwpSet, trust: planned.trust })
    const item = readItem(row, planned)
    const itemKey = JSON.stringify(item)
    items.set(itemKey, item)
    const key = `${itemKey}|${gas}`
    const entry = series.get(key) ?? { head: [itemKey, gas, mass], figures: [] }
    if (entry.head[2] !== mass) throw row.error(`has its mass in ${mass}, another year in ${entry.head[2]}`)
    if (entry.figures.some((figure) => figure.year === year)) throw row.error(`repeats ${key} of ${year}`)
    entry.figures.push({ year, value })
    series.set(key, entry)
  }
  const itemKeys = [...items.keys()].sort(orderTexts)
  const indexes = new Map(itemKeys.map((key, index) => [key, index]))
  return {
    v: 1,
    kind: 'activities',
    dataset: plan.dataset,
    country: plan.country,
    editions: [...editions.values()].sort((a, b) => a.year - b.year),
    itemColumns: ['scope', 'category', 'group', 'name', 'detail', 'variant', 'per'],
    items: itemKeys.map((key) => items.get(key)).filter((item) => item !== undefined),
    columns: ['item', 'gas', 'mass', 'firstYear', 'values'],
    rows: [...series.values()]
      .map(({ head: [itemKey, gas, mass], figures }): ActivityFigures['rows'][number] => {
        const { firstYear, values } = layOutYears(figures) ?? { firstYear: 0, values: [] }
        return [indexes.get(itemKey) ?? -1, gas, mass, firstYear, values]
      })
      .sort((a, b) => a[0] - b[0] || orderTexts(a[1], b[1])),
  }
}

function readItem(row: SourceRow, { per, names }: Exclude<ActivityPlan, { leaveOut: string }>): Item {
  const named = {
    group: row.text('level2'),
    name: row.text('item'),
    detail: row.text('level4'),
    variant: row.text('variant'),
    ...names,
  }
  const { group, name, detail, variant } = named
  return [row.lookup('scope', SCOPES), row.match('category', /./), group, name, detail, variant, per]
}

function noteEdition(
  editions: Map<number, ActivityFigures['editions'][number]>,
  row: SourceRow,
  edition: ActivityFigures['editions'][number],
): void {
  const known = editions.get(edition.year)
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(edition)) {
    throw row.error(
      `is of ${edition.version} (${edition.gwpSet}), other rows of ${edition.year} of ${known.version} (${known.gwpSet})`,
    )
  }
  editions.set(edition.year, edition)
}
