import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { extractBill } from '#audit'
import { appendRevision, contentOf, pdfFile, streamObject } from './pdf-file.ts'
import type { MadePdf } from './pdf-file.ts'
import { rgePage } from './rge-bill.ts'
import { zipFile } from './zip-file.ts'

const BILL = [rgePage()]

async function refusal(file: Uint8Array | MadePdf): Promise<string> {
  const { verdict, reason, bills } = await extractBill(file instanceof Uint8Array ? file : pdfFile(file))
  assert.equal(bills.length, 0, verdict)
  assert.ok(reason?.place?.path ?? reason?.place?.line, `${reason?.code ?? ''} ${reason?.message ?? ''} has no place`)
  return `${verdict} ${reason?.code ?? ''}`
}

function edit(file: Uint8Array, from: string | RegExp, to: string): Uint8Array {
  const text = Buffer.from(file).toString('latin1')
  const edited = text.replace(from, to)
  assert.notEqual(edited, text)
  return new Uint8Array(Buffer.from(edited, 'latin1'))
}

/** The page's content as a chain of objects that only a hostile writer makes. */
function withContent(content: { body: string; stream: Uint8Array }, more: MadePdf = {}): MadePdf {
  return { pages: BILL, instead: [{ number: 101, ...content }, ...(more.instead ?? [])], objects: more.objects ?? [] }
}

describe('a PDF that nobody can read', () => {
  it('goes to a person when it has no text', async () => {
    assert.equal(await refusal({ pages: [[]] }), 'needs-review ERR_BILL_TEMPLATE')
    assert.match((await extractBill(pdfFile())).reason?.message ?? '', /no text/)
    const picture = streamObject(500, Buffer.alloc(300, 7), true, '/Type /XObject /Subtype /Image /Width 10 /Height 10')
    const shown =
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 101 0 R /Resources << /XObject << /Im 500 0 R >> >> >>'
    const instead = [{ number: 100, body: shown }, streamObject(101, '/Im Do')]
    const scan = { pages: [[]], objects: [picture], instead }
    assert.equal(await refusal(scan), 'needs-review ERR_BILL_TEMPLATE')
  })

  it('goes to a person when no template describes it', async () => {
    assert.equal(
      await refusal({ pages: [[{ text: 'Rechnung 4711', x: 40, y: 80 }]] }),
      'needs-review ERR_BILL_TEMPLATE',
    )
  })

  it('goes to a person when it is encrypted, also where the name of the key is hidden', async () => {
    const encryption = '<< /Filter /Standard /V 1 /R 2 /O (x) /U (y) /P -4 >>'
    assert.equal(await refusal({ pages: BILL, trailer: `/Encrypt ${encryption}` }), 'needs-review ERR_BILL_CONTAINER')
    const sealed = { number: 101, body: '<< /Filter /FlateDecode >>', stream: Buffer.alloc(90, 0xa5) }
    const whole = { pages: BILL, trailer: `/Encrypt ${encryption}`, instead: [sealed] }
    assert.equal(await refusal(whole), 'needs-review ERR_BILL_CONTAINER')
    const table = streamObject(500, 'abcd', true, '/Type /XRef /W [1 2 1] /Size 1 /#45ncrypt 9 0 R')
    assert.equal(await refusal({ pages: BILL, objects: [table] }), 'needs-review ERR_BILL_CONTAINER')
    const hidden = { pages: BILL, trailer: '/#45ncrypt 500 0 R', objects: [{ number: 500, body: encryption }] }
    assert.match(await refusal(hidden), /ERR_BILL_CONTAINER$/)
  })

  it('goes to a person when it is an XFA form, also where the name of the key is hidden', async () => {
    for (const key of ['/XFA', '/X#46A']) {
      const form = {
        pages: BILL,
        catalog: `/AcroForm << /Fields [] ${key} 500 0 R >>`,
        objects: [streamObject(500, '<a/>')],
      }
      assert.equal(await refusal(form), 'needs-review ERR_BILL_TEMPLATE', key)
    }
  })

  it('is refused when it is damaged or cut off', async () => {
    const file = pdfFile({ pages: BILL })
    assert.equal(await refusal(file.subarray(0, file.byteLength - 30)), 'reject ERR_BILL_CONTAINER')
    assert.equal(await refusal(edit(file, '/Type /Pages', '/Type /Pag(s')), 'reject ERR_BILL_CONTAINER')
    assert.equal(await refusal(edit(file, '%PDF-1.7', '%PDF-9.9')), 'reject ERR_BILL_CONTAINER')
    assert.equal(await refusal(edit(file, /startxref\n\d+/, 'startxref\n77')), 'reject ERR_BILL_CONTAINER')
    assert.equal(await refusal(edit(file, '/Root 1 0 R', '/Root 9 0 R')), 'reject ERR_BILL_CONTAINER')
  })
})

