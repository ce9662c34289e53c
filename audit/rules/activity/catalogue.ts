import type { ActivityItem } from '#protocol'
import type { DatasetChoice } from '../dataset-choice.ts'
import type { FactorSource } from '../factor-source.ts'

/** A data set, possibly one edition of it, and where it is looked up. */
export type Catalogue = { readonly choice: DatasetChoice; readonly source: FactorSource }

/** An item of a set of activities, with the units that it has figures per. */
export type ListedItem = ReturnType<FactorSource['listActivities']>[number]

/** Which items may be meant. */
export type ItemQuery = {
  /** Names of items, in any case; all names when absent. */
  readonly names?: readonly string[]
  readonly isMeant: (item: ActivityItem) => boolean
}

type NameIndex = ReadonlyMap<string, readonly ListedItem[]>

/** Items by lower-case name: a set has thousands, and a batch of gas bills asks for the same few again and again. */
const indexes = new WeakMap<FactorSource, Map<string, NameIndex>>()

/** Items of a set that a query means, in the order of the set within each name. */
export function listItems({ names, isMeant }: ItemQuery, { choice, source }: Catalogue): readonly ListedItem[] {
  const index = indexOf(source, choice.dataset)
  const listed = names === undefined ? [...index.values()] : names.map((name) => index.get(name.toLowerCase()) ?? [])
  return listed.flat().filter(({ item }) => isMeant(item))
}

/** A source is look-ups in fixed data, so that what it listed once stays true. */
function indexOf(source: FactorSource, dataset: string): NameIndex {
  const known = indexes.get(source) ?? new Map<string, NameIndex>()
  indexes.set(source, known)
  const index = known.get(dataset) ?? makeIndex(source.listActivities(dataset, {}))
  known.set(dataset, index)
  return index
}

function makeIndex(listed: readonly ListedItem[]): NameIndex {
  const index = new Map<string, ListedItem[]>()
  for (const one of listed) {
    const name = one.item.name.toLowerCase()
    const items = index.get(name) ?? []
    items.push(one)
    index.set(name, items)
  }
  return index
}
