import type { BillTemplate } from '#audit'

/** Stadtwerke Beispielstadt, yearly bill of households with one register, in use in 2024. */
export const BEISPIELSTADT: BillTemplate = {
  kind: 'bill',
  id: 'beispielstadt-1',
  version: '1.0.0',
  fingerprint: [
    { text: 'StadtwerkeBeispielstadtGmbH' },
    { text: 'JahresrechnungStrom', at: { page: 1, x: 60, y: 120 } },
    { text: 'Zählernummer' },
    { text: 'ZustandneuZustandaltFaktorVerbrauch' },
  ],
  commodity: 'electricity',
  unit: 'kWh',
  currency: 'EUR',
  utility: { name: 'Stadtwerke Beispielstadt GmbH', role: 'both' },
  place: { country: 'DE' },
  doubts: [/geschätzt|rechnerischermittelt|hochgerechnet/i],
  period: /Ablesungvom(?<start>\d{2}\.\d{2}\.\d{4})bis(?<end>\d{2}\.\d{2}\.\d{4})\((?<days>\d{2,3})Tage\)/,
  import: {
    label: /kWhBezug/,
    row: /(?<!\d)(?<meter>\d{10})Bezug(?<digits>\d+),(?<fraction>\d{2})(?<energy>\d{1,6})kWhBezug/,
    order: 'latest-previous',
  },
  registers: /(?<!\d)\d{10}[A-Z][a-z]+\d/,
  energyLines: [/Arbeitspreis(?<quantity>\d{1,6})kWhx\d{1,3},\d{2}ct/],
  amountLines: [
    /Arbeitspreis\d{1,6}kWhx\d{1,3},\d{2}ct(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)EUR/,
    /Grundpreis(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)EUR/,
  ],
  total: /Rechnungsbetrag(?<total>\d{1,3}(?:\.\d{3})*,\d{2})EUR/,
  point: /Marktlokation(?<id>\d{11})(?!\d)/,
  invoice: /Rechnungsnummer(?<id>\d{8})(?!\d)/,
}
