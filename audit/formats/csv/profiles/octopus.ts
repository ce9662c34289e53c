import type { CsvProfile } from '../profile.ts'

/** Columns of money that newer exports have between the consumption and its time. */
const MONEY = ['Estimated Cost Inc. Tax (p)', 'Standing Charge Inc. Tax (p)'] as const

function profileOf(id: string, header: string, ignored: readonly string[] = []): CsvProfile {
  const value = header.trim().split(',')[0] ?? ''
  return {
    id,
    version: 1,
    evidence: {
      basis: 'documentation',
      note: 'Headers with their blanks, offsets in each time, and the zero 0E-20, as several public programs that read these files describe them; no file was seen. Files of gas meters, and of what a roof feeds into the grid, have the same header as those of consumption; half hours without consumption may be left out.',
    },
    commodity: 'electricity',
    utility: { name: 'Octopus Energy', role: 'supply' },
    place: { country: 'GB' },
    table: { header, delimiter: ',', quoting: 'rfc4180', isTrimmed: true },
    number: { decimal: '.', pattern: /^\d{1,6}(?:\.\d{1,9})?$/, zeros: ['0E-20'] },
    time: {
      kind: 'rows',
      zone: 'Europe/London',
      start: { columns: ['Start'], form: 'YYYY-MM-DDTHH:mm:ssZ' },
      end: { columns: ['End'], form: 'YYYY-MM-DDTHH:mm:ssZ', label: 'end' },
      intervalMinutes: [30],
      order: 'ascending',
    },
    series: [{ role: 'stated', value, unit: 'kWh' }],
    ignored,
    outcome: {
      code: 'ERR_BILL_UNSTATED',
      message: 'file says neither which meter it is of, nor whether this is electricity or gas, import or export',
    },
  }
}

/** Half hours of Octopus Energy, United Kingdom. */
export const OCTOPUS: readonly CsvProfile[] = [
  profileOf('octopus-half-hours', 'Consumption (kwh), Start, End'),
  profileOf('octopus-half-hours-blank', ' Consumption (kwh), Start, End'),
  profileOf('octopus-half-hours-capital', 'Consumption (kWh), Start, End'),
  profileOf('octopus-half-hours-cost', `Consumption (kwh), ${MONEY.join(', ')}, Start, End`, MONEY),
]
