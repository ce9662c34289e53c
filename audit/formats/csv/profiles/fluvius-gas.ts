import type { CsvProfile } from '../profile.ts'

/** Hours of a digital gas meter of Fluvius, Flanders: each hour in kWh and once more in m3. */
export const FLUVIUS_GAS: CsvProfile = {
  id: 'fluvius-gas-hours',
  version: 1,
  evidence: {
    basis: 'sample',
    note: 'One export of three days of January 2022. The kWh follow from the m3 and a calorific value, which may be provisional. No clock change was seen.',
  },
  commodity: 'gas',
  utility: { name: 'Fluvius', role: 'grid' },
  place: { country: 'BE' },
  table: {
    header:
      'Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Calorische Bovenwaarde',
    delimiter: ';',
    quoting: 'none',
  },
  number: { decimal: ',', pattern: /^\d{1,6}(?:,\d{1,6})?$/ },
  time: {
    kind: 'rows',
    zone: 'Europe/Brussels',
    start: { columns: ['Van datum', 'Van tijdstip'], form: 'DD-MM-YYYY HH:mm:ss' },
    end: { columns: ['Tot datum', 'Tot tijdstip'], form: 'DD-MM-YYYY HH:mm:ss', label: 'end' },
    intervalMinutes: [60],
    order: 'ascending',
  },
  series: [
    { role: 'import', value: 'Volume', unit: 'kWh', when: { column: 'Eenheid', text: 'kWh' } },
    { role: 'corroboration', value: 'Volume', unit: 'm3', when: { column: 'Eenheid', text: 'm³' } },
  ],
  quality: {
    column: 'Validatiestatus',
    classes: [
      { text: 'Gevalideerd', class: 'actual' },
      { text: 'Geschat', class: 'estimated' },
      // "No consumption": the volume is left out.
      { text: 'Geen verbruik', class: 'actual', isBlankZero: true },
    ],
  },
  marks: [
    { column: 'Metertype', texts: [{ text: 'Digitale Meter' }] },
    { column: 'Register', texts: [{ text: 'Afname' }] },
    {
      column: 'Calorische Bovenwaarde',
      texts: [{ text: '' }, { text: 'Definitief' }, { text: 'Voorlopig', flag: 'calorific-value-provisional' }],
    },
  ],
  identities: [
    // Written as a formula, so that spreadsheets keep all 18 digits.
    { fact: 'point', from: { column: 'EAN-code' }, pattern: /^="(\d{18})"$/ },
    { fact: 'meter', from: { column: 'Meter' }, pattern: /^([\dA-Za-z]{4,24})$/ },
  ],
}
