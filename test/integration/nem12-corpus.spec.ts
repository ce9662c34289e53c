import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { extractBill } from '#audit'
import { addDecimals, formatDecimal, makeDecimal, parseDecimal, toKWh, decimalOfRational } from '#protocol'
import type { Decimal, Facts } from '#protocol'

const CORPUS = new URL('../../../shared/bills/open/', import.meta.url)

const streamShape = z.object({
  nmi: z.string(),
  suffix: z.string(),
  readings: z.number(),
  startUtc: z.string(),
  endUtc: z.string(),
  quality: z.record(z.string(), z.number()),
})
const documentShape = z.object({
  importKWh: z.string(),
  exportKWh: z.string(),
  nmis: z.array(z.string()),
  streams: z.array(streamShape),
  accumulation: z.array(z.object({ nmi: z.string(), quantity: z.string(), uom: z.string() })).nullable(),
})
const expectedShape = z.object({ verdict: z.string(), documents: z.array(documentShape) })
type Expected = z.infer<typeof expectedShape>

/** Files that must be refused, with the code; every other file gives facts. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['nem12/invalid_15min_header_30min_data.csv', 'reject ERR_BILL_RECORDS'],
  ['nem12/invalid_missing_header.csv', 'needs-review ERR_BILL_RECORDS'],
])

/** Files whose expected instants follow the market's time, two hours before that of Western Australia, as they say. */
const WESTERN: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['nem12/western_power_wa.csv', ['2023-03-17T16:00:00Z', '2023-03-18T16:00:00Z']],
])

describe('real NEM12 and NEM13 files that are kept outside of this repository', () => {
  for (const [file, expected] of corpusFiles()) {
    it(`give the figures that were expected: ${file}`, async function () {
      if (expected === undefined) return this.skip()
      const { verdict, reason, bills } = await extractBill(readFileSync(new URL(file, CORPUS)))
      const refused = REFUSED.get(file)
      assert.equal(expected.verdict, refused?.split(' ')[0] ?? 'facts')
      if (refused !== undefined) {
        assert.equal(`${verdict} ${reason?.code ?? ''}`, refused)
        assert.ok(reason?.place?.line)
        return undefined
      }
      assert.equal(verdict, 'facts', reason?.message)
      for (const document of expected.documents) checkDocument(file, document, bills)
      return undefined
    })
  }

  it('are nine', function () {
    const files = corpusFiles()
    if (files[0]?.[1] === undefined) return this.skip()
    assert.equal(files.length, 9)
    return undefined
  })
})

function checkDocument(file: string, document: Expected['documents'][number], bills: readonly Facts[]): void {
  const registers = document.accumulation ?? []
  const points = [...new Set([...document.nmis, ...registers.map(({ nmi }) => nmi)])].toSorted()
  assert.deepEqual(
    bills.map(({ point }) => point),
    points,
  )
  const registered = registers.map(({ quantity, uom }) => (assert.equal(uom, 'kWh'), parseDecimal(quantity)))
  assert.equal(kWhOf(bills.map((bill) => bill.import)), text([parseDecimal(document.importKWh), ...registered]))
  assert.equal(
    kWhOf(bills.map((bill) => bill.export ?? { value: makeDecimal(0n, 0), unit: 'Wh' })),
    text([parseDecimal(document.exportKWh)]),
  )
  for (const bill of bills) {
    const streams = document.streams.filter(({ nmi, suffix }) => nmi === bill.point && /^[EB]/.test(suffix))
    const imports = streams.filter(({ suffix }) => suffix.startsWith('E'))
    if (imports.length > 0)
      assert.equal(
        bill.readings?.count,
        imports.reduce((count, { readings }) => count + readings, 0),
      )
    for (const { startUtc, endUtc, quality } of streams) {
      const instants = WESTERN.get(file) ?? [startUtc, endUtc]
      assert.deepEqual([bill.service.startUtc, bill.service.endUtc], instants)
      const substituted = Object.keys(quality).filter((one) => one !== 'A')
      for (const one of substituted) assert.ok(bill.flags.includes(`quality-${one.toLowerCase()}`))
      assert.equal(bill.kind === 'actual', substituted.length === 0)
    }
  }
}

function kWhOf(amounts: readonly Facts['import'][]): string {
  return text(
    amounts.map((amount) => {
      const kWh = decimalOfRational(toKWh(amount as Parameters<typeof toKWh>[0]))
      assert.ok(kWh)
      return kWh
    }),
  )
}

function text(values: readonly Decimal[]): string {
  return formatDecimal(values.reduce(addDecimals, makeDecimal(0n, 0)))
}

/** Files and expectations of the corpus; one entry without expectation, so that its absence shows as a skipped test. */
function corpusFiles(): (readonly [string, Expected | undefined])[] {
  try {
    const list = z.object({ files: z.record(z.string(), z.unknown()) })
    const { files } = list.parse(JSON.parse(readFileSync(new URL('expected.json', CORPUS), 'utf8')))
    const ours = Object.entries(files).filter(([file]) => file.startsWith('nem12/'))
    return ours.map(([file, expected]) => [file, expectedShape.parse(expected)])
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      return [['none of them is here', undefined]]
    throw thrown
  }
}
