import type { CsvProfile } from '../profile.ts'

/** Quarter hours of Smart Meter Texas, the portal of the grid companies of ERCOT. */
export const SMART_METER_TEXAS: CsvProfile = {
  id: 'smart-meter-texas-quarter-hours',
  version: 1,
  evidence: {
    basis: 'documentation',
    note: 'Header, apostrophe before the ESIID, blanks before times, revisions, the two texts of the last column, and rows without value in the hour that spring leaves out, as several public programs that read these files describe them. No file was seen.',
  },
  commodity: 'electricity',
  utility: { name: 'Smart Meter Texas', role: 'grid' },
  place: { country: 'US', state: 'TX' },
  table: {
    header:
      'ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION',
    delimiter: ',',
    quoting: 'rfc4180',
    isTrimmed: true,
  },
  number: { decimal: '.', pattern: /^(?:\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})$/ },
  time: {
    kind: 'rows',
    zone: 'America/Chicago',
    start: { columns: ['USAGE_DATE', 'USAGE_START_TIME'], form: 'MM/DD/YYYY HH:mm' },
    end: { columns: ['USAGE_END_TIME'], form: 'HH:mm', label: 'end' },
    intervalMinutes: [15],
    order: 'ascending',
    hasRowsOfMissingHour: true,
  },
  series: [
    {
      role: 'import',
      value: 'USAGE_KWH',
      unit: 'kWh',
      when: { column: 'CONSUMPTION_SURPLUSGENERATION', text: 'Consumption' },
    },
    {
      role: 'export',
      value: 'USAGE_KWH',
      unit: 'kWh',
      when: { column: 'CONSUMPTION_SURPLUSGENERATION', text: 'Surplus Generation' },
    },
  ],
  quality: {
    column: 'ESTIMATED_ACTUAL',
    classes: [
      { text: 'A', class: 'actual' },
      { text: 'E', class: 'estimated' },
    ],
  },
  // An electric service identifier has 17 or 22 digits; the apostrophe keeps spreadsheets from rounding it.
  identities: [{ fact: 'point', from: { column: 'ESIID' }, pattern: /^'?(\d{17}|\d{22})$/ }],
  revision: { columns: ['REVISION_DATE'], form: 'MM/DD/YYYY HH:mm:ss' },
}
