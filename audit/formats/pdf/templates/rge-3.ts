import type { BillTemplate } from '../template.ts'
import { RGE } from './rge.ts'

/**
 * RGE Sul (Rio Grande do Sul, Brazil), "DANF3E" print of low-voltage bills with one tariff, in use in 2023, with or without
 * solar power of one's own. The same energy is charged twice, for the network (TUSD) and as energy (TE). What was fed in
 * stands at its register; the lines "Injetada" are credits, also of older months.
 */
export const RGE_3: BillTemplate = {
  ...RGE,
  id: 'rge-3',
  version: '1.0.0',
  fingerprint: [
    { text: 'DANF3E-DOCUMENTOAUXILIARDANOTA' },
    { text: 'FISCALDEENERGIAELÉTRICAELETRÔNICA' },
    { text: 'RGESULDISTRIBUIDORADEENERGIAS.A.' },
    { text: 'InscriçãonoCNPJ:02.016.440/0001-62' },
    { text: 'EnergiaAtiva-kWhúnico' },
    { text: 'TotalDistribuidora' },
  ],
  period: /(?<!\d)(?<end>\d{2}\/\d{2}\/\d{4})(?<start>\d{2}\/\d{2}\/\d{4})(?<days>\d{2})(?![\d/])/,
  import: {
    label: /EnergiaAtiva-kWh/,
    row: /(?<!\d)(?<meter>\d{8})EnergiaAtiva-kWhúnico(?<digits>\d+),(?<fraction>\d{2})(?<energy>\d{1,7})(?![\d.,])/,
    order: 'previous-latest',
  },
  export: {
    label: /\d{8}EnergiaInjetada/,
    row: /(?<!\d)(?<meter>\d{8})EnergiaInjetadaúnico(?<digits>\d+),(?<fraction>\d{2})(?<energy>\d{1,7})(?![\d.,])/,
    order: 'previous-latest',
  },
  registers: /(?<!\d)\d{8}\D{3,40}único\d/,
  energyLines: [
    /ConsumoUsoSistema\[KWh\]-TUSD[A-Z]{3}\/\d{2}kWh(?<quantity>\d{1,3}(?:\.\d{3})*,\d{4})\d,\d{8}\d,\d{8}/,
    /Consumo-TE[A-Z]{3}\/\d{2}kWh(?<quantity>\d{1,3}(?:\.\d{3})*,\d{4})\d,\d{8}\d,\d{8}/,
  ],
  amountLines: [
    /[A-Z]{3}\/\d{2}kWh\d{1,3}(?:\.\d{3})*,\d{4}\d,\d{8}\d,\d{8}(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)/,
    /[A-Z]{3}\/\d{2}(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)/,
  ],
  total: /[A-Z]{3}\/\d{4}\d{2}\/\d{2}\/\d{4}R\$(?<total>\d{1,3}(?:\.\d{3})*,\d{2})(?!\d)/,
  point: /(?:CPF:[\d*.]{10,11}-[\d*]{2}|CNPJ:[\d*.]{10}\/\d{4}-[\d*]{2})(?<id>\d{10})(?!\d)/,
  invoice: /NOTAFISCALNº(?<id>\d{9})-SÉRIE/,
}
