import type { ActivityFactor, ActivityItem, ActivityUnit, Gas } from '#protocol'
import type { ActivityFigures } from './activity-figures.ts'
import { DatasetError } from './dataset-error.ts'

/** Factors of one activity over the years. */
export type ActivitySeriesKey = { readonly item: ActivityItem; readonly per: ActivityUnit; readonly gas: Gas }

/** An activity of a set, with all units that it is published in. */
export type ListedActivity = { readonly item: ActivityItem; readonly units: readonly ActivityUnit[] }

type Series = { readonly mass: 'kg' | 'g'; readonly firstYear: number; readonly values: readonly (string | null)[] }
type Edition = ActivityFigures['editions'][number]

/** Fields of an item, in the order of the figures. */
const FIELDS = ['scope', 'category', 'group', 'name', 'detail', 'variant'] as const

/** The factors of one set of activities, found by item, unit, gas and year. */
export class ActivityTable {
  /** Short name, also the folder's. */
  readonly name: string
  readonly figures: ActivityFigures
  readonly #cid: string
  readonly #series = new Map<string, Series>()
  readonly #editions: ReadonlyMap<number, Edition>
  readonly #items: readonly ListedActivity[]

  /** @throws {DatasetError} ERR_DATASET_SHAPE when a row has a year without an edition, or two rows have one key. */
  constructor(name: string, cid: string, figures: ActivityFigures) {
    this.name = name
    this.figures = figures
    this.#cid = cid
    this.#editions = new Map(figures.editions.map((edition) => [edition.year, edition]))
    const items = new Map<string, { item: ActivityItem; units: ActivityUnit[] }>()
    for (const [index, row] of figures.rows.entries()) {
      const [scope, category, group, itemName, detail, variant, per, gas, mass, firstYear, values] = row
      const item = { scope, category, group, name: itemName, detail, variant }
      const listed = getOrAdd(items, keyOfItem(item), () => ({ item, units: [] }))
      if (!listed.units.includes(per)) listed.units.push(per)
      const key = keyOfSeries(item, per, gas)
      const isCovered = values.every((value, i) => value === null || this.#editions.has(firstYear + i))
      if (this.#series.has(key) || !isCovered) {
        const place = `rows.${index}`
        throw new DatasetError(`data set ${name}: ${place} has a year without an edition, or repeats a key`, {
          code: 'ERR_DATASET_SHAPE',
          dataset: name,
          place,
        })
      }
      this.#series.set(key, { mass, firstYear, values })
    }
    this.#items = [...items.values()]
  }

  /** The factor of exactly that year; `undefined` when the set has none: missing is not zero. */
  findActivity({ item, per, gas }: ActivitySeriesKey, year: number): ActivityFactor | undefined {
    const series = this.#series.get(keyOfSeries(item, per, gas))
    const value = series?.values[year - series.firstYear]
    const edition = this.#editions.get(year)
    if (series === undefined || edition === undefined || value === undefined || value === null) return undefined
    const { version, gwpSet, trust } = edition
    const { dataset } = this.figures
    return { dataset, version, item, year, value, mass: series.mass, per, gas, gwpSet, trust, cid: this.#cid }
  }

  /** Years with a factor, ascending. */
  listYears({ item, per, gas }: ActivitySeriesKey): readonly number[] {
    const series = this.#series.get(keyOfSeries(item, per, gas))
    if (series === undefined) return []
    return series.values.flatMap((value, i) => (value === null ? [] : [series.firstYear + i]))
  }

  /** Items whose every given field is equal, in the order of the set. */
  listActivities(like: Partial<ActivityItem>): readonly ListedActivity[] {
    return this.#items.filter(({ item }) =>
      FIELDS.every((field) => like[field] === undefined || like[field] === item[field]),
    )
  }
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}

function keyOfItem(item: ActivityItem): string {
  return `${item.scope}|${item.category}|${item.group}|${item.name}|${item.detail}|${item.variant}`
}

function keyOfSeries(item: ActivityItem, per: ActivityUnit, gas: Gas): string {
  return `${keyOfItem(item)}|${per}|${gas}`
}
