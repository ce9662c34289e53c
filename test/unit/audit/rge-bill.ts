import type { MadeText } from './pdf-file.ts'

/** Figures of an invented bill in the third print of RGE Sul; the defaults agree with each other. */
export type RgeBill = {
  readonly latest?: string
  readonly previous?: string
  readonly days?: string
  readonly readings?: string
  readonly energy?: string
  readonly injected?: string
  readonly charged?: string
  readonly supplied?: string
  readonly total?: string
  readonly note?: string
}

type Row = readonly (readonly [number, string])[]

/** Pieces of text of such a bill: 512 kWh and 301 kWh fed in, from 2024-02-07 to 2024-03-08, 136.62 BRL. */
export function rgePage(bill: RgeBill = {}): MadeText[] {
  return rowsOf(bill).flatMap((row, index) => row.map(([x, text]) => ({ text, x, y: 40 + 14 * index })))
}

function rowsOf(bill: RgeBill): Row[] {
  const { latest = '08/03/2024', previous = '07/02/2024', days = '30', total = '136,62' } = bill
  const { charged = '512,0000', supplied = '512,0000', energy = '512', readings = '9871 10383' } = bill
  const [first = '', second = ''] = readings.split(' ')
  return [
    [[40, 'DANF3E - DOCUMENTO AUXILIAR DA NOTA']],
    [[40, 'FISCAL DE ENERGIA ELÉTRICA ELETRÔNICA']],
    [[40, 'RGE SUL DISTRIBUIDORA DE ENERGIA S.A.']],
    [
      [40, 'Inscrição Estadual: 124/0305939 - '],
      [230, 'Inscrição no CNPJ: 02.016.440/0001-62'],
    ],
    [[40, 'MARINA QUITANILHA DE TESTE']],
    [[40, 'TRAVESSA INVENTADA 77']],
    [
      [40, latest],
      [120, previous],
      [200, days],
    ],
    [[300, 'CPF: ******.456-** 3084000175']],
    [[300, 'NOTA FISCAL Nº 700111222 - SÉRIE 0 / DATA DE EMISSÃO:']],
    [[300, latest]],
    [
      [40, 'MAR/2024'],
      [120, '25/03/2024'],
      [200, `R$ ${total}`],
    ],
    chargeRow('Consumo Uso Sistema [KWh]-TUSD', charged, '0,40000000', '0,50000000', '256,00'),
    chargeRow('Consumo - TE', supplied, '0,30000000', '0,35000000', '179,20'),
    chargeRow('Energia Ativa Injetada TUSD', '301,0000', '0,40000000', '0,60000000', '180,60-'),
    chargeRow('Energia Ativa Injetada TE', '301,0000', '0,30000000', '0,43205981', '130,05-'),
    [
      [40, 'Total Distribuidora'],
      [430, '124,55'],
    ],
    [[40, bill.note ?? 'DÉBITOS DE OUTROS SERVIÇOS']],
    [
      [40, 'Contribuição Custeio IP-CIP'],
      [220, 'MAR/24'],
      [430, '12,07'],
    ],
    registerRow('Energia Ativa-kWh', first, second, energy),
    registerRow('Energia Injetada', '20118', '20419', bill.injected ?? '301'),
    [
      [330, 'Verde'],
      [380, '23 Dias'],
    ],
    [
      [330, 'Amarela'],
      [380, '7 Dias'],
    ],
  ]
}

function chargeRow(name: string, quantity: string, net: string, gross: string, amount: string): Row {
  return [
    [40, name],
    [220, 'MAR/24'],
    [260, 'kWh'],
    [290, quantity],
    [340, net],
    [390, gross],
    [450, amount],
    [500, '17,00'],
  ]
}

function registerRow(name: string, first: string, second: string, energy: string): Row {
  return [
    [40, '30840001'],
    [90, name],
    [180, 'único'],
    [220, first],
    [260, second],
    [300, '1,00'],
    [330, energy],
  ]
}
