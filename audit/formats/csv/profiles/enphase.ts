import type { CsvProfile } from '../profile.ts'

/** Custom report of an Enphase solar plant: production, which is neither consumption nor what was fed into the grid. */
export const ENPHASE: CsvProfile = {
  id: 'enphase-production',
  version: 2,
  evidence: { basis: 'sample', note: 'One report of hours of 2024, without site, time zone or meter.' },
  commodity: 'electricity',
  table: { header: 'Date/Time,Energy Produced (Wh)', delimiter: ',', quoting: 'rfc4180' },
  number: { decimal: '.', pattern: /^\d{1,9}$/ },
  time: { kind: 'none', stamp: { columns: ['Date/Time'], form: 'MM/DD/YYYY HH:mm' } },
  series: [{ role: 'stated', value: 'Energy Produced (Wh)', unit: 'Wh' }],
  outcome: {
    code: 'ERR_BILL_GENERATION',
    message:
      'energy that a plant produced is neither consumption nor fed into the grid (a bill of what was used is needed)',
    reading: 'produced',
  },
}
