import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { extractBill } from '#audit'
import { utf8 } from '#protocol'
import type { Facts } from '#protocol'
import { SAMPLE_INVOICE } from '../../support/pdf-samples.ts'
import { pdfFile, streamObject } from './pdf-file.ts'
import type { MadeAttachment } from './pdf-file.ts'
import { zipFile } from './zip-file.ts'

const INVOICE = readFileSync(SAMPLE_INVOICE)
const HASH = createHash('sha256').update(INVOICE).digest('hex')

async function extract(...attachments: readonly MadeAttachment[]): ReturnType<typeof extractBill> {
  return extractBill(pdfFile({ pages: [[{ text: 'Rechnung', x: 40, y: 80 }]], attachments }))
}

async function refusal(...attachments: readonly MadeAttachment[]): Promise<string> {
  const { verdict, reason, bills } = await extract(...attachments)
  assert.equal(bills.length, 0)
  return `${verdict} ${reason?.code ?? ''} ${reason?.place?.path ?? 'without place'}`
}

describe('an invoice inside a PDF', () => {
  it('gives the facts of the invoice, under each of its names, and says from which bytes', async () => {
    const [bare] = (await extractBill(INVOICE)).bills
    assert.ok(bare)
    for (const name of ['factur-x.xml', 'zugferd-invoice.xml', 'ZUGFeRD-invoice.xml', 'xrechnung.xml']) {
      const { verdict, format, bills } = await extract(
        { name, content: INVOICE },
        { name: 'b.pdf', content: '%PDF-1.4' },
      )
      assert.equal(`${verdict} ${format}`, 'facts pdf+e-invoice')
      const { extractor, format: inner, sources, ...facts }: Facts = bare
      assert.deepEqual(bills, [
        {
          ...facts,
          format: `pdf+${inner}`,
          extractor: { id: `pdf+${extractor.id}`, version: `1.1.0+unpdf.1.8.1.pdfjs.6.1.200, ${extractor.version}` },
          sources: { ...sources, attachment: `${name} sha256:${HASH}` },
        },
      ])
    }
  })

  it('is refused with the reason of the invoice, and the attachment in its place', async () => {
    const broken = Buffer.from(INVOICE).toString('utf8').replace('</rsm:CrossIndustryInvoice>', '')
    assert.match(await refusal({ name: 'factur-x.xml', content: utf8(broken) }), /^reject ERR_BILL_XML factur-x\.xml/)
  })

  it('goes to a person when there are several, or when a name only looks like one', async () => {
    const refused = 'needs-review ERR_BILL_CONTAINER attachments'
    const one = { name: 'factur-x.xml', content: INVOICE }
    assert.equal(await refusal(one, { name: 'xrechnung.xml', content: INVOICE }), refused)
    assert.equal(await refusal(one, { ...one, key: 'other' }), refused)
    assert.equal(await refusal(one, one), refused)
    for (const name of [
      'Factur-X.xml',
      'factur_x.xml',
      'factur-x.xml ',
      'a/factur-x.xml',
      String.raw`factur-x.xml\000`,
    ]) {
      assert.equal(await refusal({ name, content: INVOICE }), refused, name)
    }
    assert.equal(await refusal({ ...one, name: 'tips.xml', key: 'factur-x.xml' }), refused)
  })

  it('goes to a person when a file is attached that the list does not name', async () => {
    const hidden = [
      { number: 500, body: '<< /Type /Filespec /UF (factur-x.xml) /EF << /F 501 0 R >> >>' },
      streamObject(501, INVOICE),
    ]
    const attachments = [{ name: 'factur-x.xml', content: INVOICE }]
    const { verdict, reason } = await extractBill(pdfFile({ attachments, objects: hidden }))
    assert.equal(`${verdict} ${reason?.code ?? ''}`, 'needs-review ERR_BILL_CONTAINER')
  })

  it('is refused when there is something else under its name', async () => {
    const csv =
      'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind\nDE,,,,,P1,,,2024-01-01,2024-02-01,5,,kWh,actual\n'
    assert.equal(await refusal({ name: 'factur-x.xml', content: csv }), 'needs-review ERR_BILL_CONTAINER factur-x.xml')
    const archive = zipFile([{ name: 'bill.xml', content: INVOICE }])
    assert.match(
      await refusal({ name: 'factur-x.xml', content: archive }),
      /^(unsupported|needs-review) ERR_BILL_(NESTED|CONTAINER) /,
    )
  })

  it('is refused with too many attachments', async () => {
    const many = Array.from({ length: 33 }, (_, index) => ({ name: `leaflet-${index}.txt`, content: 'x' }))
    assert.equal(await refusal(...many), 'reject ERR_BILL_TOO_LARGE attachments')
  })
})
