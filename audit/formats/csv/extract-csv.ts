import { addDecimals, compareRationals, formatDecimal, isEnergy, makeDecimal, makeRational, toWh } from '#protocol'
import type { Decimal, Extraction, Facts, Metered, Place } from '#protocol'
import { EXTRACTION_LIMITS, MAX_BILL_WH } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import type { FormatReader } from '../reader.ts'
import { rejection, review, unclaimable } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { makeBills } from './bills.ts'
import type { CsvBill } from './bills.ts'
import { readUsAddress } from './us-address.ts'
import type { CsvProfile, OutcomeShape } from './profile.ts'
import { CSV_PROFILES } from './profiles.ts'
import { CsvTable, hasHeader } from './read-table.ts'
import { readSeries } from './readings.ts'
import type { CsvSeries } from './readings.ts'
import { Zone } from './zones.ts'

/** Name of the format in refusals; facts carry that of the profile, `csv-<id>`. */
const CSV_FORMAT = 'csv'
/** Version of the engine; a change of any verdict or figure is a new version. The profile's version follows it. */
const ENGINE_VERSION = '1.1'

/** Reader of the tables of utilities that have a profile; a table with another header is none of them. */
export const CSV_READER: FormatReader = {
  format: CSV_FORMAT,
  accepts: ({ text }) => text !== undefined && findProfile(text, CSV_PROFILES) !== undefined,
  read: ({ text = '' }) => extractCsv(text, CSV_PROFILES),
}

/** The profile with whose header a text begins. */
function findProfile(text: string, profiles: readonly CsvProfile[]): CsvProfile | undefined {
  return profiles.find(({ table }) => hasHeader(text, table))
}

/**
 * Facts of a table of readings, by the profile of its header.
 *
 * @throws {Refusal} with line, column and name of the column.
 */
export function extractCsv(text: string, profiles: readonly CsvProfile[]): Extraction {
  const profile = findProfile(text, profiles)
  if (profile === undefined) throw new TypeError('no profile has this header')
  const table = new CsvTable(text, profile.table)
  const series = readSeries(profile, table)
  if (profile.outcome !== undefined) throw leaveToPerson(profile, profile.outcome, series)
  const { zone, place } = whereIs(profile, table)
  const bills = makeBills(profile, series, new Zone(zone))
  if (bills.length > EXTRACTION_LIMITS.bills) {
    const message = `more than ${EXTRACTION_LIMITS.bills} meters in one table`
    throw rejection('ERR_BILL_TOO_LARGE', message, { line: 1, column: 1 })
  }
  const format = `${CSV_FORMAT}-${profile.id}`
  return { verdict: 'facts', format, bills: bills.map((bill) => factsOf(profile, bill, place)) }
}

function whereIs(profile: CsvProfile, table: CsvTable): { zone: Zone['name']; place?: Place } {
  const { time, place } = profile
  if (time.kind === 'rows' && time.zone === 'us-address') {
    return readUsAddress(table.preambleOf('Address'), table.placeOfPreamble('Address'))
  }
  if (time.kind === 'none' || time.zone === 'us-address') throw new TypeError('profile has no zone')
  return { zone: time.zone, ...(place === undefined ? {} : { place }) }
}

function factsOf(profile: CsvProfile, bill: CsvBill, place: Place | undefined): Facts {
  const { id, version, evidence, commodity, utility } = profile
  const flags = [...bill.flags, ...(evidence.basis === 'documentation' ? ['layout-from-documentation'] : [])]
  return {
    v: 1,
    extractor: { id: `${CSV_FORMAT}-${id}`, version: `${ENGINE_VERSION}.${version}` },
    format: `${CSV_FORMAT}-${id}`,
    commodity,
    ...(utility === undefined ? {} : { utility }),
    ...bill,
    ...(place === undefined ? {} : { place }),
    flags: [...new Set(flags)].toSorted(orderTexts),
    sources: {
      ...bill.sources,
      ...(place === undefined ? {} : { place: profile.place === undefined ? 'line Address' : `profile ${id}` }),
    },
  }
}

/** A layout of which no claim can be made: the sums that were found go to the person who must read it. */
function leaveToPerson({ table, commodity }: CsvProfile, outcome: OutcomeShape, series: readonly CsvSeries[]): Refusal {
  const sums = series.map(({ shape, readings }) => {
    const value = readings.reduce<Decimal>((sum, { u, e }) => addDecimals(sum, makeDecimal(u, e)), makeDecimal(0n, 0))
    const metered: Metered = { value, unit: shape.unit }
    return { metered, rows: readings.length, column: shape.value }
  })
  const told = sums.map(
    ({ metered, rows, column }) => `${formatDecimal(metered.value)} ${metered.unit} in ${rows} rows of ${column}`,
  )
  const message = `${outcome.message}: ${told.join(', ')}`
  const place = { line: (table.preamble ?? []).length + 1, column: 1 }
  const [sum, second] = sums
  const [only] = series
  if (outcome.reading === undefined || sum === undefined || only === undefined || second !== undefined) {
    return review(outcome.code, message, place)
  }
  const { metered: produced, rows } = sum
  if (!isEnergy(produced) || isRepeated(only) || compareRationals(toWh(produced), MAX_BILL) > 0) {
    return review(outcome.code, message, place)
  }
  return unclaimable(outcome.code, message, {
    read: [{ commodity, produced, rows, missing: ['import', 'service'] }],
    place,
  })
}

const MAX_BILL = makeRational(MAX_BILL_WH)

/** One time stands in two rows: their sum may count one energy twice. */
function isRepeated({ readings }: CsvSeries): boolean {
  return new Set(readings.map(({ wallS }) => wallS)).size < readings.length
}
