import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { CSV_PROFILES, extractCsv } from '#audit/extraction'
import type { CsvProfile } from '#audit'
import { formatCivilDate, formatDecimal, utf8 } from '#protocol'
import type { Facts } from '#protocol'
import { clock, LINZ, linzRows, tableOf, TEXAS, texasRows } from './csv-file.ts'

const SAMPLES = new URL('../../../samples/formats/csv/', import.meta.url)

/** A layout of nobody, newest row first. */
const MADE: CsvProfile = {
  id: 'made',
  version: 3,
  evidence: { basis: 'sample', note: 'made for this test' },
  commodity: 'electricity',
  table: { header: 'Time,Value,Who', delimiter: ',', quoting: 'rfc4180' },
  number: { decimal: '.', pattern: /^\d+(?:\.\d+)?$/ },
  time: {
    kind: 'rows',
    zone: 'Europe/Vienna',
    start: { columns: ['Time'], form: 'YYYY-MM-DD HH:mm' },
    intervalMinutes: [60],
    order: 'descending',
  },
  series: [{ role: 'import', value: 'Value', unit: 'kWh' }],
  identities: [{ fact: 'account', from: { column: 'Who' }, pattern: /^([^]*)$/ }],
}

function madeBill(rows: readonly string[], profile: CsvProfile = MADE): Facts {
  const [facts] = extractCsv(tableOf('Time,Value,Who', ...rows), [profile]).bills
  assert.ok(facts)
  return facts
}

function madeRefusal(rows: readonly string[], profile: CsvProfile = MADE): string {
  try {
    extractCsv(tableOf('Time,Value,Who', ...rows), [profile])
  } catch (thrown) {
    if (thrown instanceof Error && 'reason' in thrown && 'verdict' in thrown) {
      const { code, place } = thrown.reason as { code: string; place?: { line?: number } }
      return `${String(thrown.verdict)} ${code} ${place?.line ?? '-'}`
    }
    throw thrown
  }
  return 'facts'
}

/** Hours from a day on, ascending. */
function madeHours(firstDay: number, days: number, value = '1'): string[] {
  return Array.from({ length: days * 24 }, (_, index) => {
    const day = formatCivilDate(firstDay + Math.floor(index / 24))
    return `${day} ${clock((index % 24) * 60)},${value},A`
  })
}

async function refusal(text: string | Uint8Array): Promise<string> {
  const { verdict, reason, format } = await extractBill(typeof text === 'string' ? utf8(text) : text)
  const { line, column } = reason?.place ?? {}
  return `${format} ${verdict} ${reason?.code ?? ''} ${line ?? '-'}:${column ?? '-'}`
}

/** Every column that a profile names, with the ones between the first and last of its slots. */
function namedColumns(
  { time, series, quality, marks = [], identities = [], revision, ignored = [] }: CsvProfile,
  columns: readonly string[],
): string[] {
  const stamps =
    time.kind === 'rows'
      ? [time.start, ...(time.end === undefined ? [] : [time.end])]
      : [time.kind === 'days' ? time.day : time.stamp]
  const slots =
    time.kind === 'days' ? columns.slice(columns.indexOf(time.slots.first), columns.indexOf(time.slots.last) + 1) : []
  return [
    ...stamps.flatMap((stamp) => [...stamp.columns]),
    ...slots,
    ...series.flatMap(({ value, when }) => [
      ...(value === 'slots' ? [] : [value]),
      ...(when === undefined ? [] : [when.column]),
    ]),
    ...(quality === undefined ? [] : [quality.column]),
    ...marks.map(({ column }) => column),
    ...identities.flatMap(({ from }) => ('column' in from ? [from.column] : [])),
    ...(revision?.columns ?? []),
    ...ignored,
  ]
}

