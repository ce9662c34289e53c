import assert from 'node:assert/strict'
import { formatDecimal } from '#protocol'
import { escapeXml, extract, factsOf, figures, refusal } from './einvoice-file.ts'

type Line = {
  text?: string
  quantity?: string
  unit?: string
  period?: readonly [string, string]
  price?: string
  total?: string
  codes?: Readonly<Record<string, string>>
  data?: Readonly<Record<string, string>>
  more?: string
}

type Body = {
  type?: string
  number?: string
  linked?: string
  contract?: string
  payments?: readonly string[]
  note?: string
  lines: readonly Line[]
}

type File = { format?: string; prefix?: string; space?: string; bodies: readonly Body[] }

const POD = 'IT001E98765432'
const FEBRUARY = ['2024-02-01', '2024-02-29'] as const

function tag(name: string, text: string | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(text)}</${name}>`
}

function lineOf(line: Line, index: number): string {
  const [start, end] = line.period ?? FEBRUARY
  return [
    '<DettaglioLinee>',
    tag('NumeroLinea', String(index + 1)),
    ...Object.entries(line.codes ?? { POD }).map(
      ([kind, value]) => `<CodiceArticolo>${tag('CodiceTipo', kind)}${tag('CodiceValore', value)}</CodiceArticolo>`,
    ),
    tag('Descrizione', line.text),
    tag('Quantita', line.quantity),
    tag('UnitaMisura', line.unit),
    start === '' ? '' : tag('DataInizioPeriodo', start) + tag('DataFinePeriodo', end),
    tag('PrezzoUnitario', line.price),
    line.more ?? '',
    tag('PrezzoTotale', line.total),
    ...Object.entries(line.data ?? {}).map(
      ([kind, value]) =>
        `<AltriDatiGestionali>${tag('TipoDato', kind)}${tag('RiferimentoTesto', value)}</AltriDatiGestionali>`,
    ),
    '</DettaglioLinee>',
  ].join('')
}

function bodyOf(body: Body): string {
  const { type = 'TD01', number = '2024/17', linked, contract, payments = ['244.00'], note, lines } = body
  return [
    '<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento>',
    tag('TipoDocumento', type) + tag('Divisa', 'EUR') + tag('Data', '2024-03-10') + tag('Numero', number),
    tag('ImportoTotaleDocumento', '244.00') + tag('Causale', note),
    '</DatiGeneraliDocumento>',
    contract === undefined ? '' : `<DatiContratto>${tag('IdDocumento', contract)}</DatiContratto>`,
    linked === undefined ? '' : `<DatiFattureCollegate>${tag('IdDocumento', linked)}</DatiFattureCollegate>`,
    `</DatiGenerali><DatiBeniServizi>${lines.map(lineOf).join('\n')}</DatiBeniServizi>`,
    `<DatiPagamento>${payments.map((sum) => `<DettaglioPagamento>${tag('ImportoPagamento', sum)}</DettaglioPagamento>`).join('')}</DatiPagamento>`,
    `<Allegati><NomeAttachment>a.pdf</NomeAttachment><Attachment>${'QUJD'.repeat(20_000)}</Attachment></Allegati>`,
    '</FatturaElettronicaBody>',
  ].join('\n')
}

function file(init: File): string {
  const {
    format = 'FPR12',
    prefix = 'p',
    space = 'http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2',
    bodies,
  } = init
  return `<?xml version="1.0" encoding="UTF-8"?>
