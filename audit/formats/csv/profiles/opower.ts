import type { CsvProfile, SeriesShape } from '../profile.ts'

/**
 * Interval tables of the Opower platform, which PG&E, PECO, ComEd, Seattle City Light and others give to customers: the
 * header does not tell whose it is, so that time zone and place come from the service address.
 */
const BASE = {
  version: 1,
  commodity: 'electricity',
  number: { decimal: '.', pattern: /^\d{1,6}(?:\.\d{1,6})?$/ },
  time: {
    kind: 'rows',
    zone: 'us-address',
    start: { columns: ['DATE', 'START TIME'], form: 'YYYY-MM-DD HH:mm' },
    // 00:00 to 00:59 is the hour that ends at 01:00.
    end: { columns: ['END TIME'], form: 'HH:mm', label: 'last-minute' },
    intervalMinutes: [15, 30, 60],
    order: 'ascending',
  },
  identities: [{ fact: 'account', from: { preamble: 'Account Number' }, pattern: /^(\d{4,20})$/ }],
} as const satisfies Partial<CsvProfile>

const NOTE =
  'Preamble, header and rows as several public programs that read these files describe them; no file was seen. Some utilities list the hour that autumn repeats once: such files are left to a person.'

const TYPE = { column: 'TYPE', texts: [{ text: 'Electric usage' }] } as const

function tableOf(columns: string): CsvProfile['table'] {
  return {
    header: `TYPE,DATE,START TIME,END TIME,${columns}`,
    delimiter: ',',
    quoting: 'rfc4180',
    preamble: ['Name', 'Address', 'Account Number', 'Service', ''],
    mayOmitLastCell: true,
  }
}

/** One column of usage, or one of each direction. */
const USAGE: readonly SeriesShape[] = [{ role: 'import', value: 'USAGE (kWh)', unit: 'kWh' }]
const BOTH: readonly SeriesShape[] = [
  { role: 'import', value: 'IMPORT (kWh)', unit: 'kWh' },
  { role: 'export', value: 'EXPORT (kWh)', unit: 'kWh' },
]

/** The layouts of the platform. */
export const OPOWER: readonly CsvProfile[] = [
  {
    ...BASE,
    id: 'opower-usage-units',
    evidence: { basis: 'documentation', note: NOTE },
    table: tableOf('USAGE,UNITS,COST,NOTES'),
    series: [{ role: 'import', value: 'USAGE', unit: 'kWh', when: { column: 'UNITS', text: 'kWh' } }],
    marks: [TYPE],
    ignored: ['COST', 'NOTES'],
  },
  {
    ...BASE,
    id: 'opower-usage-cost',
    evidence: { basis: 'documentation', note: NOTE },
    table: tableOf('USAGE (kWh),COST,NOTES'),
    series: USAGE,
    marks: [TYPE],
    ignored: ['COST', 'NOTES'],
  },
  {
    ...BASE,
    id: 'opower-usage',
    evidence: { basis: 'documentation', note: NOTE },
    table: tableOf('USAGE (kWh),NOTES'),
    series: USAGE,
    marks: [TYPE],
    ignored: ['NOTES'],
  },
  {
    ...BASE,
    id: 'opower-import-export-cost',
    evidence: { basis: 'documentation', note: NOTE },
    table: tableOf('IMPORT (kWh),EXPORT (kWh),COST,NOTES'),
    series: BOTH,
    marks: [TYPE],
    ignored: ['COST', 'NOTES'],
  },
  {
    ...BASE,
    id: 'opower-import-export',
    evidence: { basis: 'documentation', note: NOTE },
    table: tableOf('IMPORT (kWh),EXPORT (kWh),NOTES'),
    series: BOTH,
    marks: [TYPE],
    ignored: ['NOTES'],
  },
]