describe('CSV profiles', () => {
  it('have names, headers and versions of their own', () => {
    assert.equal(new Set(CSV_PROFILES.map(({ id }) => id)).size, CSV_PROFILES.length)
    assert.equal(
      new Set(CSV_PROFILES.map(({ table }) => JSON.stringify([table.preamble, table.header]))).size,
      CSV_PROFILES.length,
    )
    for (const { id, version, evidence, time, outcome } of CSV_PROFILES) {
      assert.match(id, /^[a-z]+(?:-[a-z]+)+$/)
      assert.ok(Number.isSafeInteger(version) && version >= 1)
      assert.ok(evidence.note.length > 20, id)
      assert.ok(time.kind !== 'none' || outcome !== undefined, id)
    }
  })

  it('account for every column of their header, and for no other', () => {
    for (const profile of CSV_PROFILES) {
      const { header, delimiter, isTrimmed } = profile.table
      const cells = header.split(delimiter)
      const columns = isTrimmed === true ? cells.map((cell) => cell.trim()) : cells
      assert.equal(new Set(columns).size, columns.length, profile.id)
      assert.deepEqual([...new Set(namedColumns(profile, columns))].toSorted(), columns.toSorted(), profile.id)
    }
  })

  it('read plain numbers only, whatever else they are called', () => {
    const hostile = [
      '1e3',
      '1E3',
      '+5',
      '-5',
      '５',
      '٣',
      '0x1F',
      '1_000',
      'Infinity',
      'NaN',
      ' 12 ',
      '12 ',
      '',
      '1 2',
      '=1+1',
      '"1"',
      '1.234,56',
      '1,234.56',
      '1\u00a0234',
      '--1',
      '.',
      ',',
      '1.',
      '1,',
      "'1",
    ]
    for (const { id, number, identities = [] } of CSV_PROFILES) {
      assert.match(number.pattern.source, /^\^.*\$$/, id)
      assert.match('0', number.pattern)
      for (const text of hostile) assert.doesNotMatch(text, number.pattern, `${id} ${text}`)
      const other = number.decimal === '.' ? '1,5' : '1.5'
      assert.doesNotMatch(other, number.pattern, id)
      for (const { pattern } of identities) {
        assert.match(pattern.source, /^\^.*\$$/, id)
        for (const text of ['=1+1', '@SUM(A1)', '', '１２３４', '__proto__'])
          assert.doesNotMatch(text, pattern, `${id} ${text}`)
      }
    }
  })

  it('each have a sample, and each sample is read by its own profile', () => {
    const samples = readdirSync(SAMPLES).filter((name) => name.endsWith('.csv'))
    const used = samples.map((name) => {
      const text = readFileSync(new URL(name, SAMPLES), 'utf8').replace(/^\uFEFF/, '')
      const matches = CSV_PROFILES.filter(({ table }) => text.split(/\r?\n/).includes(table.header))
      assert.equal(matches.length, 1, name)
      return matches[0]?.id.split('-').slice(0, 2).join('-')
    })
    const families = new Set(
      CSV_PROFILES.map(({ id }) =>
        id
          .split('-')
          .slice(0, 2)
          .join('-')
          .replace(/^opower-.*/, 'opower'),
      ),
    )
    assert.deepEqual(new Set(used.map((id) => id?.replace(/^opower-.*/, 'opower'))), families)
  })

  it('accept no header but their own', async () => {
    const preamble = (profile: CsvProfile): string =>
      (profile.table.preamble ?? []).map((label) => (label === '' ? '' : `${label},x`)).join('\n')
    for (const profile of CSV_PROFILES) {
      const { header, delimiter } = profile.table
      const lead = profile.table.preamble === undefined ? '' : `${preamble(profile)}\n`
      const others = [
        header.toLowerCase(),
        header.toUpperCase(),
        `${header}${delimiter}`,
        `${header}${delimiter}x`,
        `${header} `,
        `\t${header}`,
        header.slice(1),
        header.slice(0, -1),
        header.replaceAll(delimiter, delimiter === ',' ? ';' : ','),
        header.split(delimiter).toReversed().join(delimiter),
        header
          .split(delimiter)
          .map((cell) => `"${cell}"`)
          .join(delimiter),
        header.replace(/[^,;]+/, '__proto__'),
        `\uFEFF\uFEFF${header}`,
        `x\n${header}`,
        `\n${header}`,
      ]
      for (const other of others) {
        const own = CSV_PROFILES.some(({ table }) => table.header === other)
        const found = await refusal(`${lead}${other}\n1,2,3\n`)
        if (!own) assert.equal(found, 'unknown unsupported ERR_BILL_FORMAT_UNKNOWN 1:1', `${profile.id} ${other}`)
      }
      assert.match(await refusal(`${lead}${header}\n`), /^csv reject ERR_BILL_NO_CONSUMPTION \d+:1$/, profile.id)
      if (lead !== '') assert.match(await refusal(`${header}\n1\n`), /^unknown unsupported/)
    }
  })

  it('look no further than a line of theirs could be long', async () => {
    for (const head of ['Name', 'Name,x\nAddress']) {
      assert.match(await refusal(head + ','.repeat(15_000_000)), /^unknown unsupported ERR_BILL_FORMAT_UNKNOWN/)
    }
  })

  it('refuse rows of another layout', async () => {
    const rows = linzRows('2023-05-30')
    for (const { table } of CSV_PROFILES) {
      if (table.header === LINZ || table.preamble !== undefined) continue
      const found = await refusal([table.header, ...rows].join('\n'))
      assert.match(found, /^csv reject ERR_BILL_(?:CSV|DATE) 2:\d+$/, table.header)
    }
  })
})

