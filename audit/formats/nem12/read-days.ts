import { divideFloor, parseInteger } from '#protocol'
import { rejection } from '../refusal.ts'
import { dayAt, idAt, isValue, placeOfCell, quoted, refuseCell, stampAt, textAt } from './cells.ts'
import type { MdffLine } from './cells.ts'
import { readNmi } from './nmi.ts'
import { isQuality } from './quality.ts'
import type { IntervalDay, IntervalStream, QualityRun } from './records.ts'
import { roleOfSuffix } from './suffix.ts'

const DAY_MINUTES = 1_440
/** Lengths of the standard's versions: 5, 15 and 30, before that also 1 and 10. */
const INTERVAL_MINUTES: ReadonlySet<string> = new Set(['1', '5', '10', '15', '30'])
/** Index of `IntervalValue1`. */
const FIRST_VALUE = 2

/**
 * A 200 record: RecordIndicator, NMI, NMIConfiguration, RegisterID, NMISuffix, MDMDataStreamIdentifier,
 * MeterSerialNumber, UOM, IntervalLength, NextScheduledReadDate.
 *
 * @throws {Refusal} ERR_BILL_FIELD, ERR_BILL_RECORDS.
 */
export function readStream(row: MdffLine): IntervalStream {
  const length = textAt(row, 8)
  if (!INTERVAL_MINUTES.has(length)) {
    throw refuseCell(row, 8, 'IntervalLength', [
      'ERR_BILL_RECORDS',
      `interval length is not 5, 15 or 30 minutes: ${quoted(row, 8)}`,
    ])
  }
  const suffix = idAt(row, 4, 'NMISuffix').toUpperCase()
  roleOfSuffix(suffix, placeOfCell(row, 4, 'NMISuffix'))
  return {
    nmi: readNmi(idAt(row, 1, 'NMI'), placeOfCell(row, 1, 'NMI')).nmi,
    configuration: idAtLong(row, 2),
    register: idAt(row, 3, 'RegisterID'),
    suffix,
    serial: idAt(row, 6, 'MeterSerialNumber'),
    uom: idAt(row, 7, 'UOM'),
    intervalMinutes: parseInteger(length),
    place: placeOfCell(row, 0, '200'),
  }
}

/** NMIConfiguration may have 240 characters. */
export function idAtLong(row: MdffLine, index: number): string {
  const text = textAt(row, index)
  if (/^[ -~]{0,240}$/.test(text)) return text
  throw refuseCell(row, index, 'NMIConfiguration', ['ERR_BILL_FIELD', 'NMIConfiguration is too long or does not print'])
}

/** A 300 record, and whether 400 records must follow. */
export type OpenDay = { readonly day: IntervalDay; readonly isVariable: boolean; readonly count: number }

/**
 * A 300 record: RecordIndicator, IntervalDate, IntervalValue1 to n, QualityMethod, ReasonCode, ReasonDescription,
 * UpdateDateTime, MSATSLoadDateTime; n = 1440 / IntervalLength.
 *
 * @throws {Refusal} ERR_BILL_RECORDS, ERR_BILL_DATE, ERR_BILL_NUMBER.
 */
export function readDay(row: MdffLine, stream: IntervalStream): OpenDay {
  const count = divideFloor(DAY_MINUTES, stream.intervalMinutes)
  const at = FIRST_VALUE + count
  const stated = row.cells.findIndex((cell, index) => index >= FIRST_VALUE && /^ *[A-Za-z]/.test(cell))
  if (stated !== at) {
    const found = (stated < 0 ? row.cells.length : stated) - FIRST_VALUE
    const message = `day has ${found} values, an interval length of ${stream.intervalMinutes} minutes needs ${count}`
    throw refuseCell(row, stated < 0 ? row.cells.length - 1 : stated, 'QualityMethod', ['ERR_BILL_RECORDS', message])
  }
  const quality = textAt(row, at).toUpperCase()
  const isVariable = quality === 'V'
  if (!isVariable && !isQuality(quality)) {
    throw refuseCell(row, at, 'QualityMethod', ['ERR_BILL_RECORDS', `unknown quality ${quoted(row, at)}`])
  }
  const role = roleOfSuffix(stream.suffix, stream.place)
  const isEnergy = role === 'import' || role === 'export'
  const { values, e } = isEnergy && quality !== 'N' ? readValues(row, count, isVariable) : { values: [], e: 0 }
  const day: IntervalDay = {
    stream,
    day: dayAt(row, 1, 'IntervalDate'),
    values,
    e,
    qualities: isVariable ? [] : [{ first: 1, last: count, quality }],
    updated: stampAt(row, at + 3, 'UpdateDateTime'),
    place: placeOfCell(row, 0, '300'),
  }
  return { day, isVariable, count }
}

