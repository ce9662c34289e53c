import type { ActivityUnit, FactorUnit } from './units.ts'

/** Kind of area that a factor stands for; part of its key, since `FRCC` is a subregion and a NERC region. */
export const REGION_TYPES = ['subregion', 'state', 'province', 'grid', 'nerc', 'country'] as const
/** Kind of area that a factor stands for. */
export type RegionType = (typeof REGION_TYPES)[number]

/**
 * What a factor measures. Only `location` (average generation) and `market-residual` are for footprints; marginal rates
 * are kept so that nobody mistakes them for something else, and are never used.
 */
export const FACTOR_METHODS = [
  'location',
  'location-nonbaseload',
  'market-residual',
  'operating-margin',
  'build-margin',
  'combined-margin',
] as const
/** What a factor measures. */
export type FactorMethod = (typeof FACTOR_METHODS)[number]

/** Which link of the supply chain a factor counts: each is a line of its own, and they are never added up silently. */
export const FACTOR_USES = ['generation', 'losses', 'well-to-tank', 'well-to-tank-losses'] as const
/** Which link of the supply chain a factor counts. */
export type FactorUse = (typeof FACTOR_USES)[number]

/** Gas that a factor counts; `CO2e` is the published sum. */
export const GASES = ['CO2e', 'CO2', 'CH4', 'N2O'] as const
/** Gas that a factor counts. */
export type Gas = (typeof GASES)[number]

/**
 * How far a figure can be trusted: the publisher's own file, derived from it by identity, or copied out of a document by
 * somebody else and not yet compared with it.
 */
export const FACTOR_TRUSTS = ['primary', 'derived', 'secondary'] as const
/** How far a figure can be trusted. */
export type FactorTrust = (typeof FACTOR_TRUSTS)[number]

/** One row of one data set: emissions per unit of electricity, as published. */
export type Factor = {
  /** Name of the data set as its publisher writes it, such as `eGRID`. */
  readonly dataset: string
  /** Edition of the data set. */
  readonly version: string
  readonly regionType: RegionType
  /** Code of the region in the data set: eGRID acronym, two-letter state, ISO 3166-1 alpha-2 country. */
  readonly region: string
  /** Year of the data set: of generation, or the reporting or fiscal year, by the calendar year in which it begins. */
  readonly year: number
  /** Published figure as exact decimal text, never recomputed. */
  readonly value: string
  readonly unit: FactorUnit
  readonly method: FactorMethod
  readonly use: FactorUse
  readonly gas: Gas
  /** What is counted (direct combustion, life cycle); sets of different boundary are never mixed. */
  readonly boundary: string
  /** Global warming potentials inside the figure, as the publisher names them; empty for a single gas. */
  readonly gwpSet: string
  readonly trust: FactorTrust
  /** CID of the data set's block. */
  readonly cid: string
}

/** Share of generated energy that is lost before it reaches the customer (eGRID's grid gross loss). */
export type GridLoss = {
  readonly dataset: string
  readonly version: string
  readonly regionType: 'subregion' | 'country'
  readonly region: string
  readonly year: number
  /** Fraction 0..1 as exact decimal text. */
  readonly fraction: string
  readonly cid: string
}

/** Name of an activity in its publisher's own words; the parts that a set does not use are empty. */
export type ActivityItem = {
  readonly scope: '1' | '2' | '3'
  readonly category: string
  readonly group: string
  readonly name: string
  readonly detail: string
  readonly variant: string
}

/** One row of a set of activities beyond electricity: emissions per unit of fuel, heat or travel. */
export type ActivityFactor = {
  readonly dataset: string
  readonly version: string
  readonly item: ActivityItem
  readonly year: number
  /** Published figure as exact decimal text. */
  readonly value: string
  /** Mass of the gas in the figure. */
  readonly mass: 'kg' | 'g'
  /** What the figure is per. */
  readonly per: ActivityUnit
  readonly gas: Gas
  readonly gwpSet: string
  readonly trust: FactorTrust
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
  /** Acronym of a region of the North American Electric Reliability Corporation. */
  readonly nerc?: string
}
