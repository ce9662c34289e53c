import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import {
  addDecimals,
  extractionToJson,
  formatCivilDate,
  formatDecimal,
  isEnergy,
  parseCivilDate,
  toKWh,
  decimalOfRational,
} from '#protocol'
import type { Commodity, Decimal, Extraction, Facts } from '#protocol'
import { extractBill } from '#audit'

const SAMPLES = new URL('../../samples/formats/', import.meta.url)
const REAL = new URL('../../../shared/bills/open/', import.meta.url)

async function extract(url: URL): Promise<Extraction> {
  return extractBill(readFileSync(url))
}

function line(facts: Facts): string {
  const { commodity, point, service, import: imported, export: exported, kind, flags } = facts
  const given = exported === undefined ? '' : ` export ${formatDecimal(exported.value)}`
  const figure = `${formatDecimal(imported.value)} ${imported.unit}${given}`
  return `${commodity} ${point ?? '-'} ${service.start}..${service.end} ${figure} ${kind} ${flags.join(',')}`.trim()
}

/** Facts without the places in the file. */
function withoutSources(facts: Facts): unknown {
  const { sources, ...rest } = facts
  assert.ok(sources['import'])
  return rest
}

const WITHOUT_PERIOD = 'ubl/strom-ohne-zeitraum.xml'
const EQUAL_BY_CHANCE = 'ubl/haushalt-und-heizung.xml'

describe('own samples of e-invoices', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'cii/strom-mit-abgaben.xml': ['electricity 50999000017 2024-03-01..2024-04-01 1312.5 kWh actual kind-unstated'],
    'fattura-pa/luce-tre-fasce.xml': ['electricity IT001E99999017 2024-01-01..2024-03-01 766 kWh actual kind-unstated'],
    'ubl/credit-note-solar.xml': [
      'electricity 6305000017 2024-06-10..2024-07-10 400 kWh export 160 correction credit,kind-unstated',
    ],
    'ubl/fjernvarme-opgoerelse.xml': ['heat VARME-0042 2023-06-01..2024-06-01 18.42 MWh actual'],
    'ubl/nettleie-eksklusiv.xml': [
      'electricity 707057500099999991 2023-12-01..2024-01-01 1200 kWh actual kind-unstated',
    ],
    'ubl/seef-groene-stroom.xml': ['electricity 871699999900000017 2024-05-01..2024-06-01 800 kWh actual'],
    'ubl/strom-mit-abgaben.xml': ['electricity 50999000017 2024-03-01..2024-04-01 1312.5 kWh actual kind-unstated'],
  }

  it('give the facts that their comments promise', async () => {
    for (const [name, lines] of Object.entries(expected)) {
      assert.deepEqual((await extract(new URL(name, SAMPLES))).bills.map(line), lines, name)
    }
  })

  it('are all listed', () => {
    const files = ['cii', 'fattura-pa', 'ubl'].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, SAMPLES)).map((name) => `${folder}/${name}`),
    )
    assert.deepEqual(files.sort(), [...Object.keys(expected), WITHOUT_PERIOD, EQUAL_BY_CHANCE].sort())
  })

  it('state what they state where no claim can be made of it', async () => {
    const extraction = await extract(new URL(WITHOUT_PERIOD, SAMPLES))
    const { verdict, reason, bills } = extraction
    assert.deepEqual([verdict, reason?.code, reason?.place?.line, bills], ['facts', 'ERR_BILL_UNSTATED', 21, []])
    assert.match(
      reason?.message ?? '',
      /line 1 \(400 KWH\) .* states a service period: a person who knows .* must enter it$/,
    )
    assert.deepEqual(extractionToJson(extraction).read, [
      {
        commodity: 'electricity',
        point: '50999000025',
        account: '4400-18',
        import: { kWh: '600', value: '600', unit: 'kWh' },
        money: { currency: 'EUR', payable: '200.28' },
        lines: ['1', '2'],
        missing: ['service'],
      },
    ])
  })

  it('need a person where two uses have the same quantity: neither 500 nor 1000 kWh is stated', async () => {
    const { verdict, reason, bills, read } = await extract(new URL(EQUAL_BY_CHANCE, SAMPLES))
    assert.deepEqual([verdict, reason?.code, bills, read], ['needs-review', 'ERR_BILL_LINES', [], undefined])
    assert.match(reason?.message ?? '', /^line 1 and line 2 have different names and the same quantity/)
  })

  it('are twins in UBL and CII', async () => {
    const [ubl, cii] = [
      await extract(new URL('ubl/strom-mit-abgaben.xml', SAMPLES)),
      await extract(new URL('cii/strom-mit-abgaben.xml', SAMPLES)),
    ]
    assert.deepEqual(cii.bills.map(withoutSources), ubl.bills.map(withoutSources))
  })

  it('claim to be green as far as their fuel mix says', async () => {
    const { bills } = await extract(new URL('ubl/seef-groene-stroom.xml', SAMPLES))
    assert.equal(formatDecimal(bills[0]?.greenClaim?.energy?.value ?? { u: 0n, e: 0 }), '567.5')
  })
})

