/** What is checked; a finding names one of these. */
export type CheckName =
  /** A file is missing, is not JSON, or has another shape than its kind. */
  | 'shape'
  /** A usable figure is no plain decimal, is negative, or is not in a unit of its kind. */
  | 'units'
  /** Hash, CID or layout of the file differ from the manifest, or a block is too large. */
  | 'hash'
  /** The manifest says something else than the figures: rows, years, boundaries, editions. */
  | 'manifest'
  /** Two rows have one key. */
  | 'duplicate'
  /** CO2e below CO2 for one key. */
  | 'co2e-below-co2'
  /** A figure is outside what is possible, or leaps from one year to the next. */
  | 'plausibility'
  /** A year lacks a place that it must have, or a set names a place that no other set knows. */
  | 'coverage'
  /** An earlier version had a figure that is gone, or has another one under the same edition. */
  | 'difference'

/** One thing that is wrong, and where. */
export type Finding = {
  readonly set: string
  readonly check: CheckName
  readonly place: string
  readonly message: string
}
