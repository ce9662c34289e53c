import type { FilePlace } from '#protocol'

/** A quality that holds from one interval of a day to another, both counted from 1 and inclusive. */
export type QualityRun = { readonly first: number; readonly last: number; readonly quality: string }

/** What a 200 record says of the days below it: one data stream of one metering point. */
export type IntervalStream = {
  /** Ten characters, checksum verified and dropped. */
  readonly nmi: string
  /** All data streams of the point as the record lists them (`E1B1Q1`); empty when it lists none. */
  readonly configuration: string
  readonly register: string
  readonly suffix: string
  readonly serial: string
  /** As written. */
  readonly uom: string
  readonly intervalMinutes: number
  readonly place: FilePlace
}

/** One 300 record with its 400 records. */
export type IntervalDay = {
  readonly stream: IntervalStream
  /** Civil day of the file's standard time, days since 1970-01-01. */
  readonly day: number
  /** Values in units of 10^`e` of the unit of measure; empty for streams that are not energy. */
  readonly values: readonly bigint[]
  readonly e: number
  /** In order of time, without gaps. */
  readonly qualities: readonly QualityRun[]
  /** `UpdateDateTime`, 14 digits, or empty. */
  readonly updated: string
  readonly place: FilePlace
}

/** One 250 record: a register at two readings. */
export type RegisterRead = {
  readonly nmi: string
  readonly configuration: string
  readonly register: string
  readonly suffix: string
  readonly serial: string
  readonly uom: string
  /** `E`: from the market to the customer, `I`: into the market; as the market sees it. */
  readonly direction: 'E' | 'I'
  readonly previous: ReadAt
  readonly current: ReadAt
  /** As written. */
  readonly quantity: string
  readonly updated: string
  readonly place: FilePlace
}

/** State of a register at an instant. */
export type ReadAt = {
  /** As written. */
  readonly value: string
  /** Seconds since 1970-01-01 of the file's standard time, not UTC. */
  readonly standardS: number
  readonly quality: string
}

/** What stands from a 100 record to its 900 record. */
export type MdffDocument = {
  readonly version: 'NEM12' | 'NEM13'
  readonly from: string
  readonly to: string
  readonly days: readonly IntervalDay[]
  readonly reads: readonly RegisterRead[]
}
