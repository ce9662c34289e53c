import type { Datasets } from '#datasets'
import type { ActivityFactor, ActivityItem, ActivityUnit, FactorTrust, Gas } from '#protocol'
import { GASES } from '#protocol'

/** An item of a set of activities, with one of its units. */
export type FoundActivity = {
  /** Short name of the data set. */
  readonly dataset: string
  readonly item: ActivityItem
  readonly per: ActivityUnit
  /** Years with a factor, ascending. */
  readonly years: readonly number[]
  /** The figures of the year that was asked for or the latest one before it, one for each gas. */
  readonly factors: readonly ActivityFactor[]
}

/** What activities are looked for. */
export type ActivitySearch = {
  /** Every word must be in the publisher's words, in any case. */
  readonly text: string
  /** Short name; all sets without it. */
  readonly dataset?: string
  /** ISO 3166-1 alpha-2: only sets for that country. */
  readonly country?: string
  /** Figures of this year or the latest before it. @default the latest */
  readonly year?: number
}

/** Items whose words hold every word of a text, in the order of the sets. */
export function searchActivities(source: Datasets, search: ActivitySearch): FoundActivity[] {
  const words = search.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return listSets(source, search).flatMap((dataset) =>
    source
      .listActivities(dataset, {})
      .filter(({ item }) => words.every((word) => textOf(item).includes(word)))
      .flatMap(({ item, units }) => units.map((per) => describe(source, { dataset, item, per }, search.year))),
  )
}

function listSets(source: Datasets, { dataset, country }: ActivitySearch): string[] {
  const names = source.manifests.map(({ name }) => name).filter((name) => dataset === undefined || name === dataset)
  return country === undefined ? names : names.filter((name) => source.coverage(name).has(country))
}

function textOf({ category, group, name, detail, variant }: ActivityItem): string {
  return [category, group, name, detail, variant].join(' ').toLowerCase()
}

type Series = { readonly dataset: string; readonly item: ActivityItem; readonly per: ActivityUnit }

function describe(source: Datasets, series: Series, year = Number.POSITIVE_INFINITY): FoundActivity {
  const yearsOf = (gas: Gas): readonly number[] => source.listActivityYears({ ...series, gas })
  const years = [...new Set(GASES.flatMap((gas) => [...yearsOf(gas)]))].sort((a, b) => a - b)
  const of = years.findLast((known) => known <= year)
  const factors = of === undefined ? [] : GASES.map((gas) => source.findActivity({ ...series, gas }, of))
  return { ...series, years, factors: factors.filter((factor) => factor !== undefined) }
}

/** What a set of activities has, by category. */
export type ActivityCoverage = {
  readonly scope: ActivityItem['scope']
  readonly category: string
  readonly items: number
  readonly years: readonly number[]
  readonly trusts: readonly FactorTrust[]
}

/** Coverage of a set of activities by scope and category; empty for other sets. */
export function activityCoverage(source: Datasets, dataset: string): ActivityCoverage[] {
  const found = searchActivities(source, { text: '', dataset })
  const groups = Map.groupBy(found, ({ item }) => `${item.scope}|${item.category}`)
  return [...groups.values()].flatMap((of) => {
    const first = of[0]
    if (first === undefined) return []
    return [
      {
        scope: first.item.scope,
        category: first.item.category,
        items: of.length,
        years: [...new Set(of.flatMap(({ years }) => years))].sort((a, b) => a - b),
        trusts: [...new Set(of.flatMap(({ factors }) => factors.map(({ trust }) => trust)))],
      },
    ]
  })
}
