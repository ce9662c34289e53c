/** Limits of data sets. */
export const DATASET_LIMITS = {
  /** Largest `figures.json`, and largest block of a set: bitswap carries blocks of up to 2 MiB, and we stay below half. */
  figuresBytes: 1024 * 1024,
  /** Largest `manifest.json`. */
  manifestBytes: 64 * 1024,
  /** Sets of one folder of optional sets: a reader's mistake (a whole disk) must not start a long read. */
  optionalSets: 64,
} as const

/** Folders of the shipped sets, in the order of the charter. */
export const SHIPPED_SETS = [
  'egrid',
  'us-grid-loss',
  'us-utilities',
  'us-utility-subregion',
  'us-zip-subregion',
  'owid',
  'eea',
  'uk-electricity',
  'uk-activities',
  'epa-hub',
  'india-cea',
  'gwp',
] as const