<${prefix}:FatturaElettronica versione="${format}" xmlns:${prefix}="${space}">
<FatturaElettronicaHeader><DatiTrasmissione><FormatoTrasmissione>${format}</FormatoTrasmissione></DatiTrasmissione>
<CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567897</IdCodice></IdFiscaleIVA><Anagrafica><Denominazione>Luce di Prova S.p.A.</Denominazione></Anagrafica></DatiAnagrafici></CedentePrestatore>
</FatturaElettronicaHeader>
${bodies.map(bodyOf).join('\n')}
</${prefix}:FatturaElettronica>`
}

const BILL: readonly Line[] = [
  { text: 'Spesa per la materia energia F1', quantity: '120.00', unit: 'kWh', price: '0.25', total: '30.00' },
  { text: 'Spesa per la materia energia F2', quantity: '80.00', unit: 'KWH', price: '0.20', total: '16.00' },
  { text: 'Spesa per la materia energia F3', quantity: '100.00', unit: 'kwh', price: '0.15', total: '15.00' },
  { text: 'Perdite di rete', quantity: '30.00', unit: 'kWh', price: '0.20', total: '6.00' },
  {
    text: 'Spesa per il trasporto e la gestione del contatore',
    quantity: '300.00',
    unit: 'kWh',
    price: '0.01',
    total: '3.00',
  },
  { text: 'Spesa per oneri di sistema', quantity: '300.00', unit: 'kWh', price: '0.02', total: '6.00' },
  { text: 'Accisa', quantity: '300.00', unit: 'kWh', price: '0.0125', total: '3.75' },
  { text: 'Imposta erariale sull’energia elettrica', quantity: '150.00', unit: 'kWh', price: '0.01', total: '1.50' },
  { text: 'Quota fissa', quantity: '1.00', unit: 'mese', price: '9.00', total: '9.00' },
]

function one(lines: readonly Line[], body: Partial<Body> = {}): string {
  return file({ bodies: [{ ...body, lines }] })
}

describe('FatturaPA', () => {
  it('counts the energy alone: registers add, transport, levies, taxes and losses do not', async () => {
    for (const format of ['FPA12', 'FPR12']) {
      const [facts, ...others] = await factsOf(file({ format, bodies: [{ contract: 'C-9', lines: BILL }] }))
      assert.ok(facts)
      assert.deepEqual(others, [])
      assert.equal(formatDecimal(facts.import.value), '300')
      assert.deepEqual(facts.service, { start: '2024-02-01', end: '2024-03-01', basis: 'printed-inclusive' })
      assert.deepEqual(
        [facts.format, facts.commodity, facts.point, facts.account, facts.invoice, facts.place?.country],
        ['fattura-pa', 'electricity', POD, 'C-9', '2024/17', 'IT'],
      )
      assert.deepEqual(facts.utility, { id: 'vat:IT01234567897', name: 'Luce di Prova S.p.A.', role: 'both' })
      assert.deepEqual(facts.money, { currency: 'EUR', payable: { u: 244n, e: 0 } })
    }
  })

  it('has no order of lines, no prefix of its own and no line ends', async () => {
    const strip = async (text: string): Promise<unknown> =>
      (await factsOf(text)).map(({ sources, ...rest }) => [rest, Object.keys(sources)])
    const expected = await strip(one(BILL))
    assert.deepEqual(await strip(one(BILL.toReversed())), expected)
    assert.deepEqual(await strip(file({ prefix: 'ns3', bodies: [{ lines: BILL }] })), expected)
    assert.deepEqual(await strip(`\ufeff${one(BILL).replaceAll('\n', '\r\n')}`), expected)
  })

  it('is read in all spellings of its units, and needs a person for others', async () => {
    const gas = (unit: string): string =>
      one([{ text: 'Spesa per la materia gas naturale', quantity: '81', unit, codes: { PDR: '01234567890123' } }])
    assert.deepEqual(await figures(gas('Smc')), ['gas 2024-02-01..2024-03-01 81 m3'])
    assert.deepEqual(await figures(gas('smc')), ['gas 2024-02-01..2024-03-01 81 m3'])
    const water = one([
      { text: 'Consumo acqua potabile', quantity: '12', unit: 'mc', codes: {}, data: { CODCLI: '88' } },
    ])
    assert.deepEqual(await figures(water), ['water 2024-02-01..2024-03-01 12 m3'])
    const large = one([{ text: 'Energia elettrica', quantity: '1.5', unit: 'MWh' }])
    assert.deepEqual(await figures(large), ['electricity 2024-02-01..2024-03-01 1.5 MWh'])
    for (const unit of ['mwh', 'kW/h', 'kW h']) {
      assert.equal(
        await refusal(one([{ text: 'Energia elettrica', quantity: '150', unit }])),
        'needs-review ERR_BILL_UNIT Quantita',
        unit,
      )
    }
    assert.equal(
      await refusal(one([{ text: 'Energia elettrica', quantity: '150' }])),
      'needs-review ERR_BILL_UNIT Quantita',
    )
    assert.equal(
      await refusal(one([{ text: 'Energia elettrica', quantity: '1', unit: 'PZ' }])),
      'reject ERR_BILL_NO_CONSUMPTION FatturaElettronicaBody',
    )
  })

  it('names the point in a code, other data or the text of a line', async () => {
    const energy = { text: 'Energia elettrica', quantity: '10', unit: 'kWh' }
    const pointOf = async (line: Line): Promise<string | undefined> =>
      (await factsOf(one([line], { contract: 'C' })))[0]?.point
    assert.equal(await pointOf({ ...energy, codes: { POD: 'it001e 98765432' } }), POD)
    assert.equal(await pointOf({ ...energy, codes: {}, data: { POD } }), POD)
    assert.equal(await pointOf({ ...energy, codes: {}, text: `Energia elettrica POD ${POD}` }), POD)
    assert.equal(await pointOf({ ...energy, codes: { EAN: '8000000000000' } }), undefined)
    assert.equal(await pointOf({ ...energy, codes: {} }), undefined)
  })

  it('may hold several documents, each with its own point', async () => {
    const line = (pod: string): Line => ({
      text: 'Energia elettrica',
      quantity: '10',
      unit: 'kWh',
      codes: { POD: pod },
    })
    const two = file({
      bodies: [
        { number: '1', lines: [line('IT001E00000002')] },
        { number: '2', lines: [line('IT001E00000001')] },
      ],
    })
    assert.deepEqual(
      (await factsOf(two)).map(({ point, invoice }) => [point, invoice]),
      [
        ['IT001E00000001', '2'],
        ['IT001E00000002', '1'],
      ],
    )
    const same = file({
      bodies: [
        { number: '1', lines: [line(POD)] },
        { number: '2', lines: [line(POD)] },
      ],
    })
    assert.equal(await refusal(same), 'needs-review ERR_BILL_READINGS_CONFLICT FatturaElettronicaBody')
    const mixed = file({
      bodies: [{ lines: [line('IT001E00000001')] }, { type: 'TD04', linked: '1', lines: [line(POD)] }],
    })
    assert.equal(await refusal(mixed), 'needs-review ERR_BILL_CORRECTION FatturaElettronicaBody')
  })

  it('credits by its type, and asks for money in advance by another', async () => {
    const { verdict, bills } = await extract(one(BILL, { type: 'TD04', linked: '2024/11' }))
    assert.equal(verdict, 'correction')
    assert.deepEqual(
      [bills[0]?.kind, bills[0]?.corrects, bills[0]?.money?.payable],
      ['correction', '2024/11', { u: -244n, e: 0 }],
    )
    assert.equal(await refusal(one(BILL, { type: 'TD04' })), 'needs-review ERR_BILL_CORRECTION FatturaElettronicaBody')
    assert.equal(await refusal(one(BILL, { type: 'TD02' })), 'needs-review ERR_BILL_FORECAST FatturaElettronicaBody')
    assert.equal(await refusal(one(BILL, { type: 'TD16' })), 'needs-review ERR_BILL_UNSTATED FatturaElettronicaBody')
  })

  it('is checked line by line, but for lines with a discount', async () => {
    const wrong = { text: 'Energia elettrica', quantity: '10', unit: 'kWh', price: '0.25', total: '25.00' }
    assert.equal(await refusal(one([wrong])), 'needs-review ERR_BILL_ARITHMETIC PrezzoTotale')
    const discount = '<ScontoMaggiorazione><Tipo>SC</Tipo><Percentuale>10.00</Percentuale></ScontoMaggiorazione>'
    const [facts] = await factsOf(one([{ ...wrong, more: discount }]))
    assert.ok(facts?.flags.includes('arithmetic-unchecked') === true)
  })

  it('needs a period, and a person where it has none', async () => {
    const none = { text: 'Energia elettrica', quantity: '10', unit: 'kWh', period: ['', ''] as const }
    assert.equal(await refusal(one([none])), 'facts ERR_BILL_UNSTATED DettaglioLinee 1')
    const begun = { ...none, period: ['2024-01-01', ''] as const }
    assert.equal(await refusal(one([begun])), 'needs-review ERR_BILL_UNSTATED DettaglioLinee 1')
    // What one document states is not what the file states.
    for (const bodies of [
      [{ lines: [none] }, { lines: BILL }],
      [{ lines: BILL }, { lines: [none] }],
      [{ lines: [none] }, { lines: [none] }],
    ]) {
      const { verdict, reason, read } = await extract(file({ bodies }))
      assert.deepEqual([verdict, reason?.code, read], ['needs-review', 'ERR_BILL_UNSTATED', undefined])
    }
  })

  it('is known by its root and transmission format, and is no place for other namespaces', async () => {
    assert.equal((await extract(file({ format: 'FSM10', bodies: [{ lines: BILL }] }))).verdict, 'unsupported')
    assert.equal((await extract(file({ space: 'urn:evil', bodies: [{ lines: BILL }] }))).verdict, 'unsupported')
    const spoof = one(BILL).replace('<Quantita>', '<x:Quantita xmlns:x="urn:evil">1</x:Quantita><Quantita>')
    assert.equal(await refusal(spoof), 'reject ERR_BILL_NAMESPACE Quantita')
    const twice = one(BILL).replace('<Quantita>', '<Quantita>1</Quantita><Quantita>')
    assert.equal(await refusal(twice), 'needs-review ERR_BILL_UNSTATED Quantita')
    assert.match(await refusal(one(BILL).replace('?>', '?><!DOCTYPE x>')), /^reject ERR_BILL_DOCTYPE/)
  })
})
