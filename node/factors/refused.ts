import type { Datasets, ListedFactor } from '#datasets'
import type { Factor, Gas, Place } from '#protocol'

/** A row that is in print, looks like an answer, and must not be one. */
export type RefusedRow = {
  /** Short name of the data set. */
  readonly set: string
  readonly factor: Factor
  /** Status of the row; `marginal` for a usable rate of another method. */
  readonly status: string
  readonly reason: string
}

/** Why rates of other methods are in the sets at all. */
const MARGINAL_REASON = 'for avoided emissions, never for a footprint'

/** Which rows are looked at. */
export type RefusedFilter = {
  readonly place: Place
  /** Regions beside those that the place names, such as the subregion that was found. */
  readonly regions: readonly Pick<Factor, 'regionType' | 'region'>[]
  /** Short name of the only data set. */
  readonly dataset?: string
  /** All years without it. */
  readonly year?: number
}

/** Rows for a place that the rules never use, with the reason; in the order of the sets. */
export function listRefused(datasets: Datasets, { place, regions, dataset, year }: RefusedFilter): RefusedRow[] {
  const wanted = new Set([...regions.map(keyOf), ...regionsOf(place)])
  const { country } = place
  const rows = [...datasets.listFactors({ country, ...(dataset === undefined ? {} : { dataset }) })]
  const sums = Map.groupBy(rows, ({ set }) => set)
  return rows.flatMap((row) => {
    const { factor, set, status } = row
    const reason = reasonOf(row)
    const isHere = wanted.has(keyOf(factor)) && (year === undefined || factor.year === year)
    if (!isHere || reason === undefined || factor.gas !== gasOf(sums.get(set) ?? [])) return []
    return [{ set, factor, status: status === 'usable' ? 'marginal' : status, reason }]
  })
}

function reasonOf({ factor: { method, use }, status, reason }: ListedFactor): string | undefined {
  if (use !== 'generation') return undefined
  if (status !== 'usable') return reason ?? status
  return method === 'location' || method === 'market-residual' ? undefined : MARGINAL_REASON
}

/** The gas in which a set states emissions; single gases beside a sum are no figures of their own. */
function gasOf(rows: readonly ListedFactor[]): Gas {
  return rows.some(({ factor }) => factor.gas === 'CO2e') ? 'CO2e' : 'CO2'
}

function keyOf({ regionType, region }: Pick<Factor, 'regionType' | 'region'>): string {
  return `${regionType}|${region}`
}

function regionsOf({ country, state, subregion, nerc }: Place): string[] {
  return [
    `country|${country}`,
    ...(state === undefined ? [] : [`state|${state}`, `province|${country}-${state}`, `grid|${country}-${state}`]),
    ...(subregion === undefined ? [] : [`subregion|${subregion}`]),
    ...(nerc === undefined ? [] : [`nerc|${nerc}`]),
  ]
}
