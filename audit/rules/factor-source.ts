import type {
  ActivityFactor,
  ActivityItem,
  ActivityUnit,
  Factor,
  FactorMethod,
  FactorUse,
  Gas,
  GridLoss,
  RegionType,
} from '#protocol'

/** Factors of one region over the years. */
export type FactorSeries = {
  /** Short name of the data set. */
  readonly dataset: string
  /** Only this edition, for a request that names one. */
  readonly version?: string
  readonly regionType: RegionType
  readonly region: string
  readonly method: FactorMethod
  readonly use: FactorUse
  readonly gas: Gas
}

/** Key of a factor; the publisher's boundary follows from data set, method and use. */
export type FactorKey = FactorSeries & { readonly year: number }

/** Why a row that a publisher once printed must not be used. */
export type Unusable = {
  readonly status: 'superseded' | 'invalid' | 'not-available' | 'preliminary' | 'unofficial'
  readonly version: string
  readonly reason: string
}

/** Key of a factor beyond electricity. */
export type ActivitySeries = {
  readonly dataset: string
  readonly item: ActivityItem
  readonly per: ActivityUnit
  readonly gas: Gas
}

/** Kinds of sets: one publisher's sets of electricity and of activities may share a name and editions. */
export type DatasetKind = 'electricity' | 'activities'

/** What a postal code says: its states, and its subregions with the predominant one first. */
export type ZipArea = { readonly states: readonly string[]; readonly subregions: readonly string[] }

/** Where the rules take factors from; pure look-ups in fixed data. */
export interface FactorSource {
  /** The usable factor of exactly that key; `undefined` when there is none. Missing is not zero; zero is a value. */
  findFactor(key: FactorKey): Factor | undefined
  /** Years with a usable factor, ascending; empty when the region is unknown. */
  listYears(series: FactorSeries): readonly number[]
  /** Why rows of the series in that year are not used; `undefined` when the source has no such row. */
  findUnusable(key: FactorKey): Unusable | undefined
  /** Month with which the years of a series begin: 1, or 4 for India's fiscal year. */
  firstMonthOf(series: FactorSeries): number
  /** Grid gross loss of exactly that year. */
  findGridLoss(regionType: 'subregion' | 'country', region: string, year: number): GridLoss | undefined
  /** Years with a grid gross loss, ascending. */
  listGridLossYears(regionType: 'subregion' | 'country', region: string): readonly number[]
  /** The usable factor of an activity in exactly that year. */
  findActivity(series: ActivitySeries, year: number): ActivityFactor | undefined
  /** Years with a usable factor of an activity, ascending. */
  listActivityYears(series: ActivitySeries): readonly number[]
  /** Items of a set of activities whose every given field is equal, in the order of the set. */
  listActivities(
    dataset: string,
    like: Partial<ActivityItem>,
  ): readonly { item: ActivityItem; units: readonly ActivityUnit[] }[]
  /** eGRID subregion that a utility (EIA number) serves in a state. */
  findSubregion(eia: number, state: string): string | undefined
  /** What a five-digit US postal code says; `undefined` when unknown. */
  findZip(zip: string): ZipArea | undefined
  /** Subregions in which any postal code of a state lies, ascending; empty when the source has none of it. */
  listSubregionsOfState(state: string): readonly string[]
  /** ISO 3166-1 alpha-2 code of an alpha-3 code. */
  findCountry(alpha3: string): string | undefined
  /**
   * Data set that a text names: by short name, by its publisher's name, or by one of its editions, in any case; only of
   * the given kind, or of any. `refused` tells why a withdrawn edition must not be used.
   */
  findDataset(
    text: string,
    kind?: DatasetKind,
  ): { readonly name: string; readonly version?: string } | { readonly refused: string } | undefined
  /** Global warming potential over 100 years of a gas in a set such as `AR5`, as decimal text. */
  findGwp(gwpSet: string, gas: Gas): string | undefined
}
