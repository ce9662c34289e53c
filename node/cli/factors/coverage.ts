import type { FactorUse, RegionType } from '#protocol'
import type { ListedFactor } from '#datasets'
import { tableLines, yearRanges } from '../table.ts'
import { USE_WORDS } from '../words.ts'
import { wrap } from '../wrap.ts'

/** What a set has for one kind of region of a country in one year. */
type Mark = 'all' | 'some' | 'secondary' | Exclude<ListedFactor['status'], 'usable'>

/** Coverage of one kind of region of a country over the years. */
export type CoverageRow = {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly regionType: RegionType
  readonly use: FactorUse
  /** Regions of that kind in the set. */
  readonly regions: number
  readonly years: ReadonlyMap<number, Mark>
}

/** One character for each mark; nothing is a dot. */
const MARK_CHARS: Readonly<Record<Mark, string>> = {
  all: 'x',
  some: '+',
  secondary: '2',
  invalid: '!',
  superseded: 's',
  'not-available': 'n',
  preliminary: 'p',
  unofficial: 'u',
}

const MARK_WORDS: Readonly<Record<Mark, string>> = {
  all: 'all regions',
  some: 'some regions',
  secondary: 'secondary: copied out of a document, not yet compared with it',
  invalid: 'wrong in print',
  superseded: 'superseded',
  'not-available': 'empty in print',
  preliminary: 'preliminary',
  unofficial: "not the publisher's own",
}

/** Marks in the order in which a legend explains them; of several statuses in one year the first is shown. */
const MARKS = Object.keys(MARK_CHARS) as readonly Mark[]

/**
 * Coverage of an electricity set by country, kind of region and use. Counted are rates of average generation in CO2e, or
 * in CO2 where the set has no CO2e: what a footprint may take, and what looks like it but must not be taken.
 */
export function coverageOf(listed: readonly ListedFactor[]): CoverageRow[] {
  const location = listed.filter(({ factor }) => factor.method === 'location')
  const gas = location.some(({ factor }) => factor.gas === 'CO2e') ? 'CO2e' : 'CO2'
  const groups = Map.groupBy(
    location.filter(({ factor }) => factor.gas === gas),
    ({ factor }) => [countryOf(factor), factor.regionType, factor.use].join('|'),
  )
  const covered = [...groups.values()].flatMap((rows) => {
    const first = rows[0]?.factor
    if (first === undefined) return []
    const { regionType, use } = first
    const regions = new Set(rows.map(({ factor }) => factor.region)).size
    const byYear = Map.groupBy(rows, ({ factor }) => factor.year)
    const years = [...byYear].sort(([a], [b]) => a - b).map(([year, of]) => [year, markOf(of, regions)] as const)
    return [{ country: countryOf(first), regionType, use, regions, years: new Map(years) }]
  })
  return covered.sort((a, b) => (a.country === b.country ? 0 : a.country < b.country ? -1 : 1))
}

function markOf(rows: readonly ListedFactor[], regions: number): Mark {
  const usable = rows.filter(({ status }) => status === 'usable')
  if (usable.some(({ factor }) => factor.trust === 'secondary')) return 'secondary'
  if (usable.length >= regions) return 'all'
  if (usable.length > 0) return 'some'
  return MARKS.find((mark) => rows.some(({ status }) => status === mark)) ?? 'not-available'
}

/** Codes of parts of other countries begin with the country (ISO 3166-2); all others are of the US. */
function countryOf({ regionType, region }: ListedFactor['factor']): string {
  if (regionType === 'country') return region
  return region.includes('-') ? region.slice(0, 2) : 'US'
}

/** Coverage as a table country x year; on a narrow terminal as ranges of years. */
export function coverageLines(rows: readonly CoverageRow[], width: number): string[] {
  const allYears = rows.flatMap(({ years }) => [...years.keys()])
  if (allYears.length === 0) return []
  const [first, last] = [Math.min(...allYears), Math.max(...allYears)]
  const years = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const name = nameOf(rows)
  const labels = Math.max(...rows.map((row) => name(row).length))
  if (labels + 3 * years.length > width) return tableLines(rows.map((row) => [name(row), rangesOf(row)]))
  const used = MARKS.filter((mark) => rows.some((row) => [...row.years.values()].includes(mark)))
  const legend = [...used.map((mark) => `${MARK_CHARS[mark]} ${MARK_WORDS[mark]}`), '. nothing'].join('; ')
  const line = (label: string, cells: readonly string[]): string =>
    [label.padEnd(labels), ...cells.map((cell) => cell.padStart(2))].join(' ')
  return [
    ...wrap(legend, width),
    line(
      '',
      years.map((year) => String(year).slice(2)),
    ),
    ...rows.map((row) =>
      line(
        name(row),
        years.map((year) => charOf(row.years.get(year))),
      ),
    ),
  ]
}

function charOf(mark: Mark | undefined): string {
  return mark === undefined ? '.' : MARK_CHARS[mark]
}

const PLURALS: Readonly<Record<RegionType, string>> = {
  subregion: 'subregions',
  state: 'states',
  province: 'provinces',
  grid: 'grids',
  nerc: 'NERC regions',
  country: 'countries',
}

/** Country, and what tells its rows apart. */
function nameOf(rows: readonly CoverageRow[]): (row: CoverageRow) => string {
  const uses = new Set(rows.map(({ use }) => use))
  return ({ country, regionType, use, regions }) =>
    [
      country,
      ...(regionType === 'country' ? [] : [`${regions} ${PLURALS[regionType]}`]),
      ...(uses.size > 1 ? [USE_WORDS[use]] : []),
    ].join(' ')
}

function rangesOf({ years }: CoverageRow): string {
  const byMark = Map.groupBy([...years], ([, mark]) => mark)
  return MARKS.flatMap((mark) => {
    const of = byMark.get(mark)
    if (of === undefined) return []
    const ranges = yearRanges(of.map(([year]) => year))
    return [mark === 'all' ? ranges : `${mark} ${ranges}`]
  }).join('; ')
}
