import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { encodeFacts, extractionToJson, formatDecimal, sha256, toHex, utf8 } from '#protocol'
import type { Facts } from '#protocol'
import {
  FLUVIUS,
  fluviusRows,
  germanDate,
  LINZ,
  linzRows,
  minutesOfDay,
  opowerRows,
  opowerTable,
  tableOf,
  TEXAS,
  texasRows,
} from './csv-file.ts'

const SAMPLES = new URL('../../../samples/formats/csv/', import.meta.url)

async function bill(text: string): Promise<Facts> {
  const { bills, reason } = await extractBill(utf8(text))
  const [first] = bills
  assert.ok(first, `${reason?.code ?? ''} ${reason?.message ?? ''}`)
  return first
}

async function refusal(text: string | Uint8Array): Promise<string> {
  const { verdict, reason } = await extractBill(typeof text === 'string' ? utf8(text) : text)
  assert.ok(reason?.place?.line, `${verdict} ${reason?.code ?? ''} has no place`)
  const { line, column, path } = reason.place
  return `${verdict} ${reason.code} ${line}:${column ?? '-'}${path === undefined ? '' : ` ${path}`}`
}

async function hash(text: string): Promise<string> {
  return toHex(encodeFacts(await bill(text)))
}

/** `05:00` to `23:45` and so on, without an hour; and with one twice. */
function without(hour: number, step: number): number[] {
  return minutesOfDay(step).filter((minute) => Math.floor(minute / 60) !== hour)
}
function twice(hour: number, step: number): number[] {
  return minutesOfDay(step).flatMap((minute, _, all) =>
    minute === (hour + 1) * 60 ? [...all.filter((one) => Math.floor(one / 60) === hour), minute] : [minute],
  )
}