/** What a person found in a real file. */
type Expected = {
  verdict: string
  headline?: {
    importKWh: string
    exportKWh: string
    servicePeriodStart: string | null
    servicePeriodEndAsPrinted: string | null
    endDateInclusive: boolean
    countedLines: readonly string[]
  }
  role?: string
  meteringPoint?: string
  meter?: string
  currency?: string
  supplier?: string
  supplierId?: string
  gasKWh?: string
  waterM3?: string
  quantityKWh?: string
  periodMissing?: boolean
  greenTariff?: { claimed: boolean; greenKWh?: string; evidence?: string }
}

function sum(values: readonly Decimal[]): string {
  return formatDecimal(values.reduce(addDecimals, { u: 0n, e: 0 }))
}

function energy(bills: readonly Facts[], commodity: Commodity): string {
  const found = bills.filter((facts) => facts.commodity === commodity).map(({ import: imported }) => imported)
  return sum(found.map((one) => (isEnergy(one) ? (decimalOfRational(toKWh(one)) ?? { u: -1n, e: 0 }) : one.value)))
}

/** Line numbers that a source names. */
function countedLines(bills: readonly Facts[]): readonly string[] {
  const sources = bills.map(({ sources }) => sources['import'] ?? '')
  return sources.flatMap((source) =>
    Array.from(source.matchAll(/(?:Line|LineItem) "([^"]+)"/g), (match) => match[1] ?? ''),
  )
}

function checkHeadline(bills: readonly Facts[], expected: Expected): void {
  const { headline } = expected
  assert.ok(headline)
  const electricity = bills.filter(({ commodity }) => commodity === 'electricity')
  assert.equal(energy(bills, 'electricity'), headline.importKWh)
  assert.equal(sum(electricity.map((facts) => facts.export?.value ?? { u: 0n, e: 0 })), headline.exportKWh)
  assert.equal(electricity[0]?.service.start, headline.servicePeriodStart)
  const end = parseCivilDate(headline.servicePeriodEndAsPrinted ?? '')
  assert.equal(electricity.at(-1)?.service.end, formatCivilDate(headline.endDateInclusive ? end + 1 : end))
  assert.deepEqual(countedLines(electricity), headline.countedLines)
  const basis = headline.endDateInclusive ? 'printed-inclusive' : 'printed-exclusive'
  assert.ok(bills.every(({ service }) => service.basis === basis))
}

function checkFacts(bills: readonly Facts[], expected: Expected): void {
  checkHeadline(bills, expected)
  const [first] = bills
  assert.ok(first)
  if (expected.role !== undefined) assert.equal(first.utility?.role, expected.role)
  assert.equal(first.point, expected.meteringPoint)
  if (expected.meter !== undefined) assert.equal(first.meter, expected.meter)
  assert.equal(first.money?.currency, expected.currency)
  assert.equal(first.utility?.name, expected.supplier)
  if (expected.supplierId !== undefined) assert.equal(first.utility?.id, expected.supplierId)
  if (expected.gasKWh !== undefined) assert.equal(energy(bills, 'gas'), expected.gasKWh)
  if (expected.waterM3 !== undefined) assert.equal(energy(bills, 'water'), expected.waterM3)
  assert.equal(first.greenClaim !== undefined, expected.greenTariff?.claimed ?? false)
  const { greenKWh } = expected.greenTariff ?? {}
  if (greenKWh !== undefined) {
    assert.equal(sum(bills.map(({ greenClaim }) => greenClaim?.energy?.value ?? { u: 0n, e: 0 })), greenKWh)
  }
}

