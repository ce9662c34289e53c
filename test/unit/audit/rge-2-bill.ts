import type { MadeText } from './pdf-file.ts'

/** Figures of an invented bill in the second print of RGE Sul; the defaults agree with each other. */
export type Rge2Bill = {
  readonly latest?: string
  readonly previous?: string
  readonly flagDays?: readonly [string, string]
  readonly total?: string
  readonly injected?: string
}

/** Pieces of text of such a bill: 190 kWh and 244 kWh fed in, from 2022-06-10 to 2022-07-12, 35.20 BRL. */
export function rge2Page(bill: Rge2Bill = {}): MadeText[] {
  const { latest = '12/07/2022', previous = '10/06/2022', flagDays = ['19', '13'], total = '35,20' } = bill
  const rows: (readonly string[])[] = [
    ['Conta de Energia Elétrica'],
    ['Nº 0700111 Série A'],
    ['Data de Emissão: ', latest],
    ['Data de Apresentação:', ' 15/07/2022'],
    ['Conta Contrato N° ', '308400017599'],
    ['Lote Roteiro de leitura N°. ', 'Medidor PN'],
    ['MARINA QUITANILHA DE TESTE'],
    ['www.rge-rs.com.br', ' 308400017 INSTALAÇÃO'],
    ['3084000175', 'JUL/2022', '01/08/2022', total],
    ['0605', 'Energia Ativa Fornecida - TUSD', 'JUL/22', '190,000', 'kWh', '0,50000000', '95,00', '95,00'],
    ['0601', 'Energia Ativa Fornecida - TE', 'JUL/22', '190,000', 'kWh', '0,40000000', '76,00', '76,00'],
    ['0605', 'Energia Ativa Injetada TUSD', 'JUL/22', '190,000', 'kWh', '0,38000000', '72,20-', '72,20-'],
    ['0601', 'Energia Ativa Injetada TE', 'JUL/22', '190,000', 'kWh', '0,40000000', '76,00-', '76,00-'],
    ['Total Distribuidora', '22,80'],
    ['0807', 'Contrib. Custeio IP-CIP Municipal', 'JUL/22', '12,40'],
    ['Total Consolidado', total, '22,80', '5,70'],
    ['Verde', `${flagDays[0]} Dias`],
    ['Amarela', `${flagDays[1]} Dias`],
    ['Nº Energia', 'Leitura', 'Leitura', 'Fator', 'Consumo', 'Taxa de Perda', 'Leitura'],
    [latest, previous, 'Multipl.', '[kWh]', '[%]', 'Próximo Mês'],
    ['30840001', 'Ativa', '2190', '2000', '1,00', '190', '11/08/2022'],
    ['30840001', 'Injetada', '1500', '1256', '1,00', bill.injected ?? '244'],
  ]
  return rows.flatMap((row, index) => row.map((text, at) => ({ text, x: 30 + 68 * at, y: 40 + 14 * index, size: 6 })))
}