describe('sample tables of each profile', () => {
  const expected: readonly (readonly [string, string])[] = [
    [
      'e-distribuzione.csv',
      '- 36.8 kWh electricity 2024-12-31 2025-01-02 2024-12-30T23:00:00Z 2025-01-01T23:00:00Z actual no-identifier',
    ],
    [
      'fluvius-gas.csv',
      '541999000000000017 23.636 kWh gas 2023-02-03 2023-02-04 2023-02-03T05:00:00Z 2023-02-04T05:00:00Z mixed blank-as-zero,calorific-value-provisional,not-whole-days',
    ],
    [
      'linz-netz-autumn.csv',
      '- 5.32 kWh electricity 2022-10-30 2022-10-31 2022-10-29T22:00:00Z 2022-10-30T23:00:00Z actual no-identifier',
    ],
    [
      'linz-netz-spring.csv',
      '- 4.596 kWh electricity 2022-03-26 2022-03-28 2022-03-25T23:00:00Z 2022-03-27T22:00:00Z actual end-date-misprinted,no-identifier',
    ],
    [
      'opower.csv',
      '- 18.2 kWh electricity 2025-06-01 2025-06-02 2025-06-01T07:00:00Z 2025-06-02T07:00:00Z actual layout-from-documentation',
    ],
    [
      'smart-meter-texas.csv',
      '10099990000000017 3.42 kWh electricity 2024-11-03 2024-11-04 2024-11-03T05:00:00Z 2024-11-04T06:00:00Z mixed layout-from-documentation',
    ],
  ]
  for (const [file, text] of expected) {
    it(`give the facts that another program found: ${file}`, async () => {
      const { verdict, bills, format } = await extractBill(readFileSync(new URL(file, SAMPLES)))
      assert.equal(verdict, 'facts')
      assert.equal(bills.length, 1)
      assert.match(format, /^csv-/)
      const [facts] = bills
      assert.ok(facts)
      const { start, end, startUtc, endUtc } = facts.service
      const { value, unit } = facts.import
      const found = [
        facts.point ?? '-',
        formatDecimal(value),
        unit,
        facts.commodity,
        start,
        end,
        startUtc,
        endUtc,
        facts.kind,
        facts.flags.join(),
      ]
      assert.equal(found.join(' '), text)
      assert.equal(facts.format, format)
    })
  }

  it('state export apart, place, account and years', async () => {
    const of = async (file: string): Promise<Facts> => bill(readFileSync(new URL(file, SAMPLES), 'utf8'))
    const opower = await of('opower.csv')
    assert.deepEqual([opower.account, opower.export && formatDecimal(opower.export.value)], ['9990001112', '2.5'])
    assert.deepEqual(opower.place, { country: 'US', state: 'CA', zip: '94005' })
    const texas = await of('smart-meter-texas.csv')
    assert.equal(texas.export && formatDecimal(texas.export.value), '0.96')
    assert.equal(texas.readings?.count, 100)
    const { readings } = await of('e-distribuzione.csv')
    assert.deepEqual(readings?.whByYear, [
      { year: 2024, wh: '18400/1' },
      { year: 2025, wh: '18400/1' },
    ])
    const gas = await of('fluvius-gas.csv')
    assert.match(gas.sources['corroboration'] ?? '', /: 2\.101 m3$/)
    assert.equal(gas.meter, '7INV00000017')
  })

  it('leave to a person what states no consumption of a period, with the sums', async () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['enphase.csv', 'ERR_BILL_GENERATION', /\(a bill of what was used is needed\): 10800 Wh in 48 rows/],
      ['xcel.csv', 'ERR_BILL_HISTORY', /789 kWh in 2 rows.*140 therm-us in 2 rows/],
      ['octopus.csv', 'ERR_BILL_UNSTATED', /6\.162 kWh in 50 rows/],
    ]
    for (const [file, code, message] of cases) {
      const { verdict, reason } = await extractBill(readFileSync(new URL(file, SAMPLES)))
      const expected = file === 'enphase.csv' ? 'facts' : 'needs-review'
      assert.deepEqual([verdict, reason?.code], [expected, code], file)
      assert.match(reason?.message ?? '', message)
    }
  })

  it('state what a plant produced as a figure, and no other sums', async () => {
    const of = async (file: string): Promise<unknown> =>
      extractionToJson(await extractBill(readFileSync(new URL(file, SAMPLES)))).read
    const produced = { kWh: '10.8', value: '10800', unit: 'Wh' }
    assert.deepEqual(await of('enphase.csv'), [
      { commodity: 'electricity', produced, rows: 48, missing: ['import', 'service'] },
    ])
    assert.equal(await of('xcel.csv'), undefined)
    assert.equal(await of('octopus.csv'), undefined)
  })

  it('state no figure of a plant where a time stands twice, or more than any bill has', async () => {
    const [header = '', ...rows] = readFileSync(new URL('enphase.csv', SAMPLES), 'utf8').trimEnd().split('\n')
    const ofRows = async (...lines: readonly string[]): Promise<string> => {
      const { verdict, reason, read } = await extractBill(utf8(`${[header, ...lines].join('\n')}\n`))
      return `${verdict} ${reason?.code ?? ''} ${read?.length ?? 0}`
    }
    assert.equal(await ofRows(...rows), 'facts ERR_BILL_GENERATION 1')
    assert.equal(await ofRows(...rows, rows[12] ?? ''), 'needs-review ERR_BILL_GENERATION 0')
    const most = Array.from({ length: 101 }, (_, day) => {
      const date = new Date(Date.UTC(2024, 0, 1 + day)).toISOString()
      return `${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)} 00:00,999999999`
    })
    assert.equal(await ofRows(...most), 'needs-review ERR_BILL_GENERATION 0')
    assert.equal(await ofRows(...most.slice(0, 100)), 'facts ERR_BILL_GENERATION 1')
  })
})

