import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { encodeFacts, extractionToJson, formatDecimal, makeDecimal, toHex, utf8 } from '#protocol'
import type { ExtractionJson } from '#protocol'

const HEADER = 'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind'
const ROW = 'US,CA,94105,14328,Some Utility,P-1,A-1,M-1,2019-01-01,2019-02-01,128,2.5,kWh,actual'

async function read(...rows: readonly string[]): Promise<ExtractionJson> {
  return extractionToJson(await extractBill(utf8([HEADER, ...rows, ''].join('\n'))))
}

async function refusal(...rows: readonly string[]): Promise<string> {
  const { verdict, reason } = await read(...rows)
  const { line, column, path } = reason?.place ?? {}
  return `${verdict} ${reason?.code} ${line}:${column} ${path ?? '-'}`
}

/** The row with one cell replaced. */
function rowWith(column: string, cell: string): string {
  const cells = ROW.split(',')
  cells[HEADER.split(',').indexOf(column)] = cell
  return cells.join(',')
}

describe('kwitness-csv-1', () => {
  it('reads one bill a row', async () => {
    const extraction = await extractBill(utf8(`${HEADER}\n${ROW}\n`))
    assert.deepEqual(extraction.bills[0]?.place, {
      country: 'US',
      state: 'CA',
      zip: '94105',
      utility: { eia: 14328, state: 'CA' },
    })
    assert.deepEqual(extractionToJson(extraction), {
      verdict: 'facts',
      format: 'kwitness-csv-1',
      bills: [
        {
          commodity: 'electricity',
          point: 'P-1',
          service: { start: '2019-01-01', end: '2019-02-01' },
          import: { kWh: '128', value: '128', unit: 'kWh' },
          export: { kWh: '2.5', value: '2.5', unit: 'kWh' },
          kind: 'actual',
          flags: ['self-stated'],
        },
      ],
    })
  })

  it('refuses a wrong cell with its line, column and name', async () => {
    const cases: readonly [string, string, string][] = [
      ['country', 'usa', 'reject ERR_BILL_PLACE 3:1 country'],
      ['state', 'California', 'reject ERR_BILL_PLACE 3:4 state'],
      ['zip', '9410', 'reject ERR_BILL_PLACE 3:7 zip'],
      ['eia_id', '0', 'reject ERR_BILL_PLACE 3:13 eia_id'],
      ['start', '2019-02-30', 'reject ERR_BILL_DATE 3:44 start'],
      ['start', '01/01/2019', 'reject ERR_BILL_DATE 3:44 start'],
      ['start', '1970-01-01', 'reject ERR_BILL_DATE 3:44 start'],
      ['end_exclusive', '2019-01-01', 'reject ERR_BILL_PERIOD 3:55 end_exclusive'],
      ['end_exclusive', '2018-12-01', 'reject ERR_BILL_PERIOD 3:55 end_exclusive'],
      ['end_exclusive', '2039-01-01', 'reject ERR_BILL_PERIOD 3:55 end_exclusive'],
      ['import', '-128', 'reject ERR_BILL_NEGATIVE 3:66 import'],
      ['import', '', 'reject ERR_BILL_NUMBER 3:66 import'],
      ['import', '1e3', 'reject ERR_BILL_NUMBER 3:66 import'],
      ['import', ' 128', 'reject ERR_BILL_NUMBER 3:66 import'],
      ['import', '100000000.001', 'reject ERR_BILL_ABSURD 3:66 import'],
      ['export', '-1', 'reject ERR_BILL_NEGATIVE 3:70 export'],
      ['unit', 'mWh', 'reject ERR_BILL_UNIT 3:74 unit'],
      ['unit', 'm3', 'reject ERR_BILL_UNIT 3:74 unit'],
      ['kind', 'guess', 'reject ERR_BILL_FIELD 3:78 kind'],
      ['kind', 'forecast', 'needs-review ERR_BILL_FORECAST 3:78 kind'],
      ['utility', 'a\u200bb', 'reject ERR_BILL_FIELD 3:19 utility'],
      ['meter', 'x'.repeat(129), 'reject ERR_BILL_FIELD 3:40 meter'],
    ]
    const good = ROW.replace('P-1', 'P-0')
    for (const [column, cell, expected] of cases)
      assert.equal(await refusal(good, rowWith(column, cell)), expected, cell)
    assert.equal((await read(rowWith('import', '100000000'))).verdict, 'facts')
    assert.match(await refusal(ROW.replace('P-1,A-1', ',')), /ERR_BILL_FIELD 2:32 point/)
    assert.match(await refusal('DE,BY,,,,P,,,2019-01-01,2019-02-01,1,,kWh,actual'), /ERR_BILL_PLACE 2:4 state/)
  })

  it('refuses tables that are not rectangular, and unknown headers', async () => {
    assert.match(await refusal(`${ROW},`), /reject ERR_BILL_CSV 2:1/)
    assert.match(await refusal(ROW.slice(0, ROW.lastIndexOf(','))), /reject ERR_BILL_CSV 2:1/)
    assert.match(await refusal(ROW, '', ROW), /reject ERR_BILL_CSV 3:1/)
    assert.match(await refusal(ROW.replace('Some', '"Some')), /reject ERR_BILL_CSV 2:1/)
    assert.match(await refusal(ROW.replace('Some', 'So"me')), /reject ERR_BILL_CSV 2:1/)
    assert.match(await refusal(), /reject ERR_BILL_NO_CONSUMPTION 2:1/)
    assert.match(await refusal(...Array.from({ length: 65 }, () => ROW)), /reject ERR_BILL_TOO_LARGE 66:1/)
    // Ten million rows as a list took more memory at once than a worker may have, which ended the whole process.
    assert.match(await refusal('\n'.repeat(10_000_000)), /reject ERR_BILL_TOO_LARGE 66:1/)
    for (const header of [HEADER.replace('kind', 'Kind'), HEADER.replaceAll(',', ';'), `${HEADER},`, `${HEADER} `]) {
      assert.equal((await extractBill(utf8(`${header}\n${ROW}\n`))).verdict, 'unsupported', header)
    }
  })

  it('sends overlapping rows and mixed corrections to a person', async () => {
    const later = ROW.replace('2019-01-01,2019-02-01', '2019-01-31,2019-03-01')
    assert.match(await refusal(ROW, later), /needs-review ERR_BILL_READINGS_CONFLICT 3:1/)
    assert.match(await refusal(ROW, later.replace('P-1', ' p -1')), /needs-review ERR_BILL_READINGS_CONFLICT/)
    const next = ROW.replace('2019-01-01,2019-02-01', '2019-02-01,2019-03-01')
    assert.equal((await read(ROW, next)).bills.length, 2)
    const correction = next.replace('actual', 'correction')
    assert.match(await refusal(ROW, correction), /needs-review ERR_BILL_CORRECTION/)
    assert.equal((await read(correction)).verdict, 'correction')
  })

  it('reads the same facts with LF, CRLF, byte order mark, quotes, and in any order of rows', async () => {
    const rows = ['2019-01', '2019-02', '2019-03', '2019-04'].map(
      (month, index) => `US,CA,,,"A, B ""C""",P-${index % 2},,,${month}-01,${month}-15,${index}.5,,MWh,estimated`,
    )
    const facts = async (text: string): Promise<string[]> =>
      (await extractBill(utf8(text))).bills.map((bill) => toHex(encodeFacts(bill)))
    const plain = await facts([HEADER, ...rows].join('\n'))
    assert.equal(plain.length, 4)
    assert.deepEqual(await facts([HEADER, ...rows, ''].join('\r\n')), plain)
    assert.deepEqual(await facts(`\uFEFF${[HEADER, ...rows, ''].join('\n')}`), plain)
    assert.deepEqual(await facts([HEADER, ...rows.toReversed()].join('\n')), plain)
    assert.deepEqual(await facts([HEADER, ...rows.map((row) => row.replace('MWh', '"MWh"'))].join('\n')), plain)
    assert.equal((await extractBill(utf8([HEADER, ...rows].join('\n')))).bills[0]?.utility?.name, 'A, B "C"')
  })

  it('keeps every digit of an energy', async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: -20, max: -13 }), async (u, e) => {
        const text = formatDecimal(makeDecimal(u, e))
        assert.equal((await read(rowWith('import', text))).bills[0]?.import.value, text)
      }),
    )
  })
})
