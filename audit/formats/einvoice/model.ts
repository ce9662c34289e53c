import type { Commodity, FilePlace, ServiceBasis } from '#protocol'

/** A text of the file, trimmed, with its place; numbers and dates stay texts until something depends on them. */
export type Printed = { readonly text: string; readonly place: FilePlace }

/** A quantity with its unit by UN/ECE Recommendation 20; an absent unit is the empty text. */
export type PrintedQuantity = Printed & { readonly unitCode: string }

/** First and last date as printed, `YYYY-MM-DD`; whether the last day belongs to the period is the profile's matter. */
export type PrintedPeriod = { readonly start: Printed; readonly end: Printed }

/** Code of an item; `list` is its code list by UNTDID 7143 or the file's own name of it, empty for the seller's own. */
export type ItemCode = { readonly list: string; readonly code: string }

/** Named property of an item (EN 16931 BG-32). */
export type ItemProperty = { readonly name: string; readonly value: string }

/** Unit price: `amount` for `base` units, 1 when `base` is absent. */
export type PrintedPrice = { readonly amount: Printed; readonly base?: PrintedQuantity }

/** One line of an invoice, whatever its syntax. */
export type InvoiceLine = {
  /** Number of the line as printed; may be empty. */
  readonly id: string
  /** How the file calls a line, for places: `InvoiceLine`. */
  readonly element: string
  readonly place: FilePlace
  readonly quantity?: PrintedQuantity
  /** Name of the item, then its descriptions. */
  readonly texts: readonly string[]
  /** Remarks on the line. */
  readonly notes: readonly string[]
  readonly codes: readonly ItemCode[]
  readonly properties: readonly ItemProperty[]
  readonly period?: PrintedPeriod
  /** Metering point of this line by an element that exists for it. */
  readonly point?: string
  readonly price?: PrintedPrice
  readonly amount?: Printed
  /** Charges of the line, allowances with the opposite sign. */
  readonly charges: readonly { readonly amount: Printed; readonly isCharge: boolean }[]
}

/** One pair of readings of one register. */
export type MeterReading = {
  readonly place: FilePlace
  /** Code or name of the register as printed, such as `HOOG`; may be empty. */
  readonly register: string
  readonly previous?: PrintedQuantity
  readonly latest?: PrintedQuantity
  /** Consumption as the file states it; wins over the difference, and must equal it where no meter constant is given. */
  readonly consumed?: PrintedQuantity
  readonly period?: PrintedPeriod
  /** True when the file calls a reading estimated. */
  readonly isEstimated: boolean
  /** Origin of the energy in per cent. */
  readonly fuels: readonly { readonly code: string; readonly percent: Printed }[]
}

/** One meter of a metering point. */
export type Meter = {
  readonly place: FilePlace
  /** Numbers as printed; a sound file has one. */
  readonly numbers: readonly string[]
  /** Constants by which readings are multiplied, as printed. */
  readonly constants: readonly Printed[]
  readonly readings: readonly MeterReading[]
  /** Sum over the registers as the file states it. */
  readonly total?: PrintedQuantity
}

/** Consumption of one metering point as its meters saw it. */
export type MeteredPoint = {
  readonly place: FilePlace
  readonly point?: string
  readonly commodity?: Commodity
  readonly country?: string
  readonly meters: readonly Meter[]
  readonly total?: PrintedQuantity
  /** Period of the whole statement, when it is stated. */
  readonly period?: PrintedPeriod
}

/** One invoice, credit note or statement, whatever its syntax. */
export type Invoice = {
  /** How the file calls the document, for places: `Invoice`. */
  readonly element: string
  readonly place: FilePlace
  /** Identifier of the profile (EN 16931 BT-24); may be empty. */
  readonly profile: string
  readonly number?: string
  /** Document type by UNTDID 1001, or as the syntax has it; may be empty. */
  readonly typeCode: string
  /** The syntax says that positive figures are credited. */
  readonly isCreditNote: boolean
  /** The file calls itself a test. */
  readonly isTest: boolean
  /** Numbers of invoices that this one refers to. */
  readonly precedes: readonly string[]
  readonly currency?: string
  readonly payable?: Printed
  readonly supplier: { readonly id?: string; readonly name?: string }
  readonly account?: string
  /** Number of the customer's meter, where the document names one. */
  readonly meter?: string
  readonly notes: readonly string[]
  readonly period?: PrintedPeriod
  /** Neither the document nor a line has a period, and the file says something where one is stated. */
  readonly hasUnreadPeriod?: true
  /** How the syntax means the end of a period, when it leaves no choice to a profile. */
  readonly endDate?: EndDate
  /** Metering points of the whole document. */
  readonly points: readonly string[]
  /** Country in which the energy was delivered, ISO 3166-1 alpha-2. */
  readonly country?: string
  readonly lines: readonly InvoiceLine[]
  readonly metered: readonly MeteredPoint[]
}

/** What a line is about. */
export type LineClass =
  /** Energy (or gas, heat, water) delivered: what a bill is read for. */
  | 'energy'
  /** Transport of the same energy; counts only when nothing else states it. */
  | 'network'
  /** Tax, levy or service on the same energy: never counts. */
  | 'levy'
  /** Fed into the grid. */
  | 'feed-in'
  /** Neither: losses, reactive energy, comparisons, advance payments. */
  | 'aside'
  /** Pays money back for energy and takes none of it back: never counts. Money tells, and no word. */
  | 'rebate'
  /** No rule knows the line. */
  | 'unknown'

/** How the period of one document is stated. */
export type EndDate = {
  readonly isInclusive: boolean
  readonly basis: ServiceBasis
  /** Neither syntax nor profile says so. */
  readonly isAssumed?: boolean
}

/** Days `[start, end)` as day numbers since 1970-01-01. */
export type Days = { readonly start: number; readonly end: number }
