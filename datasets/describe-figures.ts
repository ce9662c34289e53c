import { divideFloor } from '#protocol'
import type { Figures } from './figures.ts'
import type { DatasetManifest } from './manifest.ts'

/** Lists of the figures that have one entry a line, so that a changed figure is one changed line in a review. */
const LISTS: ReadonlySet<string> = new Set(['groups', 'editions', 'rows'])

/** Text of `figures.json`: the same figures give the same bytes. */
export function printFigures(figures: Figures): string {
  const fields = Object.entries(figures).map(([name, value]: [string, unknown]) => {
    if (!LISTS.has(name) || !Array.isArray(value)) return `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`
    const lines = value.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
    return `  ${JSON.stringify(name)}: [\n${lines}\n  ]`
  })
  return `{\n${fields.join(',\n')}\n}\n`
}

/** Editions of a set, in its order. */
export function editionsOf(figures: Figures): string[] {
  switch (figures.kind) {
    case 'electricity':
      return distinct(figures.groups.map(({ version }) => version))
    case 'activities':
    case 'grid-loss':
      return distinct(figures.editions.map(({ version }) => version))
    case 'utilities':
      return figures.editions
    case 'utility-subregion':
    case 'zip-subregion':
    case 'gwp':
      return [figures.edition]
    default:
      return figures satisfies never
  }
}

/** What figures count and how many there are: the fields of a manifest that must agree with the figures. */
export function describeFigures(figures: Figures): Pick<DatasetManifest, 'boundaries' | 'gwpSets' | 'years' | 'rows'> {
  const none = { boundaries: [], gwpSets: [], years: [] }
  switch (figures.kind) {
    case 'electricity': {
      const usable = figures.rows.filter(([group]) => figures.groups[group]?.status === 'usable')
      return {
        boundaries: distinct(figures.groups.map(({ boundary }) => boundary)),
        gwpSets: distinct(figures.groups.map(({ gwpSet }) => gwpSet).filter((gwpSet) => gwpSet !== '')),
        years: yearsOf(usable.map(([, , , firstYear, values]) => ({ firstYear, values }))),
        rows: countOf(figures.rows.map((row) => row[4])),
      }
    }
    case 'activities':
      return {
        boundaries: [],
        gwpSets: distinct(figures.editions.map(({ gwpSet }) => gwpSet)),
        years: figures.editions.map(({ year }) => year),
        rows: countOf(figures.rows.map((row) => row[10])),
      }
    case 'grid-loss': {
      const series = figures.rows.map(([, , firstYear, values]) => ({ firstYear, values }))
      return { ...none, years: yearsOf(series), rows: countOf(series.map(({ values }) => values)) }
    }
    case 'zip-subregion':
      return {
        ...none,
        rows: figures.rows.map((row) => divideFloor(row[3].length, 2)).reduce((sum, count) => sum + count, 0),
      }
    case 'utilities':
    case 'utility-subregion':
      return { ...none, rows: figures.rows.length }
    case 'gwp':
      return { ...none, gwpSets: distinct(figures.rows.map((row) => row[0])), rows: figures.rows.length }
    default:
      return figures satisfies never
  }
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function countOf(series: readonly (readonly (string | null)[])[]): number {
  return series.map((values) => values.filter((value) => value !== null).length).reduce((sum, n) => sum + n, 0)
}

function yearsOf(
  series: readonly { readonly firstYear: number; readonly values: readonly (string | null)[] }[],
): number[] {
  const years = series.flatMap(({ firstYear, values }) =>
    values.flatMap((value, i) => (value === null ? [] : [firstYear + i])),
  )
  return [...new Set(years)].sort((a, b) => a - b)
}