describe('a PDF that is more than a PDF', () => {
  it('is flagged when it has two revisions and no signature: the last one is read', async () => {
    const old = pdfFile({ pages: [rgePage({ total: '136,63' })] })
    assert.equal(await refusal(old), 'needs-review ERR_BILL_ARITHMETIC')
    const content = streamObject(101, contentOf(rgePage()))
    const { bills, verdict } = await extractBill(appendRevision(old, [content]))
    assert.equal(verdict, 'facts')
    assert.deepEqual(bills[0]?.flags, ['several-revisions', 'template'])
    const [facts] = (await extractBill(pdfFile({ pages: BILL }))).bills
    assert.deepEqual(facts?.flags, ['template'])
  })

  it('is refused when it is a ZIP archive, too, wherever the archive ends', async () => {
    const archive = zipFile([{ name: 'bill.csv', content: 'x' }])
    const file = pdfFile({ pages: BILL })
    assert.equal(await refusal(Buffer.concat([file, archive])), 'needs-review ERR_BILL_CONTAINER')
    const tail = Buffer.from('%%EOF\n')
    const end = Buffer.from(archive.subarray(archive.byteLength - 22))
    end.writeUInt16LE(tail.byteLength, 20)
    assert.equal(await refusal(Buffer.concat([file, archive.subarray(0, -22), end, tail])), 'reject ERR_BILL_CONTAINER')
  })

  it('goes to a person when anything follows its end, blanks apart', async () => {
    const file = pdfFile({ pages: BILL })
    assert.equal(await refusal(Buffer.concat([file, Buffer.from('<html>')])), 'needs-review ERR_BILL_CONTAINER')
    assert.equal((await extractBill(Buffer.concat([file, Buffer.alloc(64)]))).verdict, 'facts')
  })
})

