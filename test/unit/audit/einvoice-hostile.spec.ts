import assert from 'node:assert/strict'
import { bill, ciiFile, extract, factsOf, figures, kWh, refusal, ublFile } from './einvoice-file.ts'

const GOOD = bill([kWh('Wirkarbeit', '1000', { price: '0.25', amount: '250.00' })])
const CAC = 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2'

describe('hostile e-invoices', () => {
  it('have no document type: no entity ever means anything', async () => {
    const file = ublFile(GOOD)
    const spoof = file.replace('?>', '?><!DOCTYPE Invoice [<!ENTITY kwh "9999">]>').replace('>1000<', '>&kwh;<')
    assert.match(await refusal(spoof), /^reject ERR_BILL_DOCTYPE/)
    const outside = file.replace('?>', '?><!DOCTYPE Invoice SYSTEM "file:///etc/hostname">')
    assert.match(await refusal(outside), /^reject ERR_BILL_DOCTYPE/)
    assert.match(await refusal(ciiFile(GOOD).replace('>1000<', '>&kwh;<')), /^reject ERR_BILL_XML/)
  })

  it('are refused when they are too deep, too wide, too long', async () => {
    const deep = ublFile(GOOD, { more: '<cac:A>'.repeat(80) + '</cac:A>'.repeat(80) })
    assert.match(await refusal(deep), /^reject ERR_BILL_DEPTH/)
    const wide = Array.from({ length: 90 }, (_, index) => `a${index}="1"`).join(' ')
    assert.match(await refusal(ublFile(GOOD, { more: `<cbc:A ${wide}/>` })), /^reject ERR_BILL_TOO_LARGE/)
    assert.match(
      await refusal(ublFile(GOOD, { more: `<cbc:Note>${'x'.repeat(70_000)}</cbc:Note>` })),
      /^reject ERR_BILL_TOO_LARGE/,
    )
  })

  it('may carry files of any length, which are no text of the bill', async () => {
    const attached = `<cac:AdditionalDocumentReference><cbc:ID>a.pdf</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>${'QUJD'.repeat(60_000)}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>`
    assert.deepEqual(await figures(ublFile(GOOD, { more: attached })), ['electricity 2024-03-01..2024-04-01 1000 kWh'])
  })

  it('cannot smuggle in elements of another namespace that have a name of the format', async () => {
    const spoofs = [
      '<x:InvoicePeriod xmlns:x="urn:evil"/>',
      '<InvoiceLine xmlns=""/>',
      '<x:ID xmlns:x="urn:evil">R-2</x:ID>',
      '<x:AdditionalDocumentReference xmlns:x="urn:evil"/>',
    ]
    for (const more of spoofs) assert.match(await refusal(ublFile(GOOD, { more })), /^reject ERR_BILL_NAMESPACE/, more)
    const quantity = '<x:InvoicedQuantity xmlns:x="urn:evil" unitCode="KWH">1</x:InvoicedQuantity>'
    const inLine = ublFile(GOOD).replace('<cbc:InvoicedQuantity', `${quantity}<cbc:InvoicedQuantity`)
    assert.equal(await refusal(inLine), 'reject ERR_BILL_NAMESPACE InvoicedQuantity')
    const cii = ciiFile(GOOD).replace(
      '<ram:BilledQuantity',
      '<BilledQuantity xmlns="urn:evil" unitCode="KWH">1</BilledQuantity><ram:BilledQuantity',
    )
    assert.equal(await refusal(cii), 'reject ERR_BILL_NAMESPACE BilledQuantity')
    const seef =
      '<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent><x:SEEFExtensionWrapper xmlns:x="urn:evil"/></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>'
    assert.equal(await refusal(ublFile(GOOD, { extensions: seef })), 'reject ERR_BILL_NAMESPACE SEEFExtensionWrapper')
  })

  it('may have elements of other names from anywhere', async () => {
    const foreign = '<x:Warehouse xmlns:x="urn:stock"><x:Shelf>7</x:Shelf></x:Warehouse>'
    assert.deepEqual(await figures(ublFile(GOOD, { more: foreign })), ['electricity 2024-03-01..2024-04-01 1000 kWh'])
    const signature =
      '<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent><s:Sig xmlns:s="urn:sig"/></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>'
    assert.equal((await extract(ublFile(GOOD, { extensions: signature }))).verdict, 'facts')
  })

  it('are known by the namespace of their root alone', async () => {
    const other = ublFile(GOOD).replace('schema:xsd:Invoice-2', 'schema:xsd:Invoice-9')
    assert.equal((await extract(other)).verdict, 'unsupported')
    assert.equal((await extract('<Invoice><ID>1</ID></Invoice>')).verdict, 'unsupported')
    assert.equal((await extract(`<Invoice xmlns="${CAC}"/>`)).verdict, 'unsupported')
  })

  it('need a person when an element that is single stands twice', async () => {
    const file = ublFile(GOOD)
    const twice = (element: string): string => file.replace(element, element + element)
    const cases = [
      '<cbc:InvoicedQuantity unitCode="KWH">1000</cbc:InvoicedQuantity>',
      '<cbc:LineExtensionAmount>250.00</cbc:LineExtensionAmount>',
      '<cbc:PriceAmount>0.25</cbc:PriceAmount>',
      '<cbc:ID>R-1001</cbc:ID>',
    ]
    for (const element of cases) assert.match(await refusal(twice(element)), /^needs-review ERR_BILL_UNSTATED/, element)
  })

  it('are refused over 20,000 lines and over 64 bills, at once', async () => {
    const many = (count: number, month: (index: number) => string): string =>
      ublFile(
        bill(
          Array.from({ length: count }, (_, index) =>
            kWh('Wirkarbeit', `${index}.5`, { point: [month(index), 'AVE'] }),
          ),
        ),
      )
    assert.deepEqual(await figures(many(20_000, () => 'P1000')), ['electricity 2024-03-01..2024-04-01 200000000 kWh'])
    assert.equal(await refusal(many(20_001, () => 'P1000')), 'reject ERR_BILL_TOO_LARGE InvoiceLine')
    assert.equal((await factsOf(many(64, (index) => `P${1000 + index}`))).length, 64)
    assert.equal(await refusal(many(65, (index) => `P${1000 + index}`)), 'reject ERR_BILL_TOO_LARGE Invoice')
  })

  it('have identifiers that print, of a length that a meter has', async () => {
    const point = (id: string): string => ublFile({ ...GOOD, points: [id] })
    assert.equal(await refusal(point('A\u200bB')), 'reject ERR_BILL_FIELD Invoice')
    assert.equal(await refusal(point('9'.repeat(129))), 'reject ERR_BILL_FIELD Invoice')
    assert.equal((await factsOf(point('ab 12\u00a034')))[0]?.point, 'AB1234')
    const name = 'x'.repeat(500)
    const [facts] = await factsOf(ublFile({ ...GOOD, supplier: { name } }))
    assert.equal(facts?.utility?.name, 'x'.repeat(128))
  })

  it('do not slow a node down by their words', async () => {
    const words = `${'strom '.repeat(5_000)}${'a'.repeat(5_000)} ${'.'.repeat(5_000)}`
    const line = kWh(words, '10', { description: words, note: words, properties: { [words]: words } })
    const { verdict } = await extract(
      ublFile(
        bill(
          Array.from({ length: 50 }, () => line),
          { notes: [words] },
        ),
      ),
    )
    assert.equal(verdict, 'needs-review')
  })

  it('come in the envelope of the Peppol network', async () => {
    const space = 'http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader'
    const wrap = (inner: string): string =>
      `<sh:StandardBusinessDocument xmlns:sh="${space}"><sh:StandardBusinessDocumentHeader/>${inner}</sh:StandardBusinessDocument>`
    const inner = ublFile(GOOD).replace(/^<\?xml[^>]*>/, '')
    assert.deepEqual(await figures(wrap(inner)), ['electricity 2024-03-01..2024-04-01 1000 kWh'])
    assert.match(await refusal(wrap('')), /^reject ERR_BILL_FIELD/)
    assert.match(await refusal(wrap(inner + inner)), /^reject ERR_BILL_FIELD/)
    assert.match(await refusal(wrap('<x/>')), /^reject ERR_BILL_FORMAT_UNKNOWN/)
  })
})
