import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { extractBill } from '#audit'
import { addDecimals, formatDecimal, parseDecimal, scaleDecimal, sha256, toHex } from '#protocol'
import type { Decimal, Extraction, Facts, Metered } from '#protocol'

const CORPUS = new URL('../../../shared/bills/open/', import.meta.url)
const FOLDER = 'greenbutton/'

/** One interval series as an independent program read it. */
const seriesShape = z.object({
  meterReading: z.string(),
  unit: z.string().nullable(),
  flowDirection: z.string().nullable(),
  readings: z.number(),
  total: z.string(),
  startUtc: z.string(),
  endUtc: z.string(),
  duplicates: z.number(),
  gaps: z.number(),
  kWh: z.string().optional(),
})

const expectedShape = z.object({
  sha256: z.string(),
  verdict: z.enum(['facts', 'facts-summary-only', 'incomplete', 'needs-review', 'reject']),
  series: z.array(seriesShape).optional(),
  summaries: z
    .array(
      z.object({
        startUtc: z.string(),
        endUtc: z.string(),
        billHundredThousandths: z.string().optional(),
        overallConsumptionLastPeriod: z.string().optional(),
      }),
    )
    .optional(),
})

type Expected = z.infer<typeof expectedShape>

/** What each file of the collection must give; a file that is not here fails the test. */
const FILES: Readonly<Record<string, { readonly code?: string; readonly flags?: readonly string[] }>> = {
  'ameren_15min_one_day.xml': { flags: ['epochs-maybe-local'] },
  'cityssm_entry_only.xml': { code: 'ERR_BILL_NO_CONSUMPTION' },
  'cityssm_namespace.xml': { code: 'ERR_BILL_NO_CONSUMPTION' },
  'gas_containerized_abridged_bad_epoch.xml': { code: 'ERR_BILL_NUMBER' },
  // Only its style sheet says that it is Green Button.
  'nist_bad_template.xml': { code: 'ERR_BILL_NO_CONSUMPTION' },
  'nist_batch_solar_three_usage_points.xml': {},
  'nist_electric_monthly.xml': { flags: ['summary-agrees'] },
  'nist_gas_therms.xml': { flags: ['summary-agrees'] },
  'nist_hourly_march_dst.xml': { flags: ['summary-agrees'] },
  'nist_hourly_multi_quantity.xml': { code: 'ERR_BILL_COMMODITY_CONFLICT' },
  'nist_water_usgal.xml': { flags: ['summary-agrees'] },
  'openespi_15min_one_day.xml': { flags: ['summary-other-period'] },
  'opower_gas_direct_abridged.xml': { flags: ['direction-assumed'] },
  'pge_usage_summaries.xml': { flags: ['summary-only'] },
  'pge_usage_summary_fragment_unbound_ns.xml': { code: 'ERR_BILL_XML' },
  'puc_sault_ste_marie_utilityapi.xml': { flags: ['days-in-utc'] },
  'sce_bulk_interval.xml': { flags: ['summary-other-period'] },
  'sdge_2019_10_hourly.xml': { flags: ['summary-other-period'] },
  'seed_electricity_wh.xml': { flags: ['direction-assumed'] },
  'seed_gas_joule.xml': {},
  'seed_gas_mbtu.xml': { flags: ['btu-international-table'] },
  'seed_gas_therm.xml': { flags: ['therm-us-assumed'] },
  'seed_invalid_electricity_in_cubic_feet.xml': { code: 'ERR_BILL_UNIT' },
  'seed_invalid_service_kind_time.xml': { code: 'ERR_BILL_SERVICE_KIND' },
  'seed_overlapping.xml': { flags: ['direction-assumed'] },
  'topcoder_one_month_hourly.xml': { flags: ['summary-other-period'] },
  'topcoder_without_usage_point.xml': { code: 'ERR_BILL_LINK' },
}

/** Our unit for each unit of the collection, with the power of ten between them. */
const UNITS: Readonly<Record<string, readonly [unit: Metered['unit'], power: number]>> = {
  Wh: ['Wh', 0],
  J: ['J', 0],
  BTU: ['mmBtu', -6],
  therm: ['therm-us', 0],
  m3: ['m3', 0],
  ft3: ['scf', 0],
  'US gal': ['gallon-us', 0],
  litre: ['litre', 0],
}

describe('Green Button files of real utilities, kept outside of this repository', () => {
  const expectations = readExpectations()

  it('are all here and all listed', function () {
    if (expectations === undefined) return this.skip()
    assert.deepEqual(Object.keys(expectations).sort(), Object.keys(FILES).sort())
    assert.deepEqual(readdirSync(new URL(FOLDER, CORPUS)).sort(), Object.keys(FILES).sort())
    return undefined
  })

  for (const [file, ours] of Object.entries(FILES)) {
    it(`give verdict and figures as expected: ${file}`, async function () {
      const expected = expectations?.[file]
      if (expected === undefined) return this.skip()
      const bytes = readFileSync(new URL(`${FOLDER}${file}`, CORPUS))
      assert.equal(toHex(sha256(bytes)).replace(/^0x/, ''), expected.sha256, 'the file itself')
      const extraction = await extractBill(bytes)
      checkVerdict(extraction, expected, ours.code)
      for (const { flags } of extraction.bills) {
        for (const flag of ours.flags ?? []) assert.ok(flags.includes(flag), `${flag} is not among ${flags.join(', ')}`)
      }
      if (expected.verdict === 'facts') checkSeries(extraction.bills, expected)
      if (expected.verdict === 'facts-summary-only') checkSummaries(extraction.bills, expected)
      return undefined
    })
  }
})

