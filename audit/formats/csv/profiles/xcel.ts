import type { CsvProfile } from '../profile.ts'

/** Bill history of Xcel Energy: a bill date and no service period. */
export const XCEL_HISTORY: CsvProfile = {
  id: 'xcel-bill-history',
  version: 1,
  evidence: { basis: 'sample', note: 'One history of four years, newest bill first.' },
  commodity: 'electricity',
  utility: { name: 'Xcel Energy', role: 'both' },
  table: {
    header: 'Bill Date,Electric Charges,Gas Charges,Electric Usage (kWh),Gas Usage (Therms),Total Charges',
    delimiter: ',',
    quoting: 'rfc4180',
  },
  number: { decimal: '.', pattern: /^\d{1,7}(?:\.\d{1,3})?$/ },
  time: { kind: 'none', stamp: { columns: ['Bill Date'], form: 'MM/DD/YYYY' } },
  series: [
    { role: 'stated', value: 'Electric Usage (kWh)', unit: 'kWh' },
    { role: 'stated', value: 'Gas Usage (Therms)', unit: 'therm-us' },
  ],
  ignored: ['Electric Charges', 'Gas Charges', 'Total Charges'],
  outcome: {
    code: 'ERR_BILL_HISTORY',
    message: 'bills with a bill date, whose service periods are not stated',
  },
}
