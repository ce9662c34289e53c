import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { createSandbox, extractBill } from '#audit'
import { formatDecimal } from '#protocol'
import type { Extraction } from '#protocol'
import { pdfSamples, PDF_SAMPLES } from '../../support/pdf-samples.ts'
import { signPdf } from '../../support/signing/sign-pdf.ts'
import { appendRevision, contentOf, pdfFile, streamObject, widthOf } from './pdf-file.ts'
import type { MadeText } from './pdf-file.ts'
import { rge2Page } from './rge-2-bill.ts'
import type { Rge2Bill } from './rge-2-bill.ts'
import { rgePage } from './rge-bill.ts'
import type { RgeBill } from './rge-bill.ts'

const MODULES = new URL('../../../node_modules/', import.meta.url)

async function extractPages(...pages: readonly (readonly MadeText[])[]): Promise<Extraction> {
  return extractBill(pdfFile({ pages }))
}

async function verdictOf(bill: RgeBill): Promise<string> {
  return codeOf(await extractPages(rgePage(bill)))
}

async function verdictOf2(bill: Rge2Bill): Promise<string> {
  return codeOf(await extractPages(rge2Page(bill)))
}

function codeOf({ verdict, reason, bills }: Extraction): string {
  assert.equal(bills.length === 0, reason !== undefined)
  assert.ok(reason === undefined || reason.place?.path !== undefined)
  return reason === undefined ? verdict : `${verdict} ${reason.code}`
}

/** Facts without the hash of text: it says of which pages they were read. */
function figuresOf({ bills }: Extraction): unknown {
  return bills.map(({ import: imported, export: exported, service, money, point }) => [
    formatDecimal(imported.value),
    exported === undefined ? undefined : formatDecimal(exported.value),
    service.start,
    service.end,
    money === undefined ? undefined : formatDecimal(money.payable),
    point,
  ])
}

