import type { FilePlace } from '#protocol'
import { rejection } from '../refusal.ts'
import type { RowsTime, TimeShape } from './profile.ts'
import type { CsvRow, CsvTable } from './read-table.ts'
import { StampReader, wallOf } from './stamps.ts'
import type { Stamp } from './stamps.ts'

const DAY_S = 86_400

/** When a reading begins, as its file says it. */
export type ClockTime = {
  /** Seconds since 1970-01-01 on the clock of the file. */
  readonly wallS: number
  /** Seconds of that clock ahead of UTC, when the file says so. */
  readonly offsetS: number | undefined
  readonly durationS: number
  /** End on the clock; only a time of day when `isEndDated` is false; absent when the file states none. */
  readonly endWallS: number | undefined
  readonly isEndDated: boolean
}

/** A cell with a value, and the time it belongs to. */
export type TimedCell = { readonly column: string; readonly time: ClockTime }

/** Finds the intervals of rows. All intervals of one file have one length. */
export class ClockReader {
  readonly #time: TimeShape
  readonly #table: CsvTable
  readonly #start: StampReader
  readonly #end: StampReader | undefined
  readonly #slots: readonly string[]
  #durationS: number | undefined

  constructor(time: TimeShape, table: CsvTable) {
    this.#time = time
    this.#table = table
    const start = time.kind === 'rows' ? time.start : time.kind === 'days' ? time.day : time.stamp
    this.#start = new StampReader(table, start)
    this.#end = time.kind === 'rows' && time.end !== undefined ? new StampReader(table, time.end) : undefined
    this.#slots = time.kind === 'days' ? slotsOf(time.slots, table) : []
  }

  /** @throws {Refusal} ERR_BILL_DATE, ERR_BILL_PERIOD. */
  read(row: CsvRow, value: string): TimedCell[] {
    const stamp = this.#start.read(row)
    const wallS = wallOf(stamp)
    const time = this.#time
    if (time.kind === 'days') {
      const durationS = time.intervalMinutes * 60
      return this.#slots.map((column, index) => ({ column, time: withoutEnd(wallS + index * durationS, durationS) }))
    }
    if (time.kind === 'none') return [{ column: value, time: withoutEnd(wallS, 0) }]
    return [{ column: value, time: this.#readInterval(row, stamp, time) }]
  }

  #readInterval(row: CsvRow, stamp: Stamp, time: RowsTime): ClockTime {
    const wallS = wallOf(stamp)
    if (this.#end === undefined || time.end === undefined) {
      return { ...withoutEnd(wallS, (time.intervalMinutes[0] ?? 0) * 60), offsetS: stamp.offsetS }
    }
    const end = this.#end.read(row)
    // A label of the last minute ends with that minute; midnight is then 00:00 of the next day.
    const endWallS = wallOf(end) + (time.end.label === 'last-minute' ? 60 : 0)
    const isEndDated = end.day !== undefined
    const shift = end.offsetS === undefined || stamp.offsetS === undefined ? 0 : stamp.offsetS - end.offsetS
    const [column = ''] = time.end.columns
    const length = isEndDated ? endWallS + shift - wallS : (endWallS - stamp.secondOfDay + DAY_S) % DAY_S
    const durationS = this.#durationS ?? this.#findDuration(length, time, this.#table.placeOf(row, column))
    this.#durationS = durationS
    return { wallS, offsetS: stamp.offsetS, durationS, endWallS: endWallS + shift, isEndDated }
  }

  #findDuration(length: number, time: RowsTime, place: FilePlace): number {
    const [only, ...others] = time.intervalMinutes
    if (only !== undefined && others.length === 0) return only * 60
    const found = time.intervalMinutes.find((minutes) => minutes * 60 === length)
    if (found !== undefined) return found * 60
    throw rejection('ERR_BILL_PERIOD', `an interval of ${length} s is not one of this layout`, place)
  }
}

function withoutEnd(wallS: number, durationS: number): ClockTime {
  return { wallS, offsetS: undefined, durationS, endWallS: undefined, isEndDated: false }
}

function slotsOf({ first, last }: { readonly first: string; readonly last: string }, table: CsvTable): string[] {
  return table.columns.slice(table.indexOf(first), table.indexOf(last) + 1)
}
