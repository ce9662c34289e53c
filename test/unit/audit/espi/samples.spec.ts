import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { formatDecimal } from '#protocol'
import type { Facts, Metered } from '#protocol'
import { bytesOf, factsOf } from './espi-file.ts'

const SAMPLES = new URL('../../../../samples/formats/espi/', import.meta.url)

/** Bills of each sample: commodity and point, days, import, export, kind, flags, money. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'electricity-and-water-summaries.xml': [
    'electricity E-1 2023-02-01 2023-03-01 421337 Wh - actual duplicates-dropped,summary-only -',
    'electricity E-1 2023-03-01 2023-04-01 398000 Wh - actual green-claim,summary-only USD 61.2045',
    'water W-2 2023-02-01 2023-04-01 6100 gallon-us - estimated summary-only USD 28.77',
  ],
  'gas-days-therms.xml': ['gas G-4402 2023-03-06 2023-03-14 27.877 therm-us - mixed clock-change-overlap -'],
  'heat-joules.xml': ['heat H1 2022-10-01 2022-12-01 15085000000 J - actual summary-agrees -'],
  'missing-days-at-new-year.xml': [
    'electricity 01 2022-12-31 2023-01-02 22200 Wh - actual days-missing-between-bills -',
    'electricity 01 2023-01-06 2023-01-07 10300 Wh - actual days-missing-between-bills -',
  ],
  'net-metering-times-of-use.xml': [
    'electricity NM-7 2023-07-03 2023-07-04 374.75 Wh 37.5 Wh actual days-in-utc,net-left-out,not-whole-days,other-quantities-left-out,parts-added,times-by-order -',
  ],
  'register-beside-hours.xml': [
    'electricity LH-900 2024-07-08 2024-07-09 23800 Wh - actual link-by-path,register-agrees -',
  ],
  'single-summary.xml': ['electricity 77 2022-09-01 2022-10-01 512000 Wh - actual days-in-utc,summary-only -'],
}

describe('own Green Button samples', () => {
  const read = (file: string): string => readFileSync(new URL(file, SAMPLES), 'utf8')

  it('are all listed', () => {
    assert.deepEqual(readdirSync(SAMPLES).sort(), Object.keys(EXPECTED))
  })

  for (const [file, expected] of Object.entries(EXPECTED)) {
    it(`give their facts: ${file}`, async () => {
      assert.deepEqual((await factsOf(read(file))).map(summaryOf), expected)
    })

    it(`give the same facts with other line ends, a byte order mark and entries the other way round: ${file}`, async () => {
      const text = read(file)
      const plain = await bytesOf(text)
      assert.deepEqual(await bytesOf(text.replaceAll('\n', '\r\n')), plain)
      assert.deepEqual(await bytesOf(`\uFEFF${text}`), plain)
      const entries = text.match(/ *<(\w+:)?entry>[^]*?<\/(\w+:)?entry>\n/g) ?? []
      const turned = entries.toReversed()
      let at = 0
      const reordered = text.replaceAll(/ *<(\w+:)?entry>[^]*?<\/(\w+:)?entry>\n/g, () => turned[at++] ?? '')
      assert.deepEqual(await bytesOf(reordered), plain)
    })
  }

  it('know the energy of each year, and the rider that calls itself green', async () => {
    const [first] = await factsOf(read('missing-days-at-new-year.xml'))
    assert.deepEqual(first?.readings?.whByYear, [
      { year: 2022, wh: '11100/1' },
      { year: 2023, wh: '11100/1' },
    ])
    const [, march] = await factsOf(read('electricity-and-water-summaries.xml'))
    assert.deepEqual(march?.greenClaim, { source: 'rider', evidence: 'Twin Rivers GreenSelect 50%' })
  })
})

function summaryOf({
  commodity,
  point,
  service,
  import: imported,
  export: exported,
  kind,
  flags,
  money,
}: Facts): string {
  const amount = ({ value, unit }: Metered): string => `${formatDecimal(value)} ${unit}`
  return [
    commodity,
    point?.split('/').at(-1) ?? '-',
    service.start,
    service.end,
    amount(imported),
    exported === undefined ? '-' : amount(exported),
    kind,
    flags.join(','),
    money === undefined ? '-' : `${money.currency} ${formatDecimal(money.payable)}`,
  ].join(' ')
}