describe('a PDF with text', () => {
  it('gives facts by the template of its print, and says by which, from which text, and with which libraries', async () => {
    const found = await extractPages(rgePage())
    assert.equal(found.verdict, 'facts')
    assert.deepEqual(figuresOf(found), [['512', '301', '2024-02-07', '2024-03-08', '136.62', '3084000175']])
    const [facts] = found.bills
    assert.equal(facts?.method, 'template')
    assert.deepEqual(facts.flags, ['template'])
    assert.deepEqual(facts.extractor, { id: 'pdf', version: '1.1.0+unpdf.1.8.1.pdfjs.6.1.200' })
    assert.equal(facts.sources['import'], 'template rge-3 1.0.0, page 1, y 292')
    assert.equal(
      facts.sources['text of page 1'],
      'sha256:05bda55fb3493d43b490cccf493b67c49a494ddb1a4e1a2f994d152c4ae6ed3b',
    )
  })

  it('is read by the template of another print of the same utility', async () => {
    const found = await extractPages(rge2Page())
    assert.deepEqual(figuresOf(found), [['190', '244', '2022-06-10', '2022-07-12', '35.2', '3084000175']])
  })

  it('gives the same facts on one page or on several', async () => {
    const page = rgePage()
    const found = await extractPages(
      [],
      page.filter(({ y }) => y < 200),
      page.filter(({ y }) => y >= 200),
    )
    assert.deepEqual(figuresOf(found), figuresOf(await extractPages(page)))
    assert.equal(Object.keys(found.bills[0]?.sources ?? {}).filter((name) => name.startsWith('text of')).length, 3)
  })

  it('gives facts without export when nothing was fed in', async () => {
    const page = rgePage({ total: '447,27' }).filter(
      ({ y }, _, all) => !all.some((other) => other.y === y && other.text.includes('Injetada')),
    )
    const found = await extractPages(page)
    assert.deepEqual(figuresOf(found), [['512', undefined, '2024-02-07', '2024-03-08', '447.27', '3084000175']])
  })

  it('is left to a person when its figures contradict each other', async () => {
    const arithmetic = 'needs-review ERR_BILL_ARITHMETIC'
    assert.equal(await verdictOf({ energy: '513' }), arithmetic)
    assert.equal(await verdictOf({ readings: '9871 10384' }), arithmetic)
    assert.equal(await verdictOf({ readings: '10383 9871' }), arithmetic)
    assert.equal(await verdictOf({ injected: '302' }), arithmetic)
    assert.equal(await verdictOf({ charged: '513,0000' }), arithmetic)
    assert.equal(await verdictOf({ supplied: '511,9999' }), arithmetic)
    assert.equal(await verdictOf({ total: '136,63' }), arithmetic)
    assert.equal(await verdictOf2({ total: '35,21' }), arithmetic)
    assert.equal(await verdictOf2({ injected: '190' }), arithmetic)
  })

  it('is left to a person when its dates are not as far apart as it says', async () => {
    const period = 'needs-review ERR_BILL_PERIOD'
    assert.equal(await verdictOf({ days: '31' }), period)
    assert.equal(await verdictOf({ latest: '07/02/2024', previous: '08/03/2024' }), period)
    assert.equal(await verdictOf({ latest: '31/02/2024' }), period)
    assert.equal(await verdictOf2({ flagDays: ['19', '12'] }), period)
  })

  it('is left to a person when it says that nobody read the meter, or has a register that nobody knows', async () => {
    const template = 'needs-review ERR_BILL_TEMPLATE'
    assert.equal(await verdictOf({ note: 'Leitura estimada conforme norma' }), template)
    assert.equal(await verdictOf({ note: '30840001 Energia Reativa único 5 9 1,00 4' }), template)
    assert.equal(await verdictOf({ note: 'Energia Ativa-kWh ponta 12' }), template)
    const unnamed = rgePage().map((one) => ({ ...one, text: one.text.replace(/^Energia Injetada$/, 'Energia Injet.') }))
    assert.equal(codeOf(await extractPages(unnamed)), template)
    const credited = rgePage().filter(({ y }) => y !== 306)
    assert.equal(codeOf(await extractPages(credited)), template)
  })

  it('is left to a person when it holds two bills, or the same one twice', async () => {
    assert.equal(codeOf(await extractPages(rgePage(), rgePage())), 'needs-review ERR_BILL_TEMPLATE')
    assert.equal(codeOf(await extractPages(rgePage(), rge2Page())), 'needs-review ERR_BILL_TEMPLATE')
  })

  it('is left to a person when one label of the print is missing or different', async () => {
    const page = rgePage()
    for (const label of [
      'DANF3E - DOCUMENTO AUXILIAR DA NOTA',
      'Total Distribuidora',
      'RGE SUL DISTRIBUIDORA DE ENERGIA S.A.',
    ]) {
      const changed = page.map((one) => (one.text === label ? { ...one, text: `${label.slice(0, -1)}#` } : one))
      assert.equal(codeOf(await extractPages(changed)), 'needs-review ERR_BILL_TEMPLATE', label)
    }
  })

  it('is left to a person when it is a history, whose cancellations the reason names', async () => {
    const { verdict, reason } = await extractBill(readFileSync(new URL('history.pdf', PDF_SAMPLES)))
    assert.equal(`${verdict} ${reason?.code ?? ''}`, 'needs-review ERR_BILL_HISTORY')
    assert.match(reason?.message ?? '', /1 cancellation rows: -1240 kWh .*1 rows of 0 days: 2475 kWh/)
    assert.deepEqual(reason?.place, { path: 'page 1, y 209' })
  })
})