/** Verdicts of the collection are more and finer than ours. */
function checkVerdict({ verdict, reason, bills }: Extraction, expected: Expected, code: string | undefined): void {
  const allowed: Readonly<Record<Expected['verdict'], readonly string[]>> = {
    facts: ['facts'],
    'facts-summary-only': ['facts'],
    'needs-review': ['needs-review'],
    incomplete: ['needs-review', 'reject'],
    reject: ['reject'],
  }
  assert.ok(allowed[expected.verdict].includes(verdict), `${verdict} ${reason?.code} instead of ${expected.verdict}`)
  assert.equal(reason?.code, code)
  assert.equal(bills.length > 0, verdict === 'facts')
  if (verdict !== 'facts') assert.ok(reason?.place !== undefined && reason.message !== '')
}

function checkSeries(bills: readonly Facts[], { series = [], summaries = [] }: Expected): void {
  const imports = series.filter(({ flowDirection }) => flowDirection !== '19')
  const exports = series.filter(({ flowDirection }) => flowDirection === '19')
  const [unit, power] = UNITS[imports[0]?.unit ?? ''] ?? []
  assert.ok(unit !== undefined && power !== undefined)
  assert.deepEqual(new Set(bills.map((bill) => bill.import.unit)), new Set([unit]))
  assert.equal(
    sumOf(bills.map((bill) => bill.import.value)),
    totalOf(
      imports.map(({ total }) => total),
      power,
    ),
    'import',
  )
  assert.equal(
    sumOf(bills.map((bill) => bill.export?.value)),
    totalOf(
      exports.map(({ total }) => total),
      0,
    ),
    'export',
  )
  // A point that only feeds into the grid has a bill without import, and the readings of its export.
  const pointOf = (one: (typeof series)[number]): string => one.meterReading.replace(/\/MeterReading\/.*$/, '')
  const delivered = new Set(imports.map(pointOf))
  const counted = [...imports, ...exports.filter((one) => !delivered.has(pointOf(one)))]
  assert.equal(bills.filter(({ flags }) => flags.includes('export-only')).length, counted.length - imports.length)
  const found = bills.map(({ service, readings }) => [
    service.startUtc,
    service.endUtc,
    readings?.count,
    readings?.duplicates,
    readings?.gaps,
  ])
  const stated = counted.map(({ startUtc, endUtc, readings, duplicates, gaps }) => [
    startUtc,
    endUtc,
    readings,
    duplicates,
    gaps,
  ])
  assert.deepEqual(found.map(String).sort(), stated.map(String).sort(), 'periods and readings')
  for (const { money, service } of bills) {
    if (money === undefined) continue
    const same = summaries.find(({ startUtc, endUtc }) => startUtc === service.startUtc && endUtc === service.endUtc)
    assert.equal(formatDecimal(scaleDecimal(money.payable, 5)), same?.billHundredThousandths, 'money')
  }
}

function checkSummaries(bills: readonly Facts[], { summaries = [] }: Expected): void {
  const found = bills.map((bill) => [
    bill.service.startUtc,
    bill.service.endUtc,
    `${formatDecimal(bill.import.value)} ${bill.import.unit}`,
  ])
  const stated = summaries.map(({ startUtc, endUtc, overallConsumptionLastPeriod = '' }) => [
    startUtc,
    endUtc,
    overallConsumptionLastPeriod.replace('.000', ''),
  ])
  assert.deepEqual(found, stated)
  for (const { flags } of bills) assert.ok(flags.includes('summary-only'))
}

const ZERO: Decimal = parseDecimal('0')

function sumOf(values: readonly (Decimal | undefined)[]): string {
  return formatDecimal(values.map((value) => value ?? ZERO).reduce(addDecimals, ZERO))
}

function totalOf(totals: readonly string[], power: number): string {
  return formatDecimal(scaleDecimal(totals.map(parseDecimal).reduce(addDecimals, ZERO), power))
}

/** Expectations by file; `undefined` where the collection is not on this machine. */
function readExpectations(): Readonly<Record<string, Expected>> | undefined {
  let text: string
  try {
    text = readFileSync(new URL('expected.json', CORPUS), 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
  const { files } = z.object({ files: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text))
  const ours = Object.entries(files).filter(([file]) => file.startsWith(FOLDER))
  return Object.fromEntries(ours.map(([file, entry]) => [file.slice(FOLDER.length), expectedShape.parse(entry)]))
}