describe('a table of readings', () => {
  it('gives the same facts with LF, CRLF, byte order mark, no last line end, and rows in any order', async () => {
    const rows = [...linzRows('2023-05-30', ['0,1', '2,25', '0']), ...linzRows('2023-05-31', ['0,7'])]
    const plain = await hash(tableOf(LINZ, ...rows))
    const shuffled = fc.shuffledSubarray(rows, { minLength: rows.length })
    await fc.assert(
      fc.asyncProperty(shuffled, fc.boolean(), fc.boolean(), fc.nat(3), async (order, isWindows, hasMark, blanks) => {
        const text = [LINZ, ...order].join('\n') + '\n'.repeat(blanks)
        assert.equal(await hash((hasMark ? '\uFEFF' : '') + (isWindows ? text.replaceAll('\n', '\r\n') : text)), plain)
      }),
      { numRuns: 30 },
    )
  })

  it('gives in parts what it gives whole', async () => {
    for (const day of ['2022-03-25', '2022-12-30', '2024-02-28']) {
      const [first, second] = [linzRows(day), linzRows(nextDay(day), ['0,125'])]
      const [whole, a, b] = await Promise.all(
        [[...first, ...second], first, second].map((rows) => bill(tableOf(LINZ, ...rows))),
      )
      assert.ok(whole && a && b)
      assert.deepEqual([a.service.end, a.service.endUtc], [b.service.start, b.service.startUtc])
      assert.deepEqual([whole.service.startUtc, whole.service.endUtc], [a.service.startUtc, b.service.endUtc])
      assert.deepEqual(
        [whole, a, b].map((facts) => formatDecimal(facts.import.value)),
        ['36', '24', '12'],
      )
    }
  })

  it('hashes its readings in Wh', async () => {
    const facts = await bill(tableOf(LINZ, ...linzRows('2023-05-30', ['1,500'])))
    const start = 1_685_397_600
    const lines = minutesOfDay(15).map((minute) => `${start + minute * 60},900,15,2,\n`)
    assert.equal(toHex(facts.readings?.seriesHash ?? utf8('')), toHex(sha256(utf8(lines.join('')))))
  })

  it('has 92, 96 or 100 quarter hours a local day, and no other number', async () => {
    const spring = linzRows('2022-03-27', ['1'], without(2, 15))
    assert.equal((await bill(tableOf(LINZ, ...spring))).readings?.count, 92)
    assert.match(await refusal(tableOf(LINZ, ...linzRows('2022-03-27'))), /reject ERR_BILL_DATE 10:1/)
    const autumn = autumnRows()
    assert.equal((await bill(tableOf(LINZ, ...autumn))).readings?.count, 100)
    assert.match(await refusal(tableOf(LINZ, ...linzRows('2022-10-30'))), /needs-review ERR_BILL_GAP 10:1/)
    const ordinary = linzRows('2023-05-30')
    for (const missing of [0, 40, 95]) {
      const found = await refusal(tableOf(LINZ, ...ordinary.toSpliced(missing, 1)))
      assert.match(found, /needs-review ERR_BILL_GAP/, String(missing))
    }
    const day = await extractBill(utf8(tableOf(LINZ, ...ordinary.toSpliced(40, 2), ...linzRows('2023-05-31'))))
    assert.match(day.reason?.message ?? '', /^2023-05-30 has 94 of 96 readings/)
    const hour = spring.toSpliced(20, 1)
    const change = await extractBill(utf8(tableOf(LINZ, ...hour)))
    assert.match(change.reason?.message ?? '', /^2022-03-27 has 91 of 92 readings/)
  })

  it('tells the two passes of the repeated hour by the order of its rows only', async () => {
    const rows = autumnRows()
    const [a, b] = [rows.slice(8, 12), rows.slice(12, 16)]
    const around = (middle: readonly string[]): string =>
      tableOf(LINZ, ...rows.slice(0, 8), ...middle, ...rows.slice(16))
    const facts = await bill(around([...a, ...b]))
    assert.deepEqual([facts.service.startUtc, facts.service.endUtc], ['2022-10-29T22:00:00Z', '2022-10-30T23:00:00Z'])
    // Elsewhere the order says nothing.
    const moved = tableOf(LINZ, ...rows.slice(16), ...a, ...b, ...rows.slice(0, 8).toReversed())
    assert.equal(await hash(moved), await hash(around([...a, ...b])))
    const mixed = a.flatMap((row, index) => [row, b[index] ?? ''])
    assert.match(await refusal(around(mixed)), /needs-review ERR_BILL_READINGS_CONFLICT/)
    assert.match(await refusal(around([...a.toReversed(), ...b])), /needs-review ERR_BILL_READINGS_CONFLICT/)
    assert.match(await refusal(around([...a, ...b.slice(1)])), /needs-review ERR_BILL_READINGS_CONFLICT/)
    assert.match(await refusal(around([...a, ...b, ...b])), /needs-review ERR_BILL_READINGS_CONFLICT/)
    // Exchanged, the first pass would end an hour too late.
    assert.match(await refusal(around([...b, ...a])), /reject ERR_BILL_PERIOD/)
  })

  it('may misprint one date of an end, and no time', async () => {
    const rows = linzRows('2023-05-30')
    const wrong = (at: number, from: string, to: string): string[] => rows.with(at, (rows[at] ?? '').replace(from, to))
    const misprint = wrong(95, '31.05.2023 00:00', '31.12.2023 00:00')
    assert.deepEqual((await bill(tableOf(LINZ, ...misprint))).flags, ['end-date-misprinted', 'no-identifier'])
    const two = misprint.with(94, (misprint[94] ?? '').replace(';30.05', ';29.05'))
    assert.match(await refusal(tableOf(LINZ, ...two)), /reject ERR_BILL_PERIOD/)
    assert.match(
      await refusal(tableOf(LINZ, ...wrong(10, ';30.05.2023 02:45', ';30.05.2023 02:30'))),
      /reject ERR_BILL_PERIOD 12:1 Datum bis/,
    )
    const fluvius = fluviusRows([5, 6]).map((row) => row.replace(';03-02-2023;07', ';04-02-2023;07'))
    assert.match(await refusal(tableOf(FLUVIUS, ...fluvius)), /reject ERR_BILL_PERIOD 4:1 Tot datum/)
  })

  it('drops repeated rows, takes later revisions, and leaves contradictions to a person', async () => {
    const rows = texasRows('2024-06-01')
    const plain = await bill(tableOf(TEXAS, ...rows))
    assert.deepEqual([formatDecimal(plain.import.value), plain.kind], ['24', 'actual'])
    const again = await bill(tableOf(TEXAS, ...rows, ...rows))
    assert.deepEqual([formatDecimal(again.import.value), again.readings?.duplicates], ['24', 96])
    assert.ok(again.flags.includes('duplicates-dropped'))
    const later = texasRows('2024-06-01', { value: '0.5', revision: '06/04/2024 05:01:02', quality: 'E' })
    for (const text of [tableOf(TEXAS, ...rows, ...later), tableOf(TEXAS, ...later, ...rows)]) {
      const facts = await bill(text)
      assert.deepEqual([formatDecimal(facts.import.value), facts.kind], ['48', 'estimated'])
      assert.ok(facts.flags.includes('revisions-superseded'))
    }
    const other = texasRows('2024-06-01', { value: '0.5' })
    assert.match(await refusal(tableOf(TEXAS, ...rows, ...other)), /needs-review ERR_BILL_READINGS_CONFLICT/)
    const requality = texasRows('2024-06-01', { quality: 'E' })
    assert.match(await refusal(tableOf(TEXAS, ...rows, ...requality)), /needs-review ERR_BILL_READINGS_CONFLICT/)
    const double = tableOf(LINZ, ...linzRows('2023-05-30'), ...linzRows('2023-05-30', ['9']))
    assert.match(await refusal(double), /needs-review ERR_BILL_READINGS_CONFLICT 98:1/)
  })

  it('gives one bill for each meter, in the order of their numbers', async () => {
    const [a, b] = ["'10099990000000017", '10099990000000016']
    const text = tableOf(TEXAS, ...texasRows('2024-06-01', { esiid: a }), ...texasRows('2024-06-02', { esiid: b }))
    const { bills } = extractionToJson(await extractBill(utf8(text)))
    assert.deepEqual(
      bills.map(({ point, service }) => [point, service.start]),
      [
        ['10099990000000016', '2024-06-02'],
        ['10099990000000017', '2024-06-01'],
      ],
    )
    const many = Array.from({ length: 65 }, (_, index) =>
      texasRows('2024-06-01', { esiid: String(10n ** 16n + BigInt(index)) }),
    )
    assert.match(await refusal(tableOf(TEXAS, ...many.flat())), /reject ERR_BILL_TOO_LARGE 1:1/)
    const more = Array.from({ length: 129 }, (_, index) => String(10n ** 16n + BigInt(index)))
    const rows = more.flatMap((esiid) => texasRows('2024-06-01', { esiid, minutes: [0] }))
    assert.match(await refusal(tableOf(TEXAS, ...rows)), /reject ERR_BILL_TOO_LARGE 130:1/)
  })

  it('needs import, and all its series over one time', async () => {
    const [imports, exports] = [texasRows('2024-06-01'), texasRows('2024-06-01', { role: 'Surplus Generation' })]
    const both = await bill(tableOf(TEXAS, ...imports, ...exports))
    assert.equal(both.export && formatDecimal(both.export.value), '24')
    assert.match(await refusal(tableOf(TEXAS, ...exports)), /needs-review ERR_BILL_FLOW 2:1/)
    assert.match(
      await refusal(tableOf(TEXAS, ...imports, ...exports.slice(0, 95))),
      /needs-review ERR_BILL_GAP 98:1 USAGE_KWH/,
    )
    assert.match(await refusal(tableOf(FLUVIUS, ...fluviusRows([6, 7]).slice(1))), /needs-review ERR_BILL_GAP/)
    assert.match(
      await refusal(tableOf(FLUVIUS, ...fluviusRows([6, 7]).filter((row) => row.includes('m³')))),
      /ERR_BILL_FLOW/,
    )
  })

  it('reads the hour that spring leaves out only as rows without value', async () => {
    const day = texasRows('2024-03-10', { minutes: without(2, 15) })
    const missing = texasRows('2024-03-10', { minutes: minutesOfDay(15).slice(8, 12), value: '', quality: '' })
    assert.equal((await bill(tableOf(TEXAS, ...day))).readings?.count, 92)
    assert.equal(await hash(tableOf(TEXAS, ...day, ...missing)), await hash(tableOf(TEXAS, ...day)))
    assert.match(await refusal(tableOf(TEXAS, ...texasRows('2024-03-10'))), /reject ERR_BILL_DATE 10:1/)
    const blank = day.with(20, (day[20] ?? '').replace('0.25', ''))
    assert.match(await refusal(tableOf(TEXAS, ...blank)), /needs-review ERR_BILL_GAP 22:1/)
    assert.match(await refusal(tableOf(TEXAS, ...missing)), /reject ERR_BILL_NO_CONSUMPTION 2:1/)
  })

  it('takes a blank for zero only where the profile says so', async () => {
    const none = fluviusRows([6], { kWh: '', m3: '', status: 'Geen verbruik' })
    const facts = await bill(tableOf(FLUVIUS, ...none, ...fluviusRows([7])))
    assert.deepEqual([formatDecimal(facts.import.value), facts.flags.includes('blank-as-zero')], ['1.125', true])
    assert.match(
      await refusal(tableOf(FLUVIUS, ...fluviusRows([6], { kWh: '' }))),
      /needs-review ERR_BILL_GAP 2:\d+ Volume/,
    )
    assert.match(
      await refusal(tableOf(LINZ, ...linzRows('2023-05-30', ['']))),
      /needs-review ERR_BILL_GAP 2:35 Energiemenge/,
    )
  })

  it('leaves texts that its profile does not know to a person', async () => {
    const cases: readonly (readonly [string, string])[] = [
      [tableOf(FLUVIUS, ...fluviusRows([6], { status: 'Onbekend' })), '2:108 Validatiestatus'],
      [tableOf(FLUVIUS, ...fluviusRows([6], { register: 'Injectie' })), '2:91 Register'],
      [tableOf(FLUVIUS, ...fluviusRows([6], { calorific: 'x' })), '2:120 Calorische Bovenwaarde'],
      [tableOf(FLUVIUS, ...fluviusRows([6]).map((row) => row.replace('m³', 'MJ'))), '3:104 Eenheid'],
      [tableOf(LINZ, ...linzRows('2023-05-30').map((row) => `${row}x`)), '2:41 Ersatzwert'],
      [tableOf(TEXAS, ...texasRows('2024-06-01', { quality: 'X' })), '2:70 ESTIMATED_ACTUAL'],
      [tableOf(TEXAS, ...texasRows('2024-06-01', { role: 'Net' })), '2:72 CONSUMPTION_SURPLUSGENERATION'],
    ]
    for (const [text, place] of cases) assert.equal(await refusal(text), `needs-review ERR_BILL_UNSTATED ${place}`)
  })

  it('carries estimates and provisional values as facts', async () => {
    const mixed = tableOf(
      FLUVIUS,
      ...fluviusRows([6]),
      ...fluviusRows([7], { status: 'Geschat', calorific: 'Voorlopig' }),
    )
    const facts = await bill(mixed)
    assert.deepEqual(
      [facts.kind, facts.commodity, facts.flags],
      ['mixed', 'gas', ['calorific-value-provisional', 'not-whole-days']],
    )
    assert.equal((await bill(tableOf(FLUVIUS, ...fluviusRows([6], { status: 'Geschat' })))).kind, 'estimated')
    const exchanged = tableOf(FLUVIUS, ...fluviusRows([6]), ...fluviusRows([7], { meter: '7INV00000018' }))
    assert.match(await refusal(exchanged), /needs-review ERR_BILL_SEVERAL_SERIES 4:1/)
    const beside = tableOf(FLUVIUS, ...fluviusRows([6]), ...fluviusRows([6], { meter: '7INV00000018' }))
    assert.match(await refusal(beside), /needs-review ERR_BILL_SEVERAL_SERIES 4:1/)
  })

  it('has no day of a clock change when its days are rows', async () => {
    const sample = readFileSync(new URL('e-distribuzione.csv', SAMPLES), 'utf8')
    for (const [date, change] of [
      ['31/03/2024', true],
      ['27/10/2024', true],
      ['30/03/2024', false],
    ] as const) {
      const [header = '', , row = ''] = sample.split('\n')
      const text = tableOf(header, row.replace('01/01/2025', date))
      assert.match(await refusal(tableOf(header, `${row}x`)), /reject ERR_BILL_CSV 2:1/)
      if (change) assert.match(await refusal(text), /needs-review ERR_BILL_UNSTATED 2:1/)
      else assert.equal((await bill(text)).readings?.count, 96)
    }
  })

  it('takes time zone and place from a US address, and only from one that tells', async () => {
    const rows = opowerRows('2025-06-01', 60)
    const start = async (address: string): Promise<string> => {
      const { service, place } = await bill(opowerTable('USAGE (kWh),COST,NOTES', rows, address))
      return `${service.startUtc?.slice(11, 13)} ${place?.state} ${place?.zip}`
    }
    assert.equal(await start('"1 A ST, CHICAGO IL 60601"'), '05 IL 60601')
    assert.equal(await start('"1 A ST, PHILADELPHIA, PA 19112-0001"'), '04 PA 19112')
    assert.equal(await start('1 A ST SEATTLE WA 98101'), '07 WA 98101')
    assert.equal(await start('"1 A ST, DENVER CO 80201"'), '06 CO 80201')
    for (const address of [
      '"1 A ST, PORTLAND OR 97201"',
      '"1 A ST, PHOENIX AZ 85001"',
      '"1 A ST, CHICAGO IL"',
      'SAMPLE',
      '""',
      '"X, CA 94005 USA"',
    ]) {
      const found = await refusal(opowerTable('USAGE (kWh),COST,NOTES', rows, address))
      assert.equal(found, 'needs-review ERR_BILL_UNSTATED 2:1 Address', address)
    }
  })

  it('reads every length of interval that its profile has, and rows without their last cell', async () => {
    for (const step of [15, 30, 60]) {
      const facts = await bill(opowerTable('USAGE (kWh),NOTES', opowerRows('2025-06-01', step, '0.50')))
      assert.equal(formatDecimal(facts.import.value), String(720 / step))
    }
    assert.match(
      await refusal(opowerTable('USAGE (kWh),NOTES', opowerRows('2025-06-01', 20, '0.50'))),
      /reject ERR_BILL_PERIOD 7:\d+ END TIME/,
    )
    const mixed = [...opowerRows('2025-06-01', 60, '1'), ...opowerRows('2025-06-02', 30, '1')]
    assert.match(await refusal(opowerTable('USAGE (kWh),NOTES', mixed)), /reject ERR_BILL_DATE 32:1/)
    const longer = [...opowerRows('2025-06-01', 30, '1'), ...opowerRows('2025-06-02', 60, '1')]
    assert.match(await refusal(opowerTable('USAGE (kWh),NOTES', longer)), /reject ERR_BILL_PERIOD 55:1 END TIME/)
    const short = opowerRows('2025-06-01', 60, '0.50').map((row) => row.slice(0, row.lastIndexOf(',')))
    assert.match(await refusal(opowerTable('USAGE (kWh),COST,NOTES', short)), /reject ERR_BILL_CSV 7:1/)
    const units = await bill(opowerTable('USAGE,UNITS,COST,NOTES', opowerRows('2025-06-01', 60, '0.50,kWh,$0.1,')))
    assert.equal(formatDecimal(units.import.value), '12')
    const therms = opowerTable('USAGE,UNITS,COST,NOTES', opowerRows('2025-06-01', 60, '0.50,therms,$0.1,'))
    assert.match(await refusal(therms), /needs-review ERR_BILL_UNSTATED 7:\d+ UNITS/)
    const gas = opowerTable(
      'USAGE (kWh),NOTES',
      opowerRows('2025-06-01', 60, '0.50').map((row) => row.replace('Electric', 'Gas')),
    )
    assert.match(await refusal(gas), /needs-review ERR_BILL_UNSTATED 7:1 TYPE/)
    const net = opowerTable('USAGE (kWh),NOTES', opowerRows('2025-06-01', 60, '-0.50'))
    assert.match(await refusal(net), /needs-review ERR_BILL_NEGATIVE 7:\d+ USAGE/)
    const other = opowerTable('USAGE (kWh),NOTES', opowerRows('2025-06-01', 60)).replace('JANE', 'JANE,')
    assert.match(await refusal(other), /unsupported ERR_BILL_FORMAT_UNKNOWN/)
    const autumn = opowerRows('2024-11-03', 60, '1,', twice(1, 60))
    assert.equal((await bill(opowerTable('USAGE (kWh),NOTES', autumn))).readings?.count, 25)
    const merged = opowerRows('2024-11-03', 60, '1,')
    assert.match(await refusal(opowerTable('USAGE (kWh),NOTES', merged)), /needs-review ERR_BILL_GAP 8:1/)
  })

  it('is refused when it has more values than any meter', async () => {
    const [row = ''] = linzRows('2023-05-30')
    const rows = Array.from({ length: 400_001 }, () => row)
    assert.match(await refusal([LINZ, ...rows].join('\n')), /reject ERR_BILL_TOO_LARGE 400002:1/)
    const [wide = '', day = ''] = readFileSync(new URL('e-distribuzione.csv', SAMPLES), 'utf8').split('\n')
    const days = Array.from({ length: 4_167 }, () => day)
    assert.match(await refusal(tableOf(wide, ...days)), /reject ERR_BILL_TOO_LARGE 4168:\d+ 16:00-16:15/)
    const header = 'Date/Time,Energy Produced (Wh)'
    const million = [header, ...Array.from({ length: 1_000_000 }, () => '01/01/2024 00:00,1')].join('\n')
    assert.equal(await refusal(million), 'reject ERR_BILL_TOO_LARGE 400002:1')
  })
})

function nextDay(date: string): string {
  const [day = '', month = '', year = ''] = germanDate(date, 1).split('.')
  return `${year}-${month}-${day}`
}

/** The autumn day of 2022: the first pass of 02:45 ends at 02:00. */
function autumnRows(): string[] {
  const rows = linzRows('2022-10-30', ['1', '2', '3', '4', '5', '6', '7'], twice(2, 15))
  return rows.with(11, (rows[11] ?? '').replace('03:00', '02:00'))
}