describe('a PDF that wants to exhaust an auditor', () => {
  it('is refused for bombs of any kind of packing', async () => {
    const zeros = deflateSync(Buffer.alloc(70 * 1024 * 1024))
    const bomb = { body: `<< /Length ${zeros.byteLength} /Filter /FlateDecode >>`, stream: zeros }
    assert.equal(await refusal(withContent(bomb)), 'reject ERR_BILL_TOO_LARGE')
    const third = deflateSync(Buffer.alloc(21 * 1024 * 1024))
    const parts = [500, 501, 502].map((number) => ({ number, body: '<< /Filter [/Fl] >>', stream: third }))
    assert.equal(await refusal({ pages: BILL, objects: parts }), 'reject ERR_BILL_TOO_LARGE')
    const hex = Buffer.from(`${zeros.toString('hex')}>`)
    assert.equal(
      await refusal(withContent({ body: '<< /Filter [/AHx /FlateDecode] >>', stream: hex })),
      'reject ERR_BILL_TOO_LARGE',
    )
    const twice = deflateSync(zeros)
    const chain = { body: '<< /Filter [/FlateDecode /FlateDecode] >>', stream: twice }
    assert.equal(await refusal(withContent(chain)), 'needs-review ERR_BILL_CONTAINER')
    const hexTwice = { body: '<< /Filter [/AHx /AHx /FlateDecode] >>', stream: Buffer.from(`${hex.toString('hex')}>`) }
    assert.equal(await refusal(withContent(hexTwice)), 'needs-review ERR_BILL_CONTAINER')
  })

  it('is refused for streams that are packed as no text is, unless they are pictures, which stay packed', async () => {
    for (const filter of [
      'LZWDecode',
      'RunLengthDecode',
      'CCITTFaxDecode',
      'JBIG2Decode',
      'JPXDecode',
      'BrotliDecode',
    ]) {
      const stream = Buffer.from('800B6050220C0C8501', 'hex')
      const content = { body: `<< /Filter /${filter} >>`, stream }
      assert.equal(await refusal(withContent(content)), 'needs-review ERR_BILL_CONTAINER', filter)
      const picture = { number: 500, body: `<< /Subtype /Image /Filter /${filter} >>`, stream }
      assert.equal((await extractBill(pdfFile({ pages: BILL, objects: [picture] }))).verdict, 'facts', filter)
    }
    const zeros = deflateSync(Buffer.alloc(70 * 1024 * 1024))
    const disguised = { body: '<< /Subtype /Image /Filter /FlateDecode >>', stream: zeros }
    assert.match(await refusal(withContent(disguised)), /ERR_BILL_(TEMPLATE|CONTAINER)$/)
    // Nothing is unpacked that calls itself a picture, so that it needs no check.
    const text = streamObject(101, contentOf(rgePage()), true, '/Subtype /Image')
    assert.match(await refusal(withContent(text)), /ERR_BILL_(TEMPLATE|CONTAINER)$/)
  })

  it('is refused for parameters of packing that make rows of gigabytes', async () => {
    const stream = deflateSync(Buffer.from('BT ET'))
    for (const parms of ['<< /Predictor 12 /Columns 2000000000 >>', '500 0 R', '<< /Columns 1 /Columns 9 >>']) {
      const content = { body: `<< /Filter /FlateDecode /DecodeParms ${parms} >>`, stream }
      assert.equal(await refusal(withContent(content)), 'needs-review ERR_BILL_CONTAINER', parms)
    }
  })

  it('is refused when packing is stated twice or elsewhere', async () => {
    const stream = deflateSync(Buffer.from('BT ET'))
    for (const filter of [
      '/Filter /FlateDecode /Filter /LZWDecode',
      '/F /LZWDecode /Filter /FlateDecode',
      '/Filter 500 0 R',
      '/Filter [500 0 R]',
    ]) {
      const content = { body: `<< ${filter} >>`, stream }
      assert.equal(await refusal(withContent(content)), 'needs-review ERR_BILL_CONTAINER', filter)
    }
  })

  it('is refused for more pages than any bill, said or made', async () => {
    const said = { number: 2, body: '<< /Type /Pages /Kids [100 0 R] /Count 2147483647 >>' }
    assert.equal(await refusal({ pages: BILL, instead: [said] }), 'reject ERR_BILL_TOO_LARGE')
    const kids = Array.from({ length: 300 }, (_, index) => index + 500)
    const many = {
      pages: BILL,
      instead: [
        { number: 2, body: `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count 990 0 R >>` },
      ],
      objects: [
        { number: 990, body: '300' },
        ...kids.map((number) => ({ number, body: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>' })),
      ],
    }
    assert.equal(await refusal(many), 'reject ERR_BILL_TOO_LARGE')
  })

  it('is refused for page trees and forms that go in circles', async () => {
    const pages = '<< /Type /Pages /Kids [2 0 R] /Count 5 >>'
    assert.equal(await refusal({ pages: BILL, instead: [{ number: 2, body: pages }] }), 'reject ERR_BILL_CONTAINER')
    const [a, b] = ['<< /Type /Pages /Kids [500 0 R] /Count 1 >>', '<< /Type /Pages /Kids [2 0 R] /Count 1 >>']
    const circle = { pages: BILL, instead: [{ number: 2, body: a }], objects: [{ number: 500, body: b }] }
    assert.equal(await refusal(circle), 'reject ERR_BILL_CONTAINER')
    const form = streamObject(
      500,
      '/A Do',
      true,
      '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /A 500 0 R >> >>',
    )
    const page = {
      number: 100,
      body: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 101 0 R /Resources << /XObject << /A 500 0 R >> >> >>',
    }
    const forms = { pages: BILL, objects: [form], instead: [page, streamObject(101, '/A Do')] }
    assert.match(await refusal(forms), /ERR_BILL_(CONTAINER|TEMPLATE)$/)
  })

  it('is refused for forms that draw forms that draw forms', async () => {
    // Each of five forms on a level draws the five of the next one.
    const levels = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    const each = [0, 1, 2, 3, 4]
    const forms = levels.flatMap((level) =>
      each.map((one) => {
        const drawn = level === 8 ? [] : each.map((other) => `/N${level}${other} ${500 + 10 * (level + 1) + other} 0 R`)
        const resources = `/Resources << /XObject << ${drawn.join(' ')} >> >>`
        const content = level === 8 ? 'q Q' : each.map((other) => `/N${level}${other} Do`).join(' ')
        return streamObject(
          500 + 10 * level + one,
          content,
          true,
          `/Type /XObject /Subtype /Form /BBox [0 0 9 9] ${resources}`,
        )
      }),
    )
    const body =
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 101 0 R /Resources << /XObject << /A 500 0 R >> >> >>'
    const instead = [{ number: 100, body }, streamObject(101, '/A Do')]
    assert.equal(await refusal({ pages: BILL, objects: forms, instead }), 'needs-review ERR_BILL_TOO_LARGE')
    // The resources may stand in objects of their own, and in an object stream.
    const resources = forms.map(({ number, body: text }) => ({
      number: number + 200,
      body: /<< \/XObject .*>> >>/.exec(text)?.[0].slice(0, -3) ?? '',
    }))
    const apart = forms.map((form) => ({
      ...form,
      body: form.body.replace(/<< \/XObject .*>> >>/, `${form.number + 200} 0 R >>`),
    }))
    assert.notDeepEqual(apart, forms)
    assert.equal(
      await refusal({ pages: BILL, objects: [...apart, ...resources], instead }),
      'needs-review ERR_BILL_TOO_LARGE',
    )
    // A form whose reference leads nowhere has the names of the page, so that one name on two levels may be a circle.
    const named = {
      pages: BILL,
      objects: [
        streamObject(500, '/A Do', true, '/Subtype /Form /Resources 700 0 R'),
        streamObject(501, 'q Q', true, '/Subtype /Form'),
        { number: 700, body: '<< /XObject << /A 501 0 R >> >>' },
      ],
      instead,
    }
    assert.equal(await refusal(named), 'needs-review ERR_BILL_CONTAINER')
    // Many forms that draw pictures only are what print servers make.
    const pictures = Array.from({ length: 60 }, (_, index) =>
      streamObject(500 + index, '/P Do /P Do /P Do', true, '/Subtype /Form /Resources 700 0 R'),
    )
    const shared = { number: 700, body: '<< /XObject << /P 701 0 R >> >>' }
    const picture = { number: 701, body: '<< /Subtype /Image /Filter /DCTDecode >>', stream: Buffer.alloc(9) }
    assert.equal(
      (await extractBill(pdfFile({ pages: BILL, objects: [...pictures, shared, picture] }))).verdict,
      'facts',
    )
    const few = forms.filter(({ number }) => number >= 560)
    const last = [{ number: 100, body: body.replace('500', '560') }, streamObject(101, '/A Do')]
    assert.equal(await refusal({ pages: BILL, objects: few, instead: last }), 'needs-review ERR_BILL_TEMPLATE')
  })

  it('is refused for object streams that lie about what they hold', async () => {
    const lies = [
      ['/N 100 /First 4', '1 0 << >>'],
      ['/N 1 /First 99999', '1 0 << >>'],
      ['/N 2000000000 /First 4', '1 0 << >>'],
      ['/N 1 /First 4', '1 0 << /A [ >>'],
      ['/N 1 /First 4', '1 0 << /Filter /LZWDecode >> stream'],
      ['/N 500 0 R /First 4', '1 0 << >>'],
    ] as const
    for (const [entries, content] of lies) {
      const objects = [streamObject(500, content, true, `/Type /ObjStm ${entries}`)]
      assert.match(await refusal({ pages: BILL, objects }), /^reject ERR_BILL_(CONTAINER|TOO_LARGE)$/, entries)
    }
    const holder = streamObject(500, '7 0 << /XFA 3 0 R >>', true, '/Type /ObjStm /N 1 /First 4')
    assert.equal(await refusal({ pages: BILL, objects: [holder] }), 'needs-review ERR_BILL_TEMPLATE')
  })

  it('is read no further than object streams say how many objects they hold', async () => {
    const content = `${'1 '.repeat(4_000_000)}null`
    const objects = [streamObject(500, content, true, '/Type /ObjStm /N 1 /First 8000000')]
    const before = process.memoryUsage().heapUsed
    assert.equal((await extractBill(pdfFile({ pages: BILL, objects }))).verdict, 'facts')
    assert.ok(process.memoryUsage().heapUsed - before < 100 * 1024 * 1024)
  })

  it('is refused for cross-reference streams with more entries than bytes', async () => {
    for (const entries of [
      '/W [0 0 0] /Size 2000000000',
      '/W [1 2 1] /Index [0 2000000000] /Size 9',
      '/W [1 2 1] /Size 900',
    ]) {
      const objects = [streamObject(500, 'abcd', true, `/Type /XRef ${entries}`)]
      assert.equal(await refusal({ pages: BILL, objects }), 'reject ERR_BILL_CONTAINER', entries)
    }
  })

  it('is refused for fonts that count to millions', async () => {
    const widths = { number: 500, body: '<< /Type /Font /Subtype /CIDFontType2 /W [0 2000000000 500] >>' }
    assert.equal(await refusal({ pages: BILL, objects: [widths] }), 'reject ERR_BILL_TOO_LARGE')
    // As pdf.js reads numbers: each of these made it fill gigabytes, which ended the process and not only its worker.
    for (const range of [
      '0 2000000000.',
      '0 +2000000000',
      '0 2E9',
      '0 200000-0000',
      '-2000000000 0',
      `0 ${'0'.repeat(60)}2000000000`,
      '0 501 0 R',
    ]) {
      const font = { number: 500, body: `<< /Type /Font /Subtype /CIDFontType2 /W [${range} 500] >>` }
      const end = { number: 501, body: '2000000000' }
      assert.match(
        await refusal({ pages: BILL, objects: [font, end] }),
        /^reject ERR_BILL_(TOO_LARGE|CONTAINER)$/,
        range,
      )
    }
    const codes = { number: 500, body: '<< /Type /Font /FirstChar 0 /LastChar 2000000000 >>' }
    assert.equal(await refusal({ pages: BILL, objects: [codes] }), 'reject ERR_BILL_TOO_LARGE')
    const map = streamObject(500, '1 beginbfrange <00000000> <00FFFFFF> <0041> endbfrange')
    assert.equal(await refusal({ pages: BILL, objects: [map] }), 'reject ERR_BILL_TOO_LARGE')
    const texts = streamObject(500, String.raw`1 begincidrange (\000) (\377\377\377) 0 endcidrange`)
    assert.equal(await refusal({ pages: BILL, objects: [texts] }), 'needs-review ERR_BILL_CONTAINER')
  })

  it('is refused for arrays inside arrays, and for objects without end', async () => {
    const deep = streamObject(101, `${'['.repeat(9_000)}${']'.repeat(9_000)} TJ`)
    assert.equal(await refusal({ pages: BILL, instead: [deep] }), 'reject ERR_BILL_DEPTH')
    const nested = { number: 500, body: `${'['.repeat(200)}${']'.repeat(200)}` }
    assert.equal(await refusal({ pages: BILL, objects: [nested] }), 'reject ERR_BILL_CONTAINER')
    const many = { number: 500, body: Array.from({ length: 100_001 }, () => '1 0 obj 1 endobj').join('\n') }
    assert.equal(await refusal({ pages: BILL, objects: [many] }), 'reject ERR_BILL_TOO_LARGE')
  })

  it('is refused for a stream whose dictionary cannot be read', async () => {
    const stray = { number: 500, body: '(77 0 xbj << /Filter /LZWDecode >> % no object\n stream\nendstream)' }
    assert.equal(await refusal({ pages: BILL, objects: [stray] }), 'reject ERR_BILL_CONTAINER')
    const words = { number: 500, body: '(A dictionary << >> and a stream)' }
    assert.equal((await extractBill(pdfFile({ pages: BILL, objects: [words] }))).verdict, 'facts')
  })

  it('is refused for more text than any bill', async () => {
    const content = `BT /F1 1 Tf ${'1 0 0 1 5 5 Tm (abcdefghij) Tj 1 0 0 1 5 900 Tm '.repeat(220_000)} ET`
    assert.equal(
      await refusal({ pages: BILL, instead: [streamObject(101, content)] }),
      'needs-review ERR_BILL_TOO_LARGE',
    )
    const few = `BT /F1 1 Tf ${'1 0 0 1 5 5 Tm (abcdefghij) Tj 1 0 0 1 5 900 Tm '.repeat(101_000)} ET`
    assert.match(await refusal({ pages: BILL, instead: [streamObject(101, few)] }), /ERR_BILL_TOO_LARGE$/)
  })
})