describe('the engine of CSV profiles', () => {
  it('names profile and version in facts', () => {
    const facts = madeBill(madeHours(19_500, 1))
    assert.deepEqual(facts.extractor, { id: 'csv-made', version: '1.1.3' })
    assert.deepEqual([facts.format, facts.account], ['csv-made', 'A'])
  })

  it('reads newest rows first, also through the repeated hour', () => {
    const autumn = madeHours(19_295, 1)
    const rows = [...autumn.slice(0, 3), '2022-10-30 02:00,5,A', ...autumn.slice(3)]
    const facts = madeBill(rows.toReversed())
    assert.deepEqual([facts.readings?.count, facts.service.startUtc], [25, '2022-10-29T22:00:00Z'])
    const other = madeBill(rows.toReversed(), {
      ...MADE,
      time: { ...MADE.time, order: 'ascending' } as CsvProfile['time'],
    })
    assert.notDeepEqual(other.readings?.seriesHash, facts.readings?.seriesHash)
    assert.equal(formatDecimal(other.import.value), '29')
  })

  it('knows no clock of years without a rule', () => {
    assert.equal(madeRefusal(madeHours(9_400, 1)), 'needs-review ERR_BILL_DATE 2')
    assert.equal(madeRefusal(madeHours(22_300, 1)), 'needs-review ERR_BILL_DATE 2')
    assert.equal(madeRefusal(['2101-01-01 00:00,1,A']), 'reject ERR_BILL_DATE 2')
  })

  it('refuses periods and energies beyond any customer, and times between intervals', () => {
    const decade = Array.from({ length: 3_661 * 24 }, (_, hour) => `${offsetTime(12_000, hour)},1,A`)
    const zoned: CsvProfile = {
      ...MADE,
      time: { ...MADE.time, start: { columns: ['Time'], form: 'YYYY-MM-DDTHH:mmZ' } } as CsvProfile['time'],
    }
    assert.equal(madeRefusal(decade, zoned), 'reject ERR_BILL_PERIOD 2')
    assert.equal(madeRefusal(decade.slice(24), zoned), 'facts')
    const giga: CsvProfile = { ...MADE, series: [{ role: 'import', value: 'Value', unit: 'GWh' }] }
    assert.equal(madeRefusal(['2023-05-30 00:00,10,A'], giga), 'facts')
    assert.equal(madeRefusal(['2023-05-30 00:00,10.01,A'], giga), 'reject ERR_BILL_ABSURD 2')
    assert.equal(madeRefusal(['2023-05-30 01:00,11,A', '2023-05-30 00:00,1,A'], giga), 'reject ERR_BILL_ABSURD 2')
    assert.equal(madeRefusal(['2023-05-30 01:00,1.5,A', '2023-05-30 00:00,11,A'], giga), 'reject ERR_BILL_ABSURD 3')
    assert.equal(madeRefusal(madeHours(19_500, 1, '5'), giga), 'reject ERR_BILL_ABSURD 2')
    assert.equal(madeRefusal(['2023-05-30 00:30,1,A']), 'reject ERR_BILL_DATE 2')
  })

  it('reads offsets in times, and ends on the clock of their own', () => {
    const form = 'YYYY-MM-DDTHH:mmZ'
    const start = { columns: ['Time'], form }
    const zoned: CsvProfile = { ...MADE, time: { ...MADE.time, start } as CsvProfile['time'] }
    const west = madeBill(['2023-05-30T00:00-05:00,1,A', '2023-05-30T08:00+02:00,1,A'], zoned)
    assert.deepEqual([west.service.startUtc, west.service.endUtc], ['2023-05-30T05:00:00Z', '2023-05-30T07:00:00Z'])
    const overlapping = ['2023-05-30T00:00Z,1,A', '2023-05-30T00:00-00:30,1,A']
    assert.equal(madeRefusal(overlapping, zoned), 'needs-review ERR_BILL_READINGS_CONFLICT 3')
    const ended: CsvProfile = {
      ...MADE,
      time: {
        ...MADE.time,
        start,
        end: { columns: ['Who'], form, label: 'end' },
        intervalMinutes: [30, 60],
      } as CsvProfile['time'],
      identities: [],
    }
    const change = madeBill(['2024-10-27T01:30+01:00,1,2024-10-27T01:00Z'], ended)
    assert.deepEqual([change.service.endUtc, change.readings?.count], ['2024-10-27T01:00:00Z', 1])
    assert.equal(madeRefusal(['2024-10-27T01:30+01:00,1,2024-10-27T01:00+01:00'], ended), 'reject ERR_BILL_PERIOD 2')
  })

  it('keeps volumes, exact to the last digit', () => {
    const water: CsvProfile = { ...MADE, commodity: 'water', series: [{ role: 'import', value: 'Value', unit: 'm3' }] }
    const facts = madeBill(['2022-12-31 23:00,0.000000000000000001,A', '2023-01-01 00:00,123456789012345,A'], water)
    assert.deepEqual(
      [facts.commodity, facts.import.unit, formatDecimal(facts.import.value)],
      ['water', 'm3', '123456789012345.000000000000000001'],
    )
    assert.equal(facts.readings?.whByYear, undefined)
    assert.deepEqual(madeBill(['2022-12-31 23:00,1,A', '2023-01-01 00:00,2,A']).readings?.whByYear, [
      { year: 2022, wh: '1000/1' },
      { year: 2023, wh: '2000/1' },
    ])
  })

  it('cuts quoted lines as another parser does', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', ' ', '=', "'", '\t'), maxLength: 8 })
    fc.assert(
      fc.property(cell, fc.boolean(), (text, isQuoted) => {
        const written = isQuoted ? `"${text.replaceAll('"', '""')}"` : text
        const line = `2023-05-30 00:00,1,${written}`
        let expected: string[] | undefined
        try {
          const [cells]: string[][] = parse(line, { columns: false, relax_quotes: false })
          expected = cells
        } catch {
          expected = undefined
        }
        if (expected?.length !== 3) assert.equal(madeRefusal([line]), 'reject ERR_BILL_CSV 2', line)
        else assert.equal(madeBill([line]).account, expected[2], line)
      }),
      { numRuns: 500 },
    )
    assert.equal(madeRefusal(['"2023-05-30 00:00"x1,A']), 'reject ERR_BILL_CSV 2')
  })

  it('refuses tables that are not rectangular', async () => {
    const rows = linzRows('2023-05-30')
    const [row = ''] = rows
    const cases: readonly (readonly [string, string])[] = [
      [tableOf(LINZ, `${row};`), 'csv reject ERR_BILL_CSV 2:1'],
      [tableOf(LINZ, row.slice(0, -1)), 'csv reject ERR_BILL_CSV 2:1'],
      [tableOf(LINZ, row, '', ...rows.slice(1)), 'csv reject ERR_BILL_CSV 3:1'],
      [tableOf(LINZ, `"${row}`), 'csv reject ERR_BILL_DATE 2:1'],
      [tableOf(LINZ, row.replaceAll(';', ',')), 'csv reject ERR_BILL_CSV 2:1'],
      [tableOf(LINZ, row.replaceAll(';', '\t')), 'csv reject ERR_BILL_CSV 2:1'],
      [tableOf(LINZ, `${row}\r\r`), 'csv needs-review ERR_BILL_UNSTATED 2:41'],
      [tableOf(LINZ, `${row.slice(0, -1)};${'x'.repeat(20_000)}`), 'csv reject ERR_BILL_TOO_LARGE 2:1'],
      [tableOf(TEXAS, `"${texasRows('2024-06-01')[0] ?? ''}`), 'csv reject ERR_BILL_CSV 2:1'],
      [tableOf(TEXAS, (texasRows('2024-06-01')[0] ?? '').replace('A,', '"A"x,')), 'csv reject ERR_BILL_CSV 2:1'],
      [`${LINZ}\0\n${row}\n`, `unknown reject ERR_BILL_ENCODING 1:${LINZ.length + 1}`],
      [tableOf(LINZ, row.replace(';0', ';\0')), 'unknown reject ERR_BILL_ENCODING 2:35'],
    ]
    for (const [text, expected] of cases) assert.equal(await refusal(text), expected, text.slice(0, 200))
  })

  it('refuses formulas, foreign digits, and dates that do not exist', async () => {
    const change = (from: string, to: string): string =>
      tableOf(LINZ, ...linzRows('2023-05-30').map((row) => row.replace(from, to)))
    for (const value of ['=1+1', '+0,25', '1e3', '０,25', '@SUM(A1)', '0.25', '1.000,25', '0,25 ', 'kWh']) {
      assert.equal(await refusal(change(';0,250', `;${value}`)), 'csv reject ERR_BILL_NUMBER 2:35', value)
    }
    for (const date of ['31.06.2023', '3.05.2023', '30/05/2023', '2023-05-30', '30.05.1823', '30.05.２０２３']) {
      assert.equal(await refusal(change('30.05.2023', date)), 'csv reject ERR_BILL_DATE 2:1', date)
    }
    for (const time of ['24:00', '00:60', '0:00', '00:00:00', '00:00 ']) {
      assert.equal(await refusal(change(' 00:00;', ` ${time};`)), 'csv reject ERR_BILL_DATE 2:1', time)
    }
    for (const esiid of ['=1+1', '1009999', "''10099990000000017", '"10099990000000017"x', '__proto__']) {
      assert.match(
        await refusal(tableOf(TEXAS, ...texasRows('2024-06-01', { esiid }))),
        /^csv reject ERR_BILL_(?:FIELD|CSV) 2:1$/,
        esiid,
      )
    }
  })

  it('never throws, whatever the bytes', async () => {
    const verdicts = new Set(['facts', 'needs-review', 'reject', 'unsupported'])
    for (const name of readdirSync(SAMPLES).filter((one) => one.endsWith('.csv'))) {
      const whole = new Uint8Array(readFileSync(new URL(name, SAMPLES)))
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(60), async (at, byte, cut) => {
          const mutated = new Uint8Array(whole)
          mutated[at] = byte
          for (const bytes of [mutated, new Uint8Array([...whole.subarray(0, at), ...whole.subarray(at + cut)])]) {
            const { verdict, bills, reason } = await extractBill(bytes)
            assert.ok(verdicts.has(verdict))
            assert.equal(reason === undefined, bills.length > 0)
          }
        }),
        { numRuns: 25 },
      )
    }
  })
})

function offsetTime(firstDay: number, hour: number): string {
  return `${formatCivilDate(firstDay + Math.floor(hour / 24))}T${clock((hour % 24) * 60)}Z`
}
