import type { Factor, RegionType } from '#protocol'

/** Key of a factor: short name of the data set, region and calendar year. */
export type FactorKey = {
  readonly dataset: string
  readonly regionType: RegionType
  readonly region: string
  readonly year: number
}

/** Where the rules take factors from; pure look-ups in fixed data. */
export interface FactorSource {
  /** The factor of exactly that key; `undefined` when not published. */
  findFactor(key: FactorKey): Factor | undefined
  /** Years published for a region, ascending; empty when the region is unknown. */
  listYears(series: Omit<FactorKey, 'year'>): readonly number[]
  /** eGRID subregion that a utility (EIA number) serves in a state. */
  findSubregion(eia: number, state: string): string | undefined
  /** ISO 3166-1 alpha-2 code of an alpha-3 code. */
  findCountry(alpha3: string): string | undefined
  /** Short name of the data set that a text names, or the reason why the edition it names is refused. */
  findDataset(text: string): { readonly name: string } | { readonly refused: string } | undefined
}
