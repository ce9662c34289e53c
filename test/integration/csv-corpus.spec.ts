import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { extractBill } from '#audit'
import { extractionToJson } from '#protocol'

const CORPUS = new URL('../../../shared/bills/open/', import.meta.url)

const expectedShape = z.object({
  verdict: z.enum(['facts', 'facts-generation', 'needs-review']),
  headline: z.object({
    importKWh: z.string().nullish(),
    gasKWh: z.string().optional(),
    gasM3: z.string().optional(),
    readings: z.number().optional(),
    hours: z.number().optional(),
    emptyHours: z.number().optional(),
    rows: z.number().optional(),
    producedWh: z.string().optional(),
    kWhListed: z.string().optional(),
    periodStartUtc: z.string().optional(),
    periodEndUtc: z.string().optional(),
  }),
})
type Expected = z.infer<typeof expectedShape>

/** What the expectations say in words: flags of facts, codes of refusals. */
const REMARKS: ReadonlyMap<string, readonly string[]> = new Map([
  ['csv/linznetz_at_2022-03-27_dst_spring.csv', ['end-date-misprinted', 'no-identifier']],
  ['csv/fluvius_be_gas_kwh_and_m3.csv', ['blank-as-zero', 'calorific-value-provisional', 'not-whole-days']],
  ['csv/enel_it_quarter_hours.csv', ['no-identifier']],
  ['csv/enphase_custom_report.csv', ['ERR_BILL_GENERATION']],
  ['csv/xcel_bill_history.csv', ['ERR_BILL_HISTORY']],
])

describe('real tables of readings that are kept outside of this repository', () => {
  for (const [file, expected] of corpusFiles()) {
    it(`give the figures that were expected: ${file}`, async function () {
      if (expected === undefined) return this.skip()
      await checkFile(file, expected)
      return undefined
    })
  }

  it('are five', function () {
    const files = corpusFiles()
    if (files[0]?.[1] === undefined) return this.skip()
    assert.equal(files.length, REMARKS.size)
    return undefined
  })
})

async function checkFile(file: string, { verdict, headline }: Expected): Promise<void> {
  const extraction = await extractBill(readFileSync(new URL(file, CORPUS)))
  const remarks = REMARKS.get(file)
  if (verdict !== 'facts') {
    const { reason } = extraction
    // What a plant produced is stated, and no claim can be made of it.
    assert.equal(extraction.verdict, verdict === 'facts-generation' ? 'facts' : verdict)
    assert.deepEqual(extraction.bills, [])
    assert.deepEqual([reason?.code], remarks)
    assert.ok(reason?.place?.line)
    const figure = headline.producedWh ?? headline.kWhListed ?? ''
    assert.match(reason.message, new RegExp(`: ${figure} k?Wh in ${headline.rows} rows`))
    const { read } = extractionToJson(extraction)
    if (verdict === 'facts-generation') {
      assert.deepEqual(
        read?.map(({ produced, import: imported, rows }) => [
          produced?.value,
          produced?.unit,
          imported?.kWh ?? null,
          rows,
        ]),
        [[headline.producedWh, 'Wh', headline.importKWh, headline.rows]],
      )
      assert.deepEqual(read?.[0]?.missing, ['import', 'service'])
    } else assert.equal(read, undefined)
    return
  }
  assert.equal(extraction.verdict, 'facts', extraction.reason?.message)
  assert.equal(extraction.bills.length, 1)
  const [facts] = extraction.bills
  const [json] = extractionToJson(extraction).bills
  assert.equal(json?.import.kWh, headline.importKWh ?? headline.gasKWh)
  assert.equal(json?.commodity, headline.gasKWh === undefined ? 'electricity' : 'gas')
  assert.deepEqual([json?.service.startUtc, json?.service.endUtc], [headline.periodStartUtc, headline.periodEndUtc])
  assert.equal(facts?.readings?.count, headline.readings ?? headline.hours)
  assert.deepEqual(facts?.flags, remarks)
  if (headline.gasM3 !== undefined) assert.ok(facts?.sources['corroboration']?.endsWith(`: ${headline.gasM3} m3`))
}

/** Files and expectations of the corpus; one entry without expectation, so that its absence shows as a skipped test. */
function corpusFiles(): (readonly [string, Expected | undefined])[] {
  try {
    const list = z.object({ files: z.record(z.string(), z.unknown()) })
    const { files } = list.parse(JSON.parse(readFileSync(new URL('expected.json', CORPUS), 'utf8')))
    const ours = Object.entries(files).filter(([file]) => file.startsWith('csv/'))
    return ours.map(([file, expected]) => [file, expectedShape.parse(expected)])
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      return [['none of them is here', undefined]]
    throw thrown
  }
}
