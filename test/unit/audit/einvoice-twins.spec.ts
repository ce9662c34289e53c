import assert from 'node:assert/strict'
import fc from 'fast-check'
import { encodeFacts } from '#protocol'
import type { Extraction, Facts } from '#protocol'
import { bill, ciiFile, extract, factsOf, figures, kWh, ublFile } from './einvoice-file.ts'
import type { TestInvoice, TestLine } from './einvoice-file.ts'

/** What a file says, without where in the file it says so. */
function withoutPlaces({ verdict, reason, format, bills }: Extraction): unknown {
  const facts = bills.map(({ sources, ...rest }: Facts) => ({ ...rest, sources: Object.keys(sources).sort() }))
  return { verdict, code: reason?.code, format, facts }
}

async function said(text: string): Promise<unknown> {
  return withoutPlaces(await extract(text))
}

const figure = fc.tuple(fc.nat(99_999), fc.nat(999)).map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`)
const points = fc.constantFrom('707057500012345670', '707057500012345687')

/** Lines of one period: registers, levies on their sum, other goods, some lines that contradict. */
const lines = fc.array(
  fc.record({
    name: fc.constantFrom(
      'Arbeitspreis Strom HT',
      'Arbeitspreis Strom NT',
      'Stromsteuer',
      'Netznutzung',
      'Arbeitspreis Gas',
      'Einspeisung',
      'Sonderposition',
      'Lampe',
      'Verbrauch',
    ),
    quantity: fc.oneof(figure, fc.constantFrom('1000', '0', '-5', '1e3')),
    unit: fc.constantFrom('KWH', 'KWH', 'KWH', 'MWH', 'MTQ', 'DAY', 'C62'),
    price: fc.option(figure, { nil: undefined }),
    point: fc.option(points, { nil: undefined }),
    month: fc.option(fc.constantFrom('01', '02', '03'), { nil: undefined }),
    description: fc.option(fc.constantFrom('Abrechnung', 'geschätzt', 'inkl. aller Abgaben'), { nil: undefined }),
    note: fc.option(fc.constantFrom('Zähler-Nr. 4711', 'abgelesen'), { nil: undefined }),
  }),
  { maxLength: 7 },
)

/** Documents that are mostly consistent, so that facts, reviews and refusals all come up. */
const invoices: fc.Arbitrary<TestInvoice> = fc
  .record({
    lines,
    type: fc.constantFrom('380', '380', '380', '384', '381', '386'),
    precedes: fc.constantFrom([], ['F-1']),
    vat: fc.boolean(),
    isStated: fc.boolean(),
  })
  .map(({ lines: drawn, type, precedes, vat, isStated }) => {
    const { period, ...rest } = bill(drawn.map(toLine), {
      type,
      precedes,
      points: [],
      supplier: vat
        ? { name: 'Werke & Söhne', vat: 'DE123456789' }
        : { name: 'Werke & Söhne', scheme: '0204', id: '9' },
    })
    return isStated && period !== undefined ? { ...rest, period } : rest
  })

type Drawn = typeof lines extends fc.Arbitrary<(infer L)[]> ? L : never

function toLine({ name, quantity, unit, price, point, month, description, note }: Drawn): TestLine {
  return {
    name,
    quantity,
    unit,
    ...(price === undefined ? {} : { price }),
    ...(point === undefined ? {} : { point: [point, 'AVE'] as const }),
    ...(month === undefined ? {} : { period: [`2024-${month}-01`, `2024-${month}-28`] as const }),
    ...(description === undefined ? {} : { description }),
    ...(note === undefined ? {} : { note }),
  }
}

function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  return items
    .map((item, index) => ({ item, key: ((index + 1) * (seed + 7919) * 48_271) % 2_147_483_647 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

describe('e-invoices in two syntaxes', () => {
  it('give the same facts but for their places, or the same refusal', async () => {
    const verdicts = new Set<string>()
    await fc.assert(
      fc.asyncProperty(invoices, async (invoice) => {
        const ubl = await extract(ublFile(invoice))
        verdicts.add(ubl.verdict)
        assert.deepEqual(withoutPlaces(ubl), await said(ciiFile(invoice)))
        for (const facts of ubl.bills) {
          assert.ok(facts.import.value.u >= 0n)
          assert.ok(encodeFacts(facts).byteLength > 0)
        }
      }),
      { numRuns: 300, seed: 4 },
    )
    assert.deepEqual([...verdicts].sort(), ['correction', 'facts', 'needs-review', 'reject'])
  })

  it('give the same facts whatever the order of lines', async () => {
    await fc.assert(
      fc.asyncProperty(invoices, fc.nat(), async (invoice, seed) => {
        const [first, other] = [
          await extract(ublFile(invoice)),
          await extract(ublFile({ ...invoice, lines: shuffled(invoice.lines, seed) })),
        ]
        assert.equal(other.verdict, first.verdict)
        if (first.bills.length > 0) assert.deepEqual(withoutPlaces(other), withoutPlaces(first))
      }),
      { numRuns: 200, seed: 5 },
    )
  })

  it('give the same facts with other prefixes, line ends, a byte order mark and blanks', async () => {
    await fc.assert(
      fc.asyncProperty(invoices, async (invoice) => {
        const [ubl, cii] = [ublFile(invoice), ciiFile(invoice)]
        const expected = await said(ubl)
        const variants = [
          ublFile(invoice, { cac: 'a', cbc: 'x.1' }),
          ciiFile(invoice, { ram: 'n1', udt: 'Q' }),
          `\ufeff${ubl}`,
          ubl.replaceAll('\n', '\r\n'),
          ubl.replaceAll('><', '>\n\t <'),
          cii.replaceAll('\n', '\r\n'),
          ubl.replace('?>', '?><!-- <cbc:InvoicedQuantity unitCode="KWH">9</cbc:InvoicedQuantity> -->'),
          ubl.replaceAll(/<cbc:Name>([^<]*)<\/cbc:Name>/g, '<cbc:Name><![CDATA[$1]]></cbc:Name>'),
        ]
        for (const variant of variants) assert.deepEqual(await said(variant), expected)
      }),
      { numRuns: 60, seed: 6 },
    )
  })

  it('are read in the older Cross Industry Invoice of ZUGFeRD 1.0', async () => {
    const invoice = bill([kWh('Wirkarbeit HT', '600'), kWh('Wirkarbeit NT', '400'), kWh('Ökosteuer', '1000')])
    const older = ciiFile(invoice)
      .replace(
        'urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100',
        'urn:ferd:CrossIndustryDocument:invoice:1p0',
      )
      .replace('InformationEntity:100', 'InformationEntity:12')
      .replace('UnqualifiedDataType:100', 'UnqualifiedDataType:15')
      .replaceAll('CrossIndustryInvoice', 'CrossIndustryDocument')
      .replaceAll('rsm:ExchangedDocumentContext', 'rsm:SpecifiedExchangedDocumentContext')
      .replaceAll('rsm:ExchangedDocument>', 'rsm:HeaderExchangedDocument>')
      .replaceAll('rsm:SupplyChainTradeTransaction', 'rsm:SpecifiedSupplyChainTradeTransaction')
      .replaceAll('ApplicableHeaderTrade', 'ApplicableSupplyChainTrade')
      .replaceAll('SpecifiedLineTrade', 'SpecifiedSupplyChainTrade')
      .replaceAll('SettlementHeaderMonetary', 'SettlementMonetary')
      .replaceAll('SettlementLineMonetary', 'SettlementMonetary')
    assert.deepEqual(await said(older), await said(ublFile(invoice)))
    assert.deepEqual(await figures(older), ['electricity 2024-03-01..2024-04-01 1000 kWh'])
  })

  it('say of every fact where it stands, and by which tables it was found', async () => {
    const [facts] = await factsOf(ublFile(bill([kWh('Wirkarbeit', '600')])))
    assert.deepEqual(facts?.extractor, { id: 'e-invoice', version: '1.2.0+1.2.0' })
    assert.deepEqual(facts.sources, {
      import: 'InvoiceLine "1" (line 13)',
      service: 'Invoice period',
      point: 'Invoice',
      money: 'Invoice (line 12)',
    })
  })

  it('give the sum of their parts: a document split by point and period', async () => {
    const at = (point: string, month: string, quantity: string): TestLine =>
      kWh('Arbeitspreis Strom', quantity, { point: [point, 'AVE'], period: [`2024-${month}-01`, `2024-${month}-28`] })
    const all = [
      at('707057500012345670', '01', '10.5'),
      at('707057500012345670', '02', '20'),
      at('707057500012345687', '01', '30'),
    ]
    const whole = await extract(ublFile(bill(all)))
    const parts = await Promise.all(all.map(async (line) => extract(ublFile(bill([line])))))
    const ofFacts = ({ point, service, import: imported }: Facts): unknown => ({ point, service, imported })
    assert.deepEqual(
      whole.bills.map(ofFacts),
      parts.flatMap(({ bills }) => bills.map(ofFacts)),
    )
  })
})
