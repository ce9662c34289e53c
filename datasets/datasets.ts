import type {
  ActivityFactor,
  ActivityItem,
  Factor,
  FactorMethod,
  FactorUse,
  Gas,
  GridLoss,
  RegionType,
} from '#protocol'
import type { ActivitySeriesKey, ActivityTable, ListedActivity } from './activity-table.ts'
import { findNamedDataset, namesOf } from './dataset-names.ts'
import type { DatasetNames, NamedDataset } from './dataset-names.ts'
import type { RowStatus } from './electricity-figures.ts'
import type { ElectricitySeries, ElectricityTable, ListedFactor, UnusableRow } from './electricity-table.ts'
import type { DatasetManifest } from './manifest.ts'
import type { GridLossTable, GwpTable, Utility, UtilityTable, ZipPlace, ZipTable } from './reference-tables.ts'

/** What {@link Datasets} is made from. */
export type DatasetsInit = {
  readonly manifests: readonly DatasetManifest[]
  readonly electricity: readonly ElectricityTable[]
  readonly activities: readonly ActivityTable[]
  readonly losses: GridLossTable
  readonly utilities: UtilityTable
  readonly zips: ZipTable
  readonly gwps: GwpTable
}

/** Factors of one region over the years, in one data set. */
export type FactorSeriesQuery = ElectricitySeries & { readonly dataset: string }
/** Key of one factor: a data set's short name, a series and a year. */
export type FactorQuery = FactorSeriesQuery & { readonly year: number }
/** Factors of one activity over the years, in one data set. */
export type ActivityQuery = ActivitySeriesKey & { readonly dataset: string }

/** Which rows to list; an absent field stands for all. */
export type FactorFilter = {
  /** Short name of the data set. */
  readonly dataset?: string
  /** ISO 3166-1 alpha-2, for regions of any type. */
  readonly country?: string
  readonly regionType?: RegionType
  readonly region?: string
  readonly year?: number
  readonly method?: FactorMethod
  readonly use?: FactorUse
  readonly gas?: Gas
  readonly status?: RowStatus
}

/** All loaded data sets. Missing is `undefined`, never zero; a published zero is a factor. */
export class Datasets {
  /** One for each set, in the order of the charter, optional ones last. */
  readonly manifests: readonly DatasetManifest[]
  readonly #init: DatasetsInit
  readonly #electricity: ReadonlyMap<string, ElectricityTable>
  readonly #activities: ReadonlyMap<string, ActivityTable>
  readonly #electricityNames: readonly DatasetNames[]
  readonly #activityNames: readonly DatasetNames[]

  constructor(init: DatasetsInit) {
    this.manifests = init.manifests
    this.#init = init
    this.#electricity = new Map(init.electricity.map((table) => [table.name, table]))
    this.#activities = new Map(init.activities.map((table) => [table.name, table]))
    this.#electricityNames = init.electricity.map(({ name, figures }) => namesOf(name, figures))
    this.#activityNames = init.activities.map(({ name, figures }) => namesOf(name, figures))
  }

  /** The usable factor of exactly that year. */
  findFactor(query: FactorQuery): Factor | undefined {
    return this.#electricity.get(query.dataset)?.findFactor(query, query.year)
  }

  /** Years that a region has, ascending. */
  listYears(query: FactorSeriesQuery): readonly number[] {
    return this.#electricity.get(query.dataset)?.listYears(query) ?? []
  }

  /** Why rows of exactly that year are not used. */
  findUnusable(query: FactorQuery): UnusableRow | undefined {
    return this.#electricity.get(query.dataset)?.findUnusable(query, query.year)
  }

  /** Month with which the years of a series begin: 1, 4 for India's fiscal year, 7 for Australia's. */
  firstMonthOf(query: FactorSeriesQuery): number {
    return this.#electricity.get(query.dataset)?.firstMonthOf(query) ?? 1
  }

  /** Grid gross loss of exactly that year. */
  findGridLoss(regionType: 'subregion' | 'country', region: string, year: number): GridLoss | undefined {
    return this.#init.losses.findGridLoss(regionType, region, year)
  }

  /** Years with a grid gross loss, ascending. */
  listGridLossYears(regionType: 'subregion' | 'country', region: string): readonly number[] {
    return this.#init.losses.listYears(regionType, region)
  }

  /** The factor of an activity in exactly that year. */
  findActivity(query: ActivityQuery, year: number): ActivityFactor | undefined {
    return this.#activities.get(query.dataset)?.findActivity(query, year)
  }

