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

type Row = ActivityFigures['rows'][number]
/** Columns of a row up to the mass: what its series is of. */
type Head = readonly [Row[0], string, string, string, string, string, ActivityUnit, Gas, 'kg' | 'g']
type Figure = { readonly year: number; readonly value: string }

const SCOPES: Readonly<Record<string, Row[0]>> = { 'Scope 1': '1', 'Scope 2': '2', 'Scope 3': '3' }

/** Figures of a set of activities. @throws {DatasetError} ERR_DATASET_SOURCE for a row that cannot be used. */
export function makeActivityFigures(table: SourceTable, tally: Tally, plan: ActivitiesPlan): ActivityFigures {
  const editions = new Map<number, ActivityFigures['editions'][number]>()
  const series = new Map<string, { head: Head; figures: Figure[] }>()
  for (const row of table.rows) {
    const planned = plan.plan(row)
    const value = row.figure('original_value')
    if ('leaveOut' in planned || value === undefined) {
      tally.leaveOut(row, 'leaveOut' in planned ? planned.leaveOut : 'not available: the publisher prints no figure')
      continue
    }
    tally.use(row, row.text('source'))
    if (value.startsWith('-')) throw row.error(`has the negative figure ${value}`)
    row.match('country_iso2', new RegExp(`^${plan.country}$`))
    const year = row.integer('year')
    noteEdition(editions, row, { year, version: row.text('version'), gwpSet: planned.gwpSet, trust: planned.trust })
    const head = readHead(row, planned)
    // Without the mass: a series has one, whatever the year.
    const key = JSON.stringify(head.slice(0, -1))
    const entry = series.get(key) ?? { head, figures: [] }
    if (entry.head[8] !== head[8]) throw row.error(`has its mass in ${head[8]}, another year in ${entry.head[8]}`)
    if (entry.figures.some((figure) => figure.year === year)) throw row.error(`repeats ${key} of ${year}`)
    entry.figures.push({ year, value })
    series.set(key, entry)
  }
  return {
    v: 1,
    kind: 'activities',
    dataset: plan.dataset,
    country: plan.country,
    editions: [...editions.values()].sort((a, b) => a.year - b.year),
    columns: COLUMNS,
    rows: [...series]
      .sort(([a], [b]) => orderTexts(a, b))
      .map(([, { head, figures }]): Row => {
        const { firstYear, values } = layOutYears(figures) ?? { firstYear: 0, values: [] }
        return [...head, firstYear, values]
      }),
  }
}

const COLUMNS: ActivityFigures['columns'] = [
  'scope',
  'category',
  'group',
  'name',
  'detail',
  'variant',
  'per',
  'gas',
  'mass',
  'firstYear',
  'values',
]

function readHead(row: SourceRow, { per, gas, mass, names }: Exclude<ActivityPlan, { leaveOut: string }>): Head {
  const named = {
    group: row.text('level2'),
    name: row.text('item'),
    detail: row.text('level4'),
    variant: row.text('variant'),
    ...names,
  }
  const { group, name, detail, variant } = named
  return [row.lookup('scope', SCOPES), row.match('category', /./), group, name, detail, variant, per, gas, mass]
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
