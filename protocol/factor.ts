import type { FactorUnit } from './units.ts'

/** Kind of area that a factor stands for; part of its key, since `FRCC` is a subregion and a NERC region. */
export type RegionType = 'subregion' | 'state' | 'country'

/** What a factor measures: average generation (for a footprint) only, at present. */
export type FactorMethod = 'location'

/** One row of one data set: emissions per unit of energy, as published. */
export type Factor = {
  /** Name of the data set as its publisher writes it, such as `eGRID`. */
  readonly dataset: string
  /** Edition of the data set. */
  readonly version: string
  readonly regionType: RegionType
  /** Code of the region in the data set: eGRID acronym, two-letter state, ISO 3166-1 alpha-2 country. */
  readonly region: string
  /** Calendar year of generation. */
  readonly year: number
  /** Published figure as exact decimal text, never recomputed. */
  readonly value: string
  readonly unit: FactorUnit
  readonly method: FactorMethod
  readonly gas: 'CO2e'
  /** What is counted (direct combustion, life cycle); sets of different boundary are never mixed. */
  readonly boundary: string
  /** CID of the data set's block. */
  readonly cid: string
}

/** Where energy was used. Fields are alternatives of different precision; the rules take the most specific one. */
export type Place = {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** Two-letter code of a state of the US (`CA`, `DC`, `PR`), without the country. */
  readonly state?: string
  /** EIA number of a US utility, and the state where it serves: one utility may lie in several subregions. */
  readonly utility?: { readonly eia: number; readonly state: string }
  /** Five-digit US postal code. */
  readonly zip?: string
  /** eGRID subregion acronym. */
  readonly subregion?: string
}
