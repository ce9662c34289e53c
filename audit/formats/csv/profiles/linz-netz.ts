import type { CsvProfile } from '../profile.ts'

/** Quarter hours of a smart meter of Linz Netz, Austria. */
export const LINZ_NETZ: CsvProfile = {
  id: 'linz-netz-quarter-hours',
  version: 1,
  evidence: {
    basis: 'sample',
    note: 'Exports of the days on which clocks changed in 2022; the last row of the spring day has a wrong end date. No row with a substitute value (column Ersatzwert) was seen: such files are left to a person.',
  },
  commodity: 'electricity',
  utility: { name: 'Linz Netz', role: 'grid' },
  place: { country: 'AT' },
  table: { header: 'Datum von;Datum bis;Energiemenge in kWh;Ersatzwert', delimiter: ';', quoting: 'none' },
  number: { decimal: ',', pattern: /^\d{1,6}(?:,\d{1,6})?$/ },
  time: {
    kind: 'rows',
    zone: 'Europe/Vienna',
    start: { columns: ['Datum von'], form: 'DD.MM.YYYY HH:mm' },
    end: { columns: ['Datum bis'], form: 'DD.MM.YYYY HH:mm', label: 'end', mayMisprintDate: true },
    intervalMinutes: [15],
    order: 'ascending',
    isWholeDays: true,
  },
  series: [{ role: 'import', value: 'Energiemenge in kWh', unit: 'kWh' }],
  marks: [{ column: 'Ersatzwert', texts: [{ text: '' }] }],
}
