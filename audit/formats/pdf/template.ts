import type { Commodity, EnergyUnit, Facts, Place } from '#protocol'

/** Words of a print that are always there. */
export type Label = {
  /** Without white space, exactly as printed. */
  readonly text: string
  /** Left end and baseline in whole points from the upper left corner, where the print is known that well. */
  readonly at?: { readonly page: number; readonly x: number; readonly y: number }
}

type Print = {
  /** Name and version of the print, such as `rge-3`; new facts for old files need a new version. */
  readonly id: string
  readonly version: string
  /** All of these must be found. Together they must fit no other print. */
  readonly fingerprint: readonly Label[]
}

/**
 * A pattern over text without white space, one line at a time. Figures are told apart by their fixed digits (two behind
 * the comma, four of a year), never by the blanks between them.
 */
export type LinePattern = RegExp

/** Where the register of a meter stands. */
export type RegisterRow = {
  /** Finds every row of the kind, also those that `row` does not understand. */
  readonly label: LinePattern
  /**
   * Groups `meter`, `digits` (two readings and the whole part of the factor, in their order), `fraction` (of the factor)
   * and `energy`.
   */
  readonly row: LinePattern
  readonly order: 'previous-latest' | 'latest-previous'
}

/** How a bill of one print is read. */
export type BillTemplate = Print & {
  readonly kind: 'bill'
  readonly commodity: Commodity
  readonly unit: EnergyUnit
  readonly currency: string
  readonly utility: NonNullable<Facts['utility']>
  readonly place: Place
  /** Words that make the print mean something else; found anywhere, a person must read the bill. */
  readonly doubts: readonly LinePattern[]
  /** Groups `start`, `end` (`DD/MM/YYYY` or with points) and, if printed beside them, `days`. The days of reading. */
  readonly period: LinePattern
  /** Group `days`; all of them together are the days of the period. */
  readonly dayParts?: LinePattern
  readonly import: RegisterRow
  readonly export?: RegisterRow
  /** Finds every row of a meter: one that neither `import` nor `export` understands is for a person. */
  readonly registers: LinePattern
  /** Finds what only bills with something fed in have: without a row of `export` they are for a person. */
  readonly exportSigns?: LinePattern
  /** Group `quantity`; the lines of each pattern together have the energy of the register. */
  readonly energyLines: readonly LinePattern[]
  /** Group `amount`, with a minus behind it; all lines together are the total. */
  readonly amountLines: readonly LinePattern[]
  /** Group `total`. */
  readonly total: LinePattern
  /** Group `id`. */
  readonly point: LinePattern
  readonly account?: LinePattern
  readonly invoice?: LinePattern
}

/** A print that lists several bills, and is none. */
export type HistoryTemplate = Print & {
  readonly kind: 'history'
  /** Finds rows; groups are not used. */
  readonly row: LinePattern
  /** Right ends of columns, in whole points. */
  readonly columns: { readonly days: number; readonly energy: number }
}

/** One print of one utility. */
export type Template = BillTemplate | HistoryTemplate
