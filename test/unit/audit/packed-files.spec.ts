import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { extractBill } from '#audit'
import type { TrustList } from '#audit'
import { encodeFacts, toHex, utf8 } from '#protocol'
import type { Extraction, Facts } from '#protocol'
import { SAMPLE_INVOICE } from '../../support/pdf-samples.ts'
import { signCms } from '../../support/signing/sign-cms.ts'
import { makeMail, signMail } from '../../support/signing/sign-mail.ts'
import { latin1 } from '../../support/signing/sign-pdf.ts'
import { trusting, trustingMail } from '../../support/signing/trust.ts'
import { pdfFile } from './pdf-file.ts'
import { zipFile } from './zip-file.ts'

const TABLE = utf8(
  'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind\n' +
    'DE,,,,Nordhafen,P-1,,,2023-01-01,2023-02-01,128,,kWh,actual\n',
)
const CHANGED = utf8(Buffer.from(TABLE).toString().replace(',128,', ',828,'))
const PDF = pdfFile({
  pages: [[{ text: 'Rechnung', x: 40, y: 80 }]],
  attachments: [{ name: 'factur-x.xml', content: readFileSync(SAMPLE_INVOICE) }],
})
const DOMAIN = { 'bills._domainkey.nordhafen.example': 'mail' } as const
const BOTH: TrustList = { ...trustingMail(DOMAIN), certificates: trusting(['below']).certificates }

function mailOf(...files: readonly Uint8Array[]): Uint8Array {
  return latin1(makeMail(files.map((bytes, index) => ({ name: `file-${index}`, bytes }))))
}

function zipOf(...files: readonly Uint8Array[]): Uint8Array {
  return zipFile(files.map((content, index) => ({ name: `file-${index}`, content })))
}

function inWords({ verdict, reason, origin }: Extraction): string {
  const from = origin === undefined ? '-' : `${origin.kind} ${origin.covers} ${origin.isTrusted ? '' : 'un'}trusted`
  return reason === undefined
    ? `${verdict} ${from}`
    : `${verdict} ${from} ${reason.code} ${reason.place?.path ?? 'nowhere'}`
}

/** Facts without the way to them, which each container tells. */
function bareFacts({ bills }: Extraction): readonly string[] {
  return bills.map((facts: Facts) => toHex(encodeFacts({ ...facts, sources: {} })))
}

