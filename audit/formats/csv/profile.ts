import type { Commodity, Facts, Metered, Place } from '#protocol'
import type { RefusalCode } from '../refusal.ts'
import type { ZoneName } from './zones.ts'

/**
 * One layout of one utility's table of readings, as data: no code, no guess. `docs/add-a-csv-profile.md` shows how to
 * write one. A change of a published profile is a new version of it.
 */
export type CsvProfile = {
  /** Kebab-case name, unique; part of the format's name in facts. */
  readonly id: string
  readonly version: number
  readonly evidence: Evidence
  readonly commodity: Commodity
  readonly utility?: NonNullable<Facts['utility']>
  /** Where all meters of this utility are. */
  readonly place?: Place
  readonly table: TableShape
  readonly number: NumberShape
  readonly time: TimeShape
  readonly series: readonly SeriesShape[]
  readonly quality?: QualityShape
  readonly marks?: readonly MarkShape[]
  readonly identities?: readonly IdentityShape[]
  readonly revision?: StampShape
  /** Columns that nothing is read from: every column of the header stands in one place of the profile. */
  readonly ignored?: readonly string[]
  /** Why no claim can be made of any file of this layout: cells are read, and the sums that were found go to a person. */
  readonly outcome?: OutcomeShape
}

/** What the profile rests on: real files, or descriptions of them (facts say so by a flag). */
type Evidence = { readonly basis: 'sample' | 'documentation'; readonly note: string }

/** How the text is cut into cells. */
export type TableShape = {
  /** Exact first line after the byte order mark (or after the preamble), which is how the layout is known. */
  readonly header: string
  readonly delimiter: ',' | ';'
  /** `rfc4180`: cells may stand in double quotes; `none`: a quote is a character like others. */
  readonly quoting: 'rfc4180' | 'none'
  /** Labels of the lines before the header, `label<delimiter>value`, in their order; an empty label is an empty line. */
  readonly preamble?: readonly string[]
  /** Blanks around cells say nothing, in header and rows. */
  readonly isTrimmed?: true
  /** Rows have one more cell than the header, always empty: they end with the delimiter. */
  readonly hasEmptyLastCell?: true
  /** Rows may leave out the last cell with its delimiter. */
  readonly mayOmitLastCell?: true
}

/** How a number is printed. */
export type NumberShape = {
  readonly decimal: ',' | '.'
  /** The whole text of a number that is not negative; digits as `\d`, never a separator of thousands. */
  readonly pattern: RegExp
  /** Other spellings of zero. */
  readonly zeros?: readonly string[]
}

/**
 * A date, a time, or both, in one or several columns, which are joined by a blank before they are read.
 *
 * Form: `YYYY MM DD HH mm ss`, each with its fixed number of digits, `Z` for `Z` or an offset `+01:00`; all else stands
 * for itself.
 */
export type StampShape = { readonly columns: readonly string[]; readonly form: string }

/** Time zone: a known one, the state at the end of the preamble's line `Address` (US). */
type ZoneShape = ZoneName | 'us-address'

/** One reading a row. */
export type RowsTime = {
  readonly kind: 'rows'
  readonly zone: ZoneShape
  /** Beginning of the interval. */
  readonly start: StampShape
  /** Its end, only checked: the end itself or the last minute before it, with or without a date. */
  readonly end?: StampShape & {
    readonly label: 'end' | 'last-minute'
    /** The date of one row's end may be wrong, its time of day not. */
    readonly mayMisprintDate?: true
  }
  /** Lengths that intervals of this layout have; one file has one. */
  readonly intervalMinutes: readonly number[]
  /** Order of the rows, which alone tells the two passes of the hour that is repeated in autumn. */
  readonly order: 'ascending' | 'descending'
  /** The first reading begins at midnight, the last one ends there. */
  readonly isWholeDays?: true
  /** The hour that spring leaves out has rows, without values. */
  readonly hasRowsOfMissingHour?: true
}

/** One day a row, one interval a column. */
type DaysTime = {
  readonly kind: 'days'
  readonly zone: ZoneName
  readonly day: StampShape
  /** First and last column of the intervals, which follow each other from midnight. */
  readonly slots: { readonly first: string; readonly last: string }
  readonly intervalMinutes: number
}

/** A table whose rows are no readings of intervals; dates are checked and no more. Such a profile has an outcome. */
type NoTime = { readonly kind: 'none'; readonly stamp: StampShape }

export type TimeShape = RowsTime | DaysTime | NoTime

/** One series of values. `slots` as value column are the columns of the intervals. */
export type SeriesShape = {
  /** `corroboration`: the same energy in another unit, never added; `stated`: what a table says that gives no facts. */
  readonly role: 'import' | 'export' | 'corroboration' | 'stated'
  readonly value: string
  readonly unit: Metered['unit']
  /** Rows of this series have this text in this column; without it all rows. */
  readonly when?: { readonly column: string; readonly text: string }
}

/** Column that tells how a value was found. Another text than these is for a person. */
type QualityShape = {
  readonly column: string
  readonly classes: readonly {
    readonly text: string
    readonly class: 'actual' | 'estimated'
    /** Such rows may have no value, which means none was used. */
    readonly isBlankZero?: true
  }[]
}

/** Column with a fixed set of texts. Another text than these is for a person. */
type MarkShape = {
  readonly column: string
  readonly texts: readonly { readonly text: string; readonly flag?: string }[]
}

/** Number of a point, account or meter: the first group of the pattern, which describes the whole cell. */
type IdentityShape = {
  readonly fact: 'point' | 'account' | 'meter'
  /** Column, or label of the preamble. */
  readonly from: { readonly column: string } | { readonly preamble: string }
  readonly pattern: RegExp
}

/** Why no claim can be made of any file of a layout. */
export type OutcomeShape = {
  readonly code: RefusalCode
  readonly message: string
  /**
   * What the sum of the only series is, where it is a figure of one bill and not of several: such a table states facts. Without
   * it, the table would have to be guessed at, and needs review.
   */
  readonly reading?: 'produced'
}