/** Values of a day in units of one power of ten, that of the value with most decimals; a blank one is left to quality N. */
function readValues(row: MdffLine, count: number, mayBeBlank: boolean): { values: bigint[]; e: number } {
  const texts = row.cells.slice(FIRST_VALUE, FIRST_VALUE + count)
  let decimals = 0
  texts.forEach((text, index) => {
    if (mayBeBlank && text === '') return
    if (!isValue(text)) {
      const at = FIRST_VALUE + index
      const message = `interval ${index + 1} is not a plain number: ${quoted(row, at)}`
      throw refuseCell(row, at, `IntervalValue${index + 1}`, ['ERR_BILL_NUMBER', message])
    }
    if (text.startsWith('-')) {
      const at = FIRST_VALUE + index
      throw refuseCell(row, at, `IntervalValue${index + 1}`, ['ERR_BILL_NEGATIVE', `interval ${index + 1} is negative`])
    }
    decimals = Math.max(decimals, decimalsOf(text))
  })
  const values = texts.map((text) => {
    // A blank value is refused by its quality, which stands in a 400 record below.
    if (text === '') return 0n
    return BigInt(text.replace('.', '') + '0'.repeat(decimals - decimalsOf(text)))
  })
  return { values, e: decimals === 0 ? 0 : -decimals }
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

/**
 * A 400 record: RecordIndicator, StartInterval, EndInterval, QualityMethod, ReasonCode, ReasonDescription.
 *
 * @throws {Refusal} ERR_BILL_RECORDS.
 */
export function readQualityRun(row: MdffLine, count: number): QualityRun {
  const [first, last] = [textAt(row, 1), textAt(row, 2)]
  const quality = textAt(row, 3).toUpperCase()
  const isRange = /^\d{1,4}$/.test(first) && /^\d{1,4}$/.test(last)
  const run = { first: isRange ? parseInteger(first) : 0, last: isRange ? parseInteger(last) : 0, quality }
  if (run.first < 1 || run.last < run.first || run.last > count) {
    throw refuseCell(row, 1, 'StartInterval', [
      'ERR_BILL_RECORDS',
      `intervals ${quoted(row, 1)} to ${quoted(row, 2)} are not in the day`,
    ])
  }
  if (!isQuality(quality)) {
    throw refuseCell(row, 3, 'QualityMethod', ['ERR_BILL_RECORDS', `unknown quality ${quoted(row, 3)}`])
  }
  return run
}

/**
 * Closes a day: 400 records cover each interval exactly once, and every interval that has a value has a number.
 *
 * @throws {Refusal} ERR_BILL_RECORDS, ERR_BILL_NUMBER.
 */
export function closeDay(open: OpenDay, runs: readonly QualityRun[], row: MdffLine): IntervalDay {
  if (!open.isVariable) return open.day
  const qualities = runs.toSorted((a, b) => a.first - b.first)
  let next = 1
  for (const { first, last } of qualities) {
    if (first !== next) throw incomplete(open.day, `interval ${Math.min(first, next)} has no quality, or two`)
    next = last + 1
  }
  if (next !== open.count + 1) throw incomplete(open.day, `interval ${next} has no quality: its 400 record is missing`)
  if (open.day.values.length > 0) qualities.forEach((run) => checkNoBlank(run, row))
  return { ...open.day, qualities }
}

function checkNoBlank({ first, last, quality }: QualityRun, row: MdffLine): void {
  if (quality === 'N') return
  for (let interval = first; interval <= last; interval += 1) {
    const at = FIRST_VALUE + interval - 1
    if (row.cells[at] !== '') continue
    const message = `interval ${interval} of quality ${quality} has no value`
    throw refuseCell(row, at, `IntervalValue${interval}`, ['ERR_BILL_NUMBER', message])
  }
}

function incomplete(day: IntervalDay, message: string): Error {
  return rejection('ERR_BILL_RECORDS', message, day.place)
}