describe('a file packed in a packed file', () => {
  it('is read like the file alone', async () => {
    const [table, invoice] = [await extractBill(TABLE), await extractBill(PDF)]
    assert.deepEqual([table.verdict, invoice.format], ['facts', 'pdf+e-invoice'])
    const signed = signCms({ content: TABLE })
    for (const [what, bytes] of [
      ['envelope in archive', zipOf(signed)],
      ['envelope in mail', mailOf(signed)],
      ['archive in mail', mailOf(zipOf(TABLE))],
      ['mail in archive', zipOf(mailOf(TABLE))],
      ['mail in mail', mailOf(mailOf(TABLE))],
      ['archive in envelope', signCms({ content: zipOf(TABLE) })],
      ['envelope in envelope', signCms({ content: signed })],
    ] as const) {
      const found = await extractBill(bytes)
      assert.equal(found.verdict, 'facts', `${what}: ${inWords(found)}`)
      assert.deepEqual(bareFacts(found), bareFacts(table), what)
    }
    for (const bytes of [zipOf(PDF), mailOf(PDF), signCms({ content: PDF })]) {
      const found = await extractBill(bytes)
      assert.equal(found.format, 'pdf+e-invoice', inWords(found))
      assert.deepEqual(bareFacts(found), bareFacts(invoice))
    }
  })

  it('states what it states alone where no claim can be made of it, with the same figures and the way to it', async () => {
    const produced = readFileSync(new URL('../../../samples/formats/csv/enphase.csv', import.meta.url))
    const { read } = await extractBill(produced)
    assert.equal(read?.length, 1)
    const invoice = readFileSync(SAMPLE_INVOICE, 'utf8').replace(
      /<ram:BillingSpecifiedPeriod>.*?<\/ram:BillingSpecifiedPeriod>/s,
      '',
    )
    const pdf = pdfFile({
      pages: [[{ text: 'Rechnung', x: 40, y: 80 }]],
      attachments: [{ name: 'factur-x.xml', content: utf8(invoice) }],
    })
    const code = 'ERR_BILL_GENERATION'
    for (const [bytes, expected] of [
      [zipOf(produced), `facts - ${code} file-0`],
      [mailOf(produced), `facts - ${code} part 2`],
      [mailOf(zipOf(produced)), `facts - ${code} part 2: file-0`],
      [signCms({ content: produced }), `facts cms all untrusted ${code} nowhere`],
      [pdf, 'facts - ERR_BILL_UNSTATED factur-x.xml: IncludedSupplyChainTradeLineItem 2'],
    ] as const) {
      const found = await extractBill(bytes)
      assert.equal(inWords(found), expected)
      assert.deepEqual(found.bills, [])
      if (bytes !== pdf) assert.deepEqual(found.read, read)
      else assert.deepEqual(found.read?.[0]?.missing, ['service'])
    }
    // The bill may be in the other attachment.
    const beside = await extractBill(mailOf(produced, utf8('a letter')))
    assert.deepEqual([beside.verdict, beside.read], ['needs-review', undefined])
  })

  it('is refused with code and place where it is packed a third time', async () => {
    const signed = signCms({ content: TABLE })
    const nested = 'ERR_BILL_NESTED'
    const cases: readonly (readonly [string, Uint8Array, string])[] = [
      ['envelope in archive in mail', mailOf(zipOf(signed)), `needs-review - ${nested} part 2: file-0: packed file`],
      [
        'PDF in envelope in archive',
        zipOf(signCms({ content: PDF })),
        `unsupported - ${nested} file-0: factur-x.xml: packed file`,
      ],
      ['envelope in mail in archive', zipOf(mailOf(signed)), `unsupported - ${nested} file-0: part 2: packed file`],
      [
        'mail in mail in mail',
        mailOf(mailOf(mailOf(TABLE))),
        `needs-review - ${nested} part 2: part 2: part 2: packed file`,
      ],
      [
        'envelope in envelope in envelope',
        signCms({ content: signCms({ content: signed }) }),
        `unsupported cms all untrusted ${nested} packed file`,
      ],
      // An archive in an archive is what bombs are made of, and no bill needs it.
      ['archive in archive', zipOf(zipOf(TABLE)), `unsupported - ${nested} file-0`],
      ['archive in archive in mail', mailOf(zipOf(zipOf(TABLE))), `needs-review - ${nested} part 2: file-0`],
    ]
    for (const [what, bytes, expected] of cases) {
      const found = await extractBill(bytes)
      assert.equal(inWords(found), expected, what)
      assert.deepEqual(found.bills, [], what)
    }
  })

  it('is no invoice inside a PDF, whatever its name', async () => {
    const invoice = readFileSync(SAMPLE_INVOICE)
    for (const content of [signCms({ content: invoice }), zipOf(invoice), mailOf(invoice)]) {
      const found = await extractBill(pdfFile({ attachments: [{ name: 'factur-x.xml', content }] }), BOTH)
      assert.match(
        inWords(found),
        /^(?:unsupported|needs-review) (?:-|cms all trusted) ERR_BILL_(?:NESTED|CONTAINER) factur-x\.xml/,
      )
      assert.deepEqual(found.bills, [])
    }
  })

  it('is signed by what covers it, and by nothing that stands beside it', async () => {
    const of = async (bytes: Uint8Array, trust: TrustList): Promise<string> => inWords(await extractBill(bytes, trust))
    const signed = signCms({ content: TABLE })
    const mail = (...files: readonly Uint8Array[]): Uint8Array =>
      latin1(signMail(Buffer.from(mailOf(...files)).toString('latin1')))
    // The signature around everything covers what is inside of the archive, too.
    assert.equal(await of(mail(zipOf(TABLE)), BOTH), 'facts dkim all trusted')
    assert.equal(await of(signCms({ content: zipOf(TABLE) }), BOTH), 'facts cms all trusted')
    // The archive is signed by nobody, and what was read of it is signed.
    assert.equal(await of(zipOf(signed), BOTH), 'facts cms all trusted')
    assert.equal(await of(zipOf(signed), trustingMail(DOMAIN)), 'facts cms all untrusted')
    // Whoever is trusted counts, and covers what was read.
    assert.equal(await of(mail(signed), BOTH), 'facts dkim all trusted')
    assert.equal(await of(mail(signed), trusting(['below'])), 'facts cms all trusted')
    assert.equal(await of(mailOf(signed), BOTH), 'facts cms all trusted')
    // A signed file beside the bill, or behind a changed one, signs nothing.
    const leaflet = signCms({ content: utf8('Dear customer') })
    assert.equal(await of(zipOf(TABLE, leaflet), BOTH), 'facts -')
    assert.equal(await of(mailOf(leaflet, TABLE), BOTH), 'facts -')
    assert.equal(await of(zipOf(CHANGED, signed), BOTH), 'needs-review - ERR_BILL_CONTAINER file-0')
    const broken = Buffer.from(Buffer.from(signed).toString('latin1').replace(',128,', ',828,'), 'latin1')
    assert.equal(await of(zipOf(broken), BOTH), 'needs-review - ERR_BILL_SIGNATURE file-0: SignedData')
    assert.equal(await of(mailOf(broken), BOTH), 'needs-review - ERR_BILL_SIGNATURE part 2: SignedData')
  })

  it('counts against one limit of files and bytes for all that is packed', async () => {
    const leaflet = utf8('Dear customer')
    const mails = (count: number): Uint8Array[] =>
      Array.from({ length: count }, (_, index) =>
        mailOf(...Array.from({ length: 49 }, () => leaflet), utf8(`${index}`)),
      )
    // 5 mails of 50 files each are 255 files, 6 are 306.
    assert.doesNotMatch(inWords(await extractBill(zipOf(...mails(5)))), /TOO_LARGE/)
    assert.equal(inWords(await extractBill(zipOf(...mails(6)))), 'reject - ERR_BILL_TOO_LARGE packed files')
    // Nothing is left aside to come below the limit: not the mail that goes beyond it, nor a bill before it.
    assert.equal(
      inWords(await extractBill(mailOf(TABLE, zipOf(...mails(6))))),
      'reject - ERR_BILL_TOO_LARGE packed files',
    )
    // One envelope is 18 MB, and so is what is in it.
    const large = utf8(Array.from({ length: 2_400_000 }, (_, index) => index).join('\n'))
    const envelope = signCms({ content: large })
    assert.match(inWords(await extractBill(zipOf(envelope))), /ERR_BILL_FORMAT_UNKNOWN file-0$/)
    assert.equal(inWords(await extractBill(zipOf(envelope, envelope))), 'reject - ERR_BILL_TOO_LARGE packed files')
  })
})