  /** Years with a factor of an activity, ascending. */
  listActivityYears(query: ActivityQuery): readonly number[] {
    return this.#activities.get(query.dataset)?.listYears(query) ?? []
  }

  /** Items of a set of activities whose every given field is equal, in the order of the set. */
  listActivities(dataset: string, like: Partial<ActivityItem>): readonly ListedActivity[] {
    return this.#activities.get(dataset)?.listActivities(like) ?? []
  }

  /** eGRID subregion that a utility serves in a state. */
  findSubregion(eia: number, state: string): string | undefined {
    return this.#init.utilities.findSubregion(eia, state)
  }

  /** Who a utility is. */
  findUtility(eia: number, state: string): Utility | undefined {
    return this.#init.utilities.findUtility(eia, state)
  }

  /** What a five-digit US postal code says. */
  findZip(zip: string): ZipPlace | undefined {
    return this.#init.zips.findZip(zip)
  }

  /** Subregions in which any postal code of a state lies, ascending; empty when the source has none of it. */
  listSubregionsOfState(state: string): readonly string[] {
    return this.#init.zips.listSubregionsOfState(state)
  }

  /** ISO 3166-1 alpha-2 code of an alpha-3 code. */
  findCountry(alpha3: string): string | undefined {
    for (const { figures } of this.#init.electricity) {
      const code = figures.countries[alpha3]
      if (code !== undefined) return code
    }
    return undefined
  }

  /**
   * Data set that a text names, in any case; see {@link findNamedDataset}. Electricity comes first: the UK's two sets
   * have one name and one edition a year, and `kind` tells them apart.
   */
  findDataset(text: string, kind?: 'electricity' | 'activities'): NamedDataset | undefined {
    const names = [
      ...(kind === 'activities' ? [] : this.#electricityNames),
      ...(kind === 'electricity' ? [] : this.#activityNames),
    ]
    return findNamedDataset(names, text)
  }

  /** Global warming potential over 100 years of a gas in a set such as `AR5`, as decimal text. */
  findGwp(gwpSet: string, gas: Gas): string | undefined {
    return this.#init.gwps.findGwp(gwpSet, gas)
  }

  /** Rows of electricity sets, set by set in their order; unusable ones too, unless `status` says otherwise. */
  *listFactors(filter: FactorFilter = {}): Generator<ListedFactor> {
    for (const table of this.#init.electricity) {
      if (filter.dataset !== undefined && filter.dataset !== table.name) continue
      for (const listed of table.listAll()) if (isWanted(listed, filter)) yield listed
    }
  }

  /**
   * For each country (ISO 3166-1 alpha-2, ascending) the years in which a set has something usable for a footprint, in
   * any region of it; empty for sets without emissions.
   */
  coverage(name: string): ReadonlyMap<string, readonly number[]> {
    const years = new Map<string, Set<number>>()
    const add = (country: string, year: number): void => {
      const known = years.get(country) ?? new Set()
      years.set(country, known.add(year))
    }
    const wanted = { dataset: name, status: 'usable', method: 'location', use: 'generation' } as const
    for (const { factor } of this.listFactors(wanted)) add(countryOf(factor), factor.year)
    const activities = this.#activities.get(name)?.figures
    for (const { year } of activities?.editions ?? []) add(activities?.country ?? '', year)
    const sorted = [...years].sort(([a], [b]) => (a < b ? -1 : 1))
    return new Map(sorted.map(([country, found]) => [country, [...found].sort((a, b) => a - b)]))
  }
}

function isWanted({ factor, status }: ListedFactor, filter: FactorFilter): boolean {
  return (
    (filter.country === undefined || countryOf(factor) === filter.country) &&
    (filter.regionType === undefined || factor.regionType === filter.regionType) &&
    (filter.region === undefined || factor.region === filter.region) &&
    (filter.year === undefined || factor.year === filter.year) &&
    (filter.method === undefined || factor.method === filter.method) &&
    (filter.use === undefined || factor.use === filter.use) &&
    (filter.gas === undefined || factor.gas === filter.gas) &&
    (filter.status === undefined || status === filter.status)
  )
}

/** Country of a factor: codes of parts of other countries begin with it (ISO 3166-2); all others are of the US. */
function countryOf({ regionType, region }: Factor): string {
  if (regionType === 'country') return region
  return region.includes('-') ? region.slice(0, 2) : 'US'
}
