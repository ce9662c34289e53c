import type { FilePlace } from '#protocol'

/** What the Atom entry around a payload says: links as written, trimmed, without a trailing slash. */
export type EntryLinks = {
  readonly self?: string
  /** One in all files that were seen; Atom allows several. */
  readonly ups: readonly string[]
  readonly related: readonly string[]
}

/** Payload of an entry, with its links and the place of its element. */
type Payload = { readonly links: EntryLinks; readonly place: FilePlace }

/** UsagePoint: one metering point. */
export type UsagePoint = Payload & {
  /** Code of the service; the empty string when the file has the element and leaves it empty. */
  readonly kind?: string
  /** 16 bits as hexadecimal text. */
  readonly roleFlags?: string
}

/** MeterReading: joins a usage point, a reading type and interval blocks. */
export type MeterReading = Payload

/** ReadingType: what the numbers of a series mean; texts as written. */
export type ReadingType = Payload & {
  readonly uom?: string
  readonly multiplier?: string
  readonly flowDirection?: string
  readonly accumulation?: string
  readonly commodity?: string
  readonly currency?: string
  readonly qualifier?: string
  readonly defaultQuality?: string
  readonly intervalLength?: string
  readonly tou?: string
  readonly tier?: string
  readonly cpp?: string
}

/** IntervalReading: what a meter counted in one interval, before its multiplier. */
export type Reading = {
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly start: number
  readonly durationS: number
  /** Integer of 48 bits. */
  readonly value: number
  /** Quality codes as written, joined by `+`; empty when there is none. */
  readonly quality: string
  /** Where the element begins: two numbers, since a file may have 100,000 readings. */
  readonly line: number
  readonly column: number
}

/** Place of a reading as reasons give it. */
export function placeOfReading({ line, column }: Pick<Reading, 'line' | 'column'>): FilePlace {
  return { line, column, path: 'IntervalReading' }
}

/** A reading that leaves its time to the block and the reading type around it. */
export type UntimedReading = Omit<Reading, 'start' | 'durationS'>

/** IntervalBlock: readings of one series. */
export type IntervalBlock = Payload & {
  readonly readings: readonly Reading[]
  readonly untimed: readonly UntimedReading[]
  readonly start?: string
  readonly durationS?: string
}

/** SummaryMeasurement of a usage summary; texts as written. */
export type Measurement = {
  readonly value?: string
  readonly uom?: string
  readonly multiplier?: string
  readonly place: FilePlace
}

/** TariffRiderRef: an option on top of the tariff. */
export type TariffRider = {
  readonly riderType?: string
  readonly enrollment?: string
  readonly effectiveDate?: string
}

/** UsageSummary or ElectricPowerUsageSummary: one billing period. */
export type UsageSummary = Payload & {
  readonly start?: string
  readonly durationS?: string
  readonly lastPeriod?: Measurement
  readonly currentPeriod?: Measurement
  readonly quality?: string
  readonly commodity?: string
  /** Amount of the bill, in hundred-thousandths of the currency. */
  readonly billLastPeriod?: string
  /** ISO 4217, the number. */
  readonly currency?: string
  readonly riders: readonly TariffRider[]
  /** True for the older name that only electricity has. */
  readonly isElectric: boolean
}

/** LocalTimeParameters or TimeConfiguration: a clock. */
export type LocalTime = Payload & {
  /** Standard offset from UTC in seconds, as written. */
  readonly tzOffset?: string
}

/** Address of a service location in the retail customer schema. */
export type ServiceAddress = {
  readonly country?: string
  readonly state?: string
  readonly postalCode?: string
  readonly place: FilePlace
}

/** What a Green Button file contains, before anything is decided. */
export type EspiDocument = {
  readonly usagePoints: readonly UsagePoint[]
  readonly meterReadings: readonly MeterReading[]
  readonly readingTypes: readonly ReadingType[]
  readonly blocks: readonly IntervalBlock[]
  readonly summaries: readonly UsageSummary[]
  readonly localTimes: readonly LocalTime[]
  readonly addresses: readonly ServiceAddress[]
  readonly accounts: readonly string[]
  readonly meters: readonly string[]
}
