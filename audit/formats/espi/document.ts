import type { FilePlace } from '#protocol'

/** What the Atom entry around a payload says: links as written, trimmed, without a trailing slash. */
export type EntryLinks = {
  readonly self?: string
  readonly up?: string
  readonly related: readonly string[]
}

/** Payload of an entry, with its links and the place of its element. */
type Payload = { readonly links: EntryLinks; readonly place: FilePlace }

/** UsagePoint: one metering point. */
export type UsagePoint = Payload & { readonly kind?: string }

/** MeterReading: joins a usage point, a reading type and interval blocks. */
export type MeterReading = Payload

/** ReadingType: what the numbers of a series mean; texts as written. */
export type ReadingType = Payload & {
  readonly uom?: string
  readonly multiplier?: string
  readonly flowDirection?: string
  readonly accumulation?: string
  readonly commodity?: string
}

/** IntervalReading: energy of one interval, before its multiplier. */
export type Reading = {
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly start: number
  readonly durationS: number
  readonly value: bigint
  /** Quality codes as written. */
  readonly qualities: readonly string[]
  readonly place: FilePlace
}

/** IntervalBlock: readings of one series. */
type IntervalBlock = Payload & { readonly readings: readonly Reading[] }

/** SummaryMeasurement of a usage summary; texts as written. */
export type Measurement = {
  readonly value?: string
  readonly uom?: string
  readonly multiplier?: string
  readonly place: FilePlace
}

/** UsageSummary or ElectricPowerUsageSummary: one billing period. */
export type UsageSummary = Payload & {
  readonly start?: string
  readonly durationS?: string
  readonly lastPeriod?: Measurement
  readonly currentPeriod?: Measurement
  readonly quality?: string
  readonly commodity?: string
  /** True for the older name that only electricity has. */
  readonly isElectric: boolean
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
  /** Standard offsets from UTC in seconds, as written. */
  readonly tzOffsets: readonly string[]
  readonly addresses: readonly ServiceAddress[]
  readonly accounts: readonly string[]
  readonly meters: readonly string[]
}
