import assert from 'node:assert/strict'
import { extractBill } from '#audit'
import { fanningFont, formObject, HOSTILE_PDFS, hostileFile, pageWith, withFontProgram } from './hostile-pdfs.ts'
import { contentOf, pdfFile, streamObject } from './pdf-file.ts'
import { rgePage } from './rge-bill.ts'

/** Those that are read after all, since what would have taken long is left out. */
const READ: ReadonlyMap<string, string> = new Map([
  ['a font program', 'facts'],
  ['a font program under a name with escapes', 'facts'],
  ['letters that are drawn', 'needs-review ERR_BILL_TEMPLATE'],
])

async function verdictOf(file: Uint8Array): Promise<string> {
  const { verdict, reason } = await extractBill(file)
  return reason === undefined ? verdict : `${verdict} ${reason.code}`
}

describe('a small PDF that asks for hours', () => {
  for (const name of Object.keys(HOSTILE_PDFS)) {
    it(`ends by a count, not by the clock: ${name}`, async () => {
      const file = hostileFile(name)
      assert.ok(file.byteLength < 300_000, `${file.byteLength} bytes`)
      const verdict = await verdictOf(file)
      const read = READ.get(name)
      if (read === undefined) assert.match(verdict, /^(?:needs-review|reject) ERR_BILL_(?:TOO_LARGE|CONTAINER)$/)
      else assert.equal(verdict, read)
    })
  }

  it('is told from one that asks for nearly as much as is allowed', async () => {
    // Two words of two letters, and two blanks, are 66 sixteenths of a step.
    const textObjects = (count: number): Uint8Array =>
      pdfFile({ pages: [[]], instead: [streamObject(101, 'BT ET '.repeat(count))] })
    assert.equal(await verdictOf(textObjects(625_000)), 'needs-review ERR_BILL_TEMPLATE')
    assert.equal(await verdictOf(textObjects(635_000)), 'needs-review ERR_BILL_TOO_LARGE')
  })
})

describe('what nobody reads', () => {
  it('costs nothing: an attached file may be of any kind', async () => {
    const noise = 'q Q '.repeat(1_000_000)
    const attached = pdfFile({ pages: [rgePage()], attachments: [{ name: 'hours.txt', content: noise }] })
    assert.equal(await verdictOf(attached), 'facts')
  })

  it('is not what a page or a form shows at the same time', async () => {
    const shown = withFontProgram(Buffer.from(contentOf(rgePage()), 'latin1'))
    const page = pageWith('/Font << /F1 3 0 R >>', '/Contents 502 0 R')
    const asPage = pdfFile({ ...shown, instead: [...(shown.instead ?? []), page] })
    assert.equal(await verdictOf(asPage), 'needs-review ERR_BILL_CONTAINER')
  })

  it('changes no text: a font with a program gives the facts of one without', async () => {
    const factsOf = async (program: Uint8Array, key: string): Promise<unknown> => {
      const { bills } = await extractBill(pdfFile(withFontProgram(program, key)))
      return bills
    }
    const without = await factsOf(new Uint8Array(9), '/NoFile')
    assert.deepEqual(await factsOf(fanningFont(1), '/FontFile3'), without)
    assert.deepEqual(await factsOf(fanningFont(1), '/FontFile2'), without)
    assert.deepEqual(await factsOf(Buffer.from('%!PS-AdobeFont-1.0 eexec'), '/FontFile'), without)
    assert.equal((without as unknown[]).length, 1)
  })
})

describe('a PDF whose objects could be read in two ways', () => {
  const bill = { pages: [rgePage()] }
  const withObject = (head: string): Uint8Array =>
    pdfFile({ ...bill, objects: [{ number: 500, body: `<< /A 1 >>\nendobj\n${head} << /A 1 >>` }] })

  it('is left to a person where a number or a comment hides the beginning of an object', async () => {
    for (const text of [
      '+501 0 obj',
      '500 -0 obj',
      '500. 0 obj',
      '500 0 % x\nobj',
      '500 0 obj2000000000',
      `500 0${' '.repeat(40)}obj`,
    ]) {
      assert.equal(await verdictOf(withObject(text)), 'needs-review ERR_BILL_CONTAINER', text)
    }
    assert.equal(
      await verdictOf(pdfFile({ ...bill, objects: [{ number: 500, body: '(an object, the obj. of 2)' }] })),
      'facts',
    )
  })

  it('is checked in its trailer, too', async () => {
    const hidden = pdfFile({ ...bill, trailer: '/Info << /W [0 2000000000 500] >>' })
    assert.equal(await verdictOf(hidden), 'reject ERR_BILL_TOO_LARGE')
  })

  it('is refused where object streams hold other objects than their offsets say', async () => {
    const hidden = streamObject(500, '7 15 << >>          << /XFA 3 0 R >>', true, '/Type /ObjStm /N 1 /First 5')
    assert.equal(await verdictOf(pdfFile({ ...bill, objects: [hidden] })), 'needs-review ERR_BILL_TEMPLATE')
    const back = streamObject(500, '7 9 8 0 << >>  << >>', true, '/Type /ObjStm /N 2 /First 8')
    assert.equal(await verdictOf(pdfFile({ ...bill, objects: [back] })), 'reject ERR_BILL_CONTAINER')
  })

  it('is refused where an object is not in the stream that is said to hold it, which would be unpacked for each use', async () => {
    const holder = streamObject(500, '7 0 << >>', true, '/Type /ObjStm /N 1 /First 4')
    const rows = (number: number): typeof holder =>
      streamObject(501, Buffer.from([2, 1, 0xf4, 0]), true, `/Type /XRef /W [1 2 1] /Index [${number} 1] /Size 999`)
    assert.equal(await verdictOf(pdfFile({ ...bill, objects: [holder, rows(7)] })), 'facts')
    assert.equal(await verdictOf(pdfFile({ ...bill, objects: [holder, rows(9)] })), 'reject ERR_BILL_CONTAINER')
  })

  it('is left to a person where what a form draws is a circle', async () => {
    const forms = ['/B Do', '/A Do'].map((content, index) =>
      formObject(500 + index, content, '/Resources << /XObject << /A 500 0 R /B 501 0 R >> >>'),
    )
    const page = pageWith('/XObject << /A 500 0 R >>')
    const file = pdfFile({ pages: [[]], objects: forms, instead: [page, streamObject(101, '/A Do')] })
    assert.equal(await verdictOf(file), 'needs-review ERR_BILL_CONTAINER')
  })
})
