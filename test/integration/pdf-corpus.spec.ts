import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { extractBill } from '#audit'
import { formatDecimal, parseCivilDate } from '#protocol'
import type { Extraction, Facts } from '#protocol'
import { pdfFile } from '../unit/audit/pdf-file.ts'

const CORPUS = new URL('../../../shared/bills/open/', import.meta.url)
const isHere = existsSync(CORPUS)

const headlineShape = z.object({
  importKWh: z.string(),
  injectedKWh: z.string(),
  days: z.number(),
  previousReadDate: z.string(),
  readDate: z.string(),
  priceBRL: z.string(),
  installation: z.string(),
})
const signatureShape = z.object({
  coversWholeFile: z.boolean().optional(),
  lastCoversWholeFile: z.boolean().optional(),
  trusted: z.boolean(),
})

/** What each PDF must give: verdict, code, and what the reason says. */
const REFUSED: ReadonlyMap<string, readonly [string, RegExp]> = new Map([
  [
    'pdf/nationalgrid_history_halfmoon.pdf',
    ['needs-review ERR_BILL_HISTORY', /79 rows .*2 cancellation rows: -3760 .*-4040 .*7800 kWh/],
  ],
  ['pdf/zugferd20_kostenrechnung.pdf', ['needs-review ERR_BILL_ARITHMETIC', /10000.*0\.0520.*52\.00/]],
  ['signed/pades_simple.pdf', ['needs-review ERR_BILL_TEMPLATE', /template/]],
  ['signed/two_signatures.pdf', ['needs-review ERR_BILL_TEMPLATE', /template/]],
])

/** Texts of bills whose PDFs are not at hand: they are printed here again, line by line. */
const TEXTS = ['pdf/brazil_rge_v2_1.txt', 'pdf/brazil_rge_v3_1.txt']

describe('real PDFs that are kept outside of this repository', () => {
  for (const [file, [expected, words]] of REFUSED) {
    it(`give the verdict that was expected: ${file}`, async function () {
      if (!isHere) return this.skip()
      const { verdict, reason, bills, origin } = await extractBill(readFileSync(new URL(file, CORPUS)))
      assert.equal(`${verdict} ${reason?.code ?? ''}`, expected)
      assert.match(reason?.message ?? '', words)
      assert.ok(reason?.place?.path)
      assert.deepEqual(bills, [])
      const entry = expectedOf(file)
      if (!file.startsWith('signed/')) {
        assert.equal(expected.split(' ')[0], z.object({ verdict: z.string() }).parse(entry).verdict)
        assert.equal(origin, undefined)
        return undefined
      }
      const { trusted, coversWholeFile, lastCoversWholeFile } = signatureShape.parse(entry)
      assert.equal(origin?.isTrusted, trusted)
      assert.equal(origin.covers === 'all', coversWholeFile ?? lastCoversWholeFile)
      return undefined
    })
  }

  it('are these and no others', function () {
    if (!isHere) return this.skip()
    const files = ['pdf', 'signed'].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, CORPUS)).map((name) => `${folder}/${name}`),
    )
    const pdfs = files.filter((file) => file.endsWith('.pdf'))
    const texts = files.filter((file) => file.endsWith('.txt'))
    assert.deepEqual([pdfs.toSorted(), texts.toSorted()], [[...REFUSED.keys()].toSorted(), TEXTS])
    return undefined
  })
})

describe('texts of real bills that are kept outside of this repository', () => {
  for (const linesPerPage of [48, 160]) {
    it(`give the figures that were expected, printed at ${linesPerPage} lines a page: brazil_rge_v3_1.txt`, async function () {
      if (!isHere) return this.skip()
      const [facts, ...more] = (await extractText('pdf/brazil_rge_v3_1.txt', linesPerPage)).bills
      assert.ok(facts)
      assert.deepEqual(more, [])
      const { headline } = z
        .object({ verdict: z.literal('facts'), headline: headlineShape })
        .parse(expectedOf('pdf/brazil_rge_v3_1.txt'))
      assert.deepEqual(figuresOf(facts), headline)
      return undefined
    })

    // Expected figures are of this project: registers 1670 to 1953 and 2779 to 3130, both factor 1; 16 and 13 days.
    it(`give what their own registers say, printed at ${linesPerPage} lines a page: brazil_rge_v2_1.txt`, async function () {
      if (!isHere) return this.skip()
      const [facts, ...more] = (await extractText('pdf/brazil_rge_v2_1.txt', linesPerPage)).bills
      assert.ok(facts)
      assert.deepEqual(more, [])
      assert.deepEqual(figuresOf(facts), {
        importKWh: '283',
        injectedKWh: '351',
        days: 29,
        previousReadDate: '2022-03-15',
        readDate: '2022-04-13',
        priceBRL: '99.16',
        installation: '0123456789',
      })
      return undefined
    })
  }
})

async function extractText(file: string, linesPerPage: number): Promise<Extraction> {
  const lines = readFileSync(new URL(file, CORPUS), 'utf8').split('\n')
  const pages = Array.from({ length: Math.ceil(lines.length / linesPerPage) }, (_, page) =>
    lines
      .slice(page * linesPerPage, (page + 1) * linesPerPage)
      .map((text, index) => ({ text, x: 30, y: 20 + Math.floor(800 / linesPerPage) * index, size: 4 })),
  )
  const extraction = await extractBill(pdfFile({ pages }))
  assert.equal(extraction.verdict, 'facts', extraction.reason?.message)
  return extraction
}

function figuresOf({ import: imported, export: exported, service, money, point, flags, method }: Facts): unknown {
  assert.deepEqual([flags, method], [['template'], 'template'])
  return {
    importKWh: formatDecimal(imported.value),
    injectedKWh: exported === undefined ? '' : formatDecimal(exported.value),
    days: parseCivilDate(service.end) - parseCivilDate(service.start),
    previousReadDate: service.start,
    readDate: service.end,
    priceBRL: money === undefined ? '' : formatDecimal(money.payable),
    installation: point,
  }
}

function expectedOf(file: string): unknown {
  const { files } = z
    .object({ files: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(new URL('expected.json', CORPUS), 'utf8')))
  return files[file]
}