describe('a signed PDF', () => {
  const page = rgePage()
  const signed = signPdf(pdfFile({ pages: [page] }))
  const forged = [streamObject(101, contentOf(rgePage({ latest: '09/03/2024', days: '31' })))]

  it('gives facts with the signer, and signing is no change by somebody else', async () => {
    const { verdict, origin, bills } = await extractBill(signed)
    assert.equal(`${verdict} ${origin?.kind ?? ''} ${origin?.covers ?? ''}`, 'facts pdf-signature all')
    assert.deepEqual(bills, (await extractPages(page)).bills)
  })

  it('is read as it was signed, whatever was appended', async () => {
    const { origin, bills } = await extractBill(appendRevision(signed, forged))
    assert.equal(origin?.covers, 'earlier-revision')
    assert.deepEqual(bills, (await extractPages(page)).bills)
  })

  it('names the signer also when it gives no facts', async () => {
    const { verdict, origin } = await extractBill(signPdf(pdfFile()))
    assert.equal(`${verdict} ${origin?.kind ?? ''}`, 'needs-review pdf-signature')
  })

  it('is left to a person when its signature does not hold', async () => {
    const broken = Uint8Array.from(signed)
    broken[20] = 0x41
    assert.equal(codeOf(await extractBill(broken)), 'needs-review ERR_BILL_SIGNATURE')
  })
})

describe('what a PDF is drawn with', () => {
  const cut = fc.record({ seed: fc.integer(), order: fc.array(fc.nat(), { minLength: 110, maxLength: 110 }) })

  it('does not count: pieces in any order, smaller ones, or not quite on one line, give the same facts', async () => {
    const expected = (await extractPages(rgePage())).bills
    await fc.assert(
      fc.asyncProperty(cut, async ({ seed, order }) => {
        const pieces = rgePage().flatMap((one, index) =>
          cutAtBlanks(one, ((seed >>> (index % 31)) & 1) === 1).map((piece, at) => ({
            ...piece,
            y: piece.y + ((at + index + seed) % 2 === 0 ? 0 : 0.4),
          })),
        )
        const shuffled = pieces
          .map((piece, index) => ({ piece, key: order[index % order.length] ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ piece }) => piece)
        assert.deepEqual((await extractPages(shuffled)).bills, expected)
      }),
      { numRuns: 25 },
    )
  })

  it('does not count: packed streams or plain ones', async () => {
    const plain = await extractBill(pdfFile({ pages: [rgePage()], isPacked: false }))
    assert.deepEqual(plain, await extractPages(rgePage()))
  })
})

describe('the reader of PDFs', () => {
  it('is tied to the versions of its libraries, since others cut text in other pieces', async () => {
    const manifest = JSON.parse(readFileSync(new URL('unpdf/package.json', MODULES), 'utf8')) as { version: string }
    const { version } = await import('unpdf/pdfjs')
    const [facts] = (await extractPages(rgePage())).bills
    assert.equal(facts?.extractor.version, `1.1.0+unpdf.${manifest.version}.pdfjs.${version}`)
  })

  it('works in a worker of the sandbox, and gives there what it gives here', async () => {
    const sandbox = createSandbox({ workers: 1, memoryMb: 256, timeoutMs: 30_000 })
    try {
      for (const bytes of pdfSamples().values()) {
        assert.deepEqual(await sandbox.extract(bytes, AbortSignal.timeout(30_000)), await extractBill(bytes))
      }
    } finally {
      await sandbox.close()
    }
  })

  it('has samples that are what their builder writes', async () => {
    const verdicts = new Map<string, string>()
    for (const [name, bytes] of pdfSamples()) {
      assert.deepEqual(new Uint8Array(readFileSync(new URL(name, PDF_SAMPLES))), bytes, name)
      verdicts.set(name, codeOf(await extractBill(bytes)))
    }
    assert.deepEqual(Object.fromEntries(verdicts), {
      'rge-3-solar.pdf': 'facts',
      'rge-2-solar.pdf': 'facts',
      'factur-x.pdf': 'facts',
      'history.pdf': 'needs-review ERR_BILL_HISTORY',
      'no-text.pdf': 'needs-review ERR_BILL_TEMPLATE',
    })
  })
})

/** The words of a piece where they stand in it, or the piece as it is. */
function cutAtBlanks(piece: MadeText, isCut: boolean): MadeText[] {
  if (!isCut) return [piece]
  return piece.text.split(' ').map((text, index, all) => {
    const before = all.slice(0, index).map((word) => `${word} `)
    return { ...piece, text, x: piece.x + widthOf(before.join('')) }
  })
}
