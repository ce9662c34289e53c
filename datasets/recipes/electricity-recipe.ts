import {
  FACTOR_METHODS,
  FACTOR_UNITS,
  GASES,
  compareRationals,
  parseDecimal,
  parseInteger,
  rationalOfDecimal,
  toGramsPerKWh,
} from '#protocol'
import type { FactorMethod, FactorTrust, FactorUnit, FactorUse, Gas, RegionType } from '#protocol'
import type { ElectricityFigures, ElectricityGroup, RowStatus } from '../electricity-figures.ts'
import { orderTexts } from './recipe.ts'
import type { Tally } from './recipe.ts'
import { layOutYears } from './series.ts'
import type { SourceRow, SourceTable } from './source-table.ts'

/** What a row of a source is in the set, or why it is not in it. */
export type RowPlan =
  | { readonly leaveOut: string }
  | {
      readonly regionType: RegionType
      readonly region: string
      /** @default 'generation' */
      readonly use?: FactorUse
      /** Month with which the row's year begins, where the table has no `period_start`. @default 1 */
      readonly firstMonth?: number
      /** Why the row is not usable, when its status says that it is not. */
      readonly reason?: string
      /** Further regions for which the publisher prints the same row. */
      readonly alsoFor?: readonly string[]
    }

/** How a table of electricity factors in the collector's 27 columns becomes a set. */
export type ElectricityPlan = {
  /** Name as the publisher writes it. */
  readonly dataset: string
  readonly withdrawn?: Readonly<Record<string, string>>
  /** The source groups digits by thousands with a comma. */
  readonly hasThousands?: boolean
  plan(row: SourceRow): RowPlan
}

/** Trust levels of the sources. A level that is not here (not redistributable) stops the build. */
const STATUSES: Readonly<Record<string, { status: RowStatus; trust: FactorTrust }>> = {
  current: { status: 'usable', trust: 'primary' },
  'current-derived': { status: 'usable', trust: 'derived' },
  'current-secondary': { status: 'usable', trust: 'secondary' },
  superseded: { status: 'superseded', trust: 'primary' },
  'superseded-erroneous': { status: 'superseded', trust: 'primary' },
  'invalid-published-error': { status: 'invalid', trust: 'primary' },
  unofficial: { status: 'unofficial', trust: 'secondary' },
  preliminary: { status: 'preliminary', trust: 'primary' },
  'not-available': { status: 'not-available', trust: 'primary' },
}

/** Spellings of units in the sources, with the gas that they name: `lb/MWh CO2e`, `kg CO2e/kWh`, `gCO2e/kWh`. */
const UNITS: Readonly<Record<string, { unit: FactorUnit; of: Gas }>> = Object.fromEntries(
  FACTOR_UNITS.flatMap((unit) => {
    const [mass = '', energy = ''] = unit.split('/')
    return GASES.flatMap((of) =>
      [`${unit} ${of}`, `${mass} ${of}/${energy}`, `${mass}${of}/${energy}`].map((text) => [text, { unit, of }]),
    )
  }),
)

/** Gases of the sources. CO2 as CO2e is CO2: its potential is 1 by definition. */
const SOURCE_GASES: Readonly<Record<string, { gas: Gas; per: string }>> = {
  CO2e: { gas: 'CO2e', per: 'CO2e' },
  CO2: { gas: 'CO2', per: 'CO2' },
  CH4: { gas: 'CH4', per: 'CH4' },
  N2O: { gas: 'N2O', per: 'N2O' },
  'CO2 (as CO2e)': { gas: 'CO2', per: 'CO2e' },
}

const METHODS: Readonly<Record<string, FactorMethod>> = Object.fromEntries(FACTOR_METHODS.map((m) => [m, m]))

type Kept = {
  readonly group: ElectricityGroup
  readonly regionType: RegionType
  readonly region: string
  readonly year: number
  readonly value: string
}

/** Figures of a set of electricity factors. @throws {DatasetError} ERR_DATASET_SOURCE for a row that cannot be used. */
export function makeElectricityFigures(table: SourceTable, tally: Tally, plan: ElectricityPlan): ElectricityFigures {
  const kept: Kept[] = []
  const countries = new Map<string, string>()
  const seen = new Set<string>()
  for (const row of table.rows) {
    const planned = plan.plan(row)
    if ('leaveOut' in planned) {
      tally.leaveOut(row, planned.leaveOut)
      continue
    }
    tally.use(row, row.text('source'))
    const figure = readFigure(row, planned, plan.hasThousands ?? false)
    for (const region of [planned.region, ...(planned.alsoFor ?? [])]) {
      const entry = { ...figure, regionType: planned.regionType, region }
      const { method, use, gas, status, version } = entry.group
      const edition = status === 'usable' ? 'usable' : version
      const key = [edition, entry.regionType, region, entry.year, method, use, gas].join('|')
      if (seen.has(key)) throw row.error(`repeats ${key}`)
      seen.add(key)
      kept.push(entry)
    }
    const [iso3, iso2] = [row.text('country_iso3'), row.text('country_iso2')]
    if (iso3 !== '' && iso2 !== '') countries.set(iso3, iso2)
  }
  return {
    v: 1,
    kind: 'electricity',
    dataset: plan.dataset,
    countries: Object.fromEntries([...countries].sort(([a], [b]) => orderTexts(a, b))),
    withdrawn: { ...plan.withdrawn },
    ...groupRows(kept),
  }
}