/** Facts without a period: no claim can be made of them, and all figures are those that a person found. */
function checkReading(extraction: Extraction, expected: Expected): void {
  const { headline, periodMissing } = expected
  const { reason, bills } = extraction
  assert.deepEqual([reason?.code, bills], ['ERR_BILL_UNSTATED', []])
  assert.match(reason?.message ?? '', new RegExp(`\\b${headline?.importKWh}[ .]`))
  assert.ok((reason?.place?.line ?? 0) > 0)
  const [reading, ...others] = extractionToJson(extraction).read ?? []
  assert.ok(reading && headline)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [reading.missing, periodMissing, headline.servicePeriodStart, headline.servicePeriodEndAsPrinted],
    [['service'], true, null, null],
  )
  assert.equal(reading.commodity, 'electricity')
  assert.equal(reading.import?.kWh, headline.importKWh)
  assert.equal(reading.export?.kWh ?? '0', headline.exportKWh)
  assert.deepEqual(reading.lines, headline.countedLines)
  assert.equal(reading.point, expected.meteringPoint)
  assert.equal(reading.money?.currency, expected.currency)
}

describe('real e-invoices', () => {
  const folder = new URL('einvoice/', REAL)
  const list = new URL('expected.json', REAL)
  /** Files of the folder and the reason why a person must look, for those that need one. */
  const reviews: Readonly<Record<string, string>> = {
    'seef20_bad_meternumber_twice.xml': 'ERR_BILL_UNSTATED',
    'xrechnung_0305a_energy_commodity_unstated_ubl.xml': 'ERR_BILL_UNSTATED',
  }
  const facts = [
    'ehf_no_nettleie_business.xml',
    'en16931_example8_enexis_cii.xml',
    'en16931_example8_enexis_ubl.xml',
    'peppol_se_elhandel_supply.xml',
    'seef31_nl_supply_fuelmix.xml',
    'xrechnung_0301a_strom_gas_ubl.xml',
    'zugferd24_kostenrechnung_cii.xml',
  ]

  before(function () {
    if (!existsSync(list)) this.skip()
  })

  function expectations(): Readonly<Record<string, Expected>> {
    const { files } = JSON.parse(readFileSync(list, 'utf8')) as { files: Record<string, Expected> }
    return Object.fromEntries(Object.entries(files).filter(([name]) => name.startsWith('einvoice/')))
  }

  it('are all listed here', () => {
    const names = [...facts, ...Object.keys(reviews)].sort()
    assert.deepEqual(readdirSync(folder).sort(), names)
    assert.deepEqual(
      Object.keys(expectations())
        .map((name) => name.replace('einvoice/', ''))
        .sort(),
      names,
    )
  })

  for (const name of facts) {
    it(`${name} gives the facts that a person found`, async () => {
      const expected = expectations()[`einvoice/${name}`]
      assert.ok(expected)
      const extraction = await extract(new URL(name, folder))
      assert.deepEqual([extraction.verdict, expected.verdict], ['facts', 'facts'])
      if (expected.periodMissing === true) checkReading(extraction, expected)
      else checkFacts(extraction.bills, expected)
    })
  }

  for (const [name, code] of Object.entries(reviews)) {
    it(`${name} needs a person`, async () => {
      const expected = expectations()[`einvoice/${name}`]
      assert.ok(expected)
      const { verdict, reason, bills, read } = await extract(new URL(name, folder))
      assert.deepEqual([verdict, reason?.code, bills, read], [expected.verdict, code, [], undefined])
      assert.equal(verdict, 'needs-review')
      assert.ok((reason?.place?.line ?? 0) > 0)
      const quantity = expected.headline?.importKWh ?? expected.quantityKWh
      if (quantity !== undefined) assert.match(reason?.message ?? '', new RegExp(`\\b${quantity}[ .]`))
    })
  }

  it('are the same in UBL and CII', async () => {
    const [ubl, cii] = [
      await extract(new URL('en16931_example8_enexis_ubl.xml', folder)),
      await extract(new URL('en16931_example8_enexis_cii.xml', folder)),
    ]
    assert.deepEqual(cii.bills.map(withoutSources), ubl.bills.map(withoutSources))
  })
})
