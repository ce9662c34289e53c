import type { BillTemplate } from '../template.ts'
import { RGE } from './rge.ts'

/**
 * RGE Sul (Rio Grande do Sul, Brazil), "Nota Fiscal / Conta de Energia Elétrica" print of low-voltage bills with one tariff,
 * in use in 2022. As in {@link RGE_3} the same energy is charged twice; the credit for solar power is at most the energy
 * that was used, so that the register is the only place where all of it stands. The days are those of the tariff flags.
 */
export const RGE_2: BillTemplate = {
  ...RGE,
  id: 'rge-2',
  version: '1.0.0',
  fingerprint: [
    { text: 'ContadeEnergiaElétrica' },
    { text: 'www.rge-rs.com.br' },
    { text: 'DatadeApresentação:' },
    { text: 'LoteRoteirodeleituraN°.MedidorPN' },
    { text: 'NºEnergiaLeituraLeituraFatorConsumoTaxadePerdaLeitura' },
    { text: 'TotalDistribuidora' },
  ],
  period: /(?<!\d)(?<end>\d{2}\/\d{2}\/\d{4})(?<start>\d{2}\/\d{2}\/\d{4})Multipl\./,
  dayParts: /(?<!\d)(?<days>\d{1,2})Dias/,
  import: {
    label: /\d{8}Ativa/,
    row: /(?<!\d)(?<meter>\d{8})Ativa(?<digits>\d+),(?<fraction>\d{2})(?<energy>\d{1,7})(?=\d{2}\/\d{2}\/\d{4}|$)/,
    order: 'latest-previous',
  },
  export: {
    label: /\d{8}Injetada/,
    row: /(?<!\d)(?<meter>\d{8})Injetada(?<digits>\d+),(?<fraction>\d{2})(?<energy>\d{1,7})(?=\d{2}\/\d{2}\/\d{4}|$)/,
    order: 'latest-previous',
  },
  registers: /(?<!\d)\d{8}[^\d,./]{3,40}\d{3,24},\d{3}/,
  energyLines: [
    /EnergiaAtivaFornecida-TUSD[A-Z]{3}\/\d{2}(?<quantity>\d{1,3}(?:\.\d{3})*,\d{3})kWh/,
    /EnergiaAtivaFornecida-TE[A-Z]{3}\/\d{2}(?<quantity>\d{1,3}(?:\.\d{3})*,\d{3})kWh/,
  ],
  amountLines: [
    /[A-Z]{3}\/\d{2}\d{1,3}(?:\.\d{3})*,\d{3}kWh\d,\d{8}(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)/,
    /[A-Z]{3}\/\d{2}(?<amount>\d{1,3}(?:\.\d{3})*,\d{2}-?)(?!\dkWh)/,
  ],
  total: /TotalConsolidado(?<total>\d{1,3}(?:\.\d{3})*,\d{2})/,
  point: /(?<!\d)(?<id>\d{10})[A-Z]{3}\/\d{4}\d{2}\/\d{2}\/\d{4}\d/,
  account: /ContaContratoN°(?<id>\d{12})(?!\d)/,
  invoice: /^Nº(?<id>\d{7})Série/,
}