function readFigure(
  row: SourceRow,
  planned: Exclude<RowPlan, { leaveOut: string }>,
  hasThousands: boolean,
): Omit<Kept, 'regionType' | 'region'> {
  const { gas, per } = row.lookup('gas', SOURCE_GASES)
  const { unit, of } = row.lookup('original_unit', UNITS)
  if (of !== per) throw row.error(`has gas ${row.text('gas')} in ${row.text('original_unit')}`)
  const stated = row.lookup('status', STATUSES)
  const figure = row.figure('original_value', { hasThousands })
  const status = figure === undefined ? 'not-available' : stated.status
  if (figure !== undefined && status === 'usable') checkFigure(row, figure, unit)
  const isSecondHand = row.text('source').startsWith('secondary')
  const group: ElectricityGroup = {
    version: row.match('version', /./),
    method: row.lookup('method', METHODS),
    use: planned.use ?? 'generation',
    gas,
    boundary: row.match('boundary', /./),
    unit,
    // The collector's own remark is not part of the publisher's name.
    gwpSet: gas === 'CO2e' ? row.match('gwp_set', /./).replace(' (see REPORT)', '') : '',
    status,
    trust: isSecondHand ? 'secondary' : stated.trust,
    firstMonth: readFirstMonth(row) ?? planned.firstMonth ?? 1,
    ...(status === 'usable' ? {} : { reason: planned.reason ?? DEFAULT_REASONS[status] }),
  }
  return { group, year: row.integer('year'), value: figure ?? row.text('original_value') }
}

const DEFAULT_REASONS: Readonly<Record<Exclude<RowStatus, 'usable'>, string>> = {
  superseded: 'replaced by a later release of the publisher',
  invalid: 'printed by the publisher, and cannot be right',
  'not-available': 'the publisher prints no figure here',
  preliminary: 'the publisher will revise it',
  unofficial: 'computed by somebody else from figures of the publisher',
}

/** A usable figure is not negative, and the collector's own conversion to g/kWh agrees with it exactly. */
function checkFigure(row: SourceRow, figure: string, unit: FactorUnit): void {
  if (figure.startsWith('-')) throw row.error(`has the negative figure ${figure}`)
  const converted = rationalOfDecimal(parseDecimal(row.match('g_per_kwh', /^\d+(\.\d+)?$/)))
  if (compareRationals(toGramsPerKWh(parseDecimal(figure), unit), converted) !== 0) {
    throw row.error(`has ${figure} ${unit}, converted as ${row.text('g_per_kwh')} g/kWh`)
  }
}

/** Month of `period_start`, which has to be in the row's year; `undefined` where the table leaves it empty. */
function readFirstMonth(row: SourceRow): number | undefined {
  const text = row.match('period_start', /^(\d{4}-\d{2}-01)?$/)
  if (text === '') return undefined
  if (text.slice(0, 4) !== row.text('year')) throw row.error(`begins on ${text}, in another year`)
  return parseInteger(text.slice(5, 7))
}

function groupRows(kept: readonly Kept[]): Pick<ElectricityFigures, 'groups' | 'columns' | 'rows'> {
  const firstYears = new Map<string, number>()
  for (const { group, year } of kept) {
    const key = JSON.stringify(group)
    firstYears.set(key, Math.min(year, firstYears.get(key) ?? year))
  }
  const orderKey = ([key, year]: [string, number]): string => `${year} ${key}`
  const keys = [...firstYears].sort((a, b) => orderTexts(orderKey(a), orderKey(b))).map(([key]) => key)
  const indexes = new Map(keys.map((key, index) => [key, index]))
  const groups = keys.map((key) => kept.find(({ group }) => JSON.stringify(group) === key)?.group)
  const series = new Map<string, Kept[]>()
  for (const entry of kept) {
    const index = indexes.get(JSON.stringify(entry.group)) ?? 0
    const key = `${String(index).padStart(4, '0')}|${entry.regionType}|${entry.region}`
    series.set(key, [...(series.get(key) ?? []), entry])
  }
  const rows = [...series]
    .sort(([a], [b]) => orderTexts(a, b))
    .map(([key, entries]): ElectricityFigures['rows'][number] => {
      const [index = '', , region = ''] = key.split('|')
      const { firstYear, values } = layOutYears(entries) ?? { firstYear: 0, values: [] }
      return [parseInteger(index), entries[0]?.regionType ?? 'country', region, firstYear, values]
    })
  return {
    groups: groups.filter((group) => group !== undefined),
    columns: ['group', 'regionType', 'region', 'firstYear', 'values'],
    rows,
  }
}
