import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { extractBill } from '#audit'
import {
  encodeFacts,
  extractionToJson,
  formatCivilDate,
  formatDecimal,
  makeDecimal,
  sha256,
  toHex,
  utf8,
} from '#protocol'
import type { Extraction, ExtractionJson, Facts } from '#protocol'
import { MADE_NMI, marchDays, nem12File, nem13File, streamLines } from './mdff-file.ts'
import type { MadeDay, MadeRegister, MadeStream } from './mdff-file.ts'

const SAMPLES = new URL('../../../samples/formats/nem12/', import.meta.url)

async function read(text: string): Promise<ExtractionJson> {
  return extractionToJson(await extractBill(utf8(text)))
}

async function bill(text: string): Promise<Facts> {
  const { bills, reason } = await extractBill(utf8(text))
  const [first] = bills
  assert.ok(first, reason?.message)
  return first
}

async function refusal(text: string): Promise<string> {
  const { verdict, reason } = await extractBill(utf8(text))
  assert.ok(reason?.place?.line, `${reason?.code} has no place`)
  return `${verdict} ${reason.code} ${reason.place.line}:${reason.place.column ?? ''} ${reason.place.path ?? ''}`
}

function hashes(extraction: Pick<Extraction, 'bills'>): string[] {
  return extraction.bills.map((facts) => toHex(encodeFacts(facts)))
}

describe('NEM12 samples', () => {
  it('give interval data of a solar customer: import, export, quality by 400 records', async () => {
    const extraction = await extractBill(readFileSync(new URL('solar-quarter-hours.csv', SAMPLES)))
    const { verdict, format, bills } = extraction
    assert.deepEqual([verdict, format, bills.length], ['facts', 'nem12', 1])
    const [facts] = bills
    assert.deepEqual(extractionToJson(extraction).bills, [
      {
        commodity: 'electricity',
        point: '6305999001',
        service: {
          start: '2024-02-01',
          end: '2024-02-04',
          startUtc: '2024-01-31T14:00:00Z',
          endUtc: '2024-02-03T14:00:00Z',
        },
        import: { kWh: '55.44', value: '55.44', unit: 'kWh' },
        export: { kWh: '94.11', value: '94.11', unit: 'kWh' },
        kind: 'mixed',
        flags: ['quality-s14'],
      },
    ])
    assert.equal(facts?.meter, 'INV0001')
    assert.equal(facts.readings?.count, 288)
    assert.deepEqual(facts.place, { country: 'AU' })
  })

  it('give one bill for each point, with every decimal, and one unit for several', async () => {
    const { bills } = await extractBill(readFileSync(new URL('two-points.csv', SAMPLES)))
    const found = bills.map(({ point, import: { value, unit } }) => `${point} ${formatDecimal(value)} ${unit}`)
    assert.deepEqual(found, ['3120999002 2315.856 kWh', '3120999003 72.00000000000288 kWh'])
  })

  it('give the registers of one reading as one bill', async () => {
    const { bills } = await extractBill(readFileSync(new URL('register-reads.csv', SAMPLES)))
    const [facts] = extractionToJson({ verdict: 'facts', format: '', bills }).bills
    assert.deepEqual(facts, {
      commodity: 'electricity',
      point: '4103999004',
      service: {
        start: '2024-01-05',
        end: '2024-04-03',
        startUtc: '2024-01-05T00:15:00Z',
        endUtc: '2024-04-02T23:45:00Z',
      },
      import: { kWh: '1121.75', value: '1121.75', unit: 'kWh' },
      kind: 'actual',
      flags: [],
    })
  })

  it('give Western Australia its own time, drop the checksum, and divide the energy by years', async () => {
    const { bills } = await extractBill(readFileSync(new URL('western.csv', SAMPLES)))
    const [facts] = bills
    assert.equal(facts?.point, '8001999005')
    assert.equal(facts.service.startUtc, '2023-12-30T16:00:00Z')
    assert.deepEqual(facts.flags, ['time-awst'])
    assert.deepEqual(facts.readings?.whByYear, [
      { year: 2023, wh: '6000/1' },
      { year: 2024, wh: '6000/1' },
    ])
  })
})

describe('NEM12', () => {
  it('reads 5, 15 and 30 minutes, and units in any case', async () => {
    for (const minutes of [1, 5, 10, 15, 30]) {
      const facts = await bill(nem12File({ minutes, values: '1' } as MadeStream))
      assert.equal(facts.readings?.count, 1_440 / minutes)
    }
    for (const [uom, kWh] of [
      ['kWh', '24'],
      ['KWH', '24'],
      ['wh', '0.024'],
      ['mWh', '24000'],
      ['MWH', '24000'],
    ]) {
      const [facts] = (await read(nem12File({ uom } as MadeStream))).bills
      assert.equal(facts?.import.kWh, kWh, uom)
    }
    assert.equal(await refusal(nem12File({ uom: 'kVArh' })), 'reject ERR_BILL_UNIT 2:1 200')
    assert.equal(await refusal(nem12File({ uom: '' })), 'needs-review ERR_BILL_UNIT 2:1 200')
    const changed = nem12File({ days: marchDays(1, 1) }, { uom: 'Wh', days: marchDays(2, 1) })
    assert.equal(await refusal(changed), 'needs-review ERR_BILL_UNIT 4:1 200')
    assert.equal(await refusal(nem12File({ minutes: '60' })), 'reject ERR_BILL_RECORDS 2:35 IntervalLength')
  })

  it('adds imports and exports apart, and no other stream', async () => {
    const others = ['Q1', 'K1', 'V1', 'G1', 'T1'].map((suffix) => ({ suffix, uom: 'kVArh', configuration: '' }))
    const facts = await bill(
      nem12File(
        { suffix: 'E1', configuration: 'E1E2B1' },
        { suffix: 'E2', days: [{ values: '0.25' }], configuration: '' },
        { suffix: 'B1', days: [{ values: '2' }], configuration: '' },
        ...others,
      ),
    )
    assert.deepEqual(
      [formatDecimal(facts.import.value), facts.export && formatDecimal(facts.export.value)],
      ['36', '96'],
    )
    assert.deepEqual(facts.flags, [])
    assert.equal(facts.readings?.count, 96)
    const secondary = await bill(
      nem12File({}, { suffix: 'F1', configuration: '' }, { suffix: 'D1', configuration: '' }),
    )
    assert.equal(formatDecimal(secondary.import.value), '24')
    assert.deepEqual(secondary.flags, ['secondary-streams'])
    assert.match(await refusal(nem12File({ suffix: 'N1' })), /needs-review ERR_BILL_FLOW 2:1/)
    assert.match(await refusal(nem12File({ suffix: 'Q1', uom: 'kvarh' })), /reject ERR_BILL_NO_CONSUMPTION/)
    assert.match(await refusal(nem12File({ suffix: 'Q1', uom: 'kWh' })), /needs-review ERR_BILL_UNIT/)
    assert.match(await refusal(nem12File({ suffix: '11' })), /reject ERR_BILL_FIELD/)
  })

  it('states a point that only feeds into the grid, and what its configuration has besides', async () => {
    const facts = await bill(nem12File({ suffix: 'B1' }))
    assert.deepEqual([formatDecimal(facts.import.value), facts.flags], ['0', ['export-only']])
    assert.match(
      await refusal(nem12File({ suffix: 'B1', configuration: 'B1E1' })),
      /needs-review ERR_BILL_UNSTATED 2:1/,
    )
    // Nothing says that consumption was not left out: 0 would be a guess.
    for (const configuration of ['', 'B1E']) {
      const silent = nem12File({ suffix: 'B1', configuration })
      assert.match(await refusal(silent), /needs-review ERR_BILL_UNSTATED 2:1/, configuration)
    }
    const registers = nem13File({ suffix: '41', direction: 'I', configuration: '' })
    assert.match(await refusal(registers), /needs-review ERR_BILL_UNSTATED 2:1/)
    assert.match(await refusal(nem12File({ configuration: 'E1E2' })), /needs-review ERR_BILL_UNSTATED 2:1/)
    assert.match(await refusal(nem12File({ configuration: 'E2' })), /needs-review ERR_BILL_RECORDS 2:1/)
    assert.deepEqual((await bill(nem12File({ configuration: 'E1B1' }))).flags, ['export-not-stated'])
    assert.deepEqual((await bill(nem12File({ configuration: 'E1B' }))).flags, ['configuration-unread'])
  })

  it('hashes all readings of import in Wh, by time and then by suffix', async () => {
    const facts = await bill(
      nem12File(
        { suffix: 'E1', configuration: '', days: [{ values: '1.50', quality: 'S14' }] },
        { suffix: 'E2', configuration: '', minutes: 15, uom: 'Wh', days: [{ values: '7' }] },
      ),
    )
    const midnight = 1_709_215_200
    const lines = Array.from({ length: 48 }, (_, index) => {
      const start = midnight + index * 1_800
      return `${start},1800,15,2,S14\n${start},900,7,0,A\n${start + 900},900,7,0,A\n`
    })
    assert.equal(facts.service.startUtc, '2024-02-29T14:00:00Z')
    assert.equal(toHex(facts.readings?.seriesHash ?? utf8('')), toHex(sha256(utf8(lines.join('')))))
  })

  it('refuses to add one register twice', async () => {
    const second = { suffix: 'E2', configuration: '' }
    const other = { ...second, days: [{ values: '1' }] }
    const sum = async (...streams: readonly MadeStream[]): Promise<string> => {
      const { verdict, reason, bills } = await extractBill(utf8(nem12File(...streams)))
      const [facts] = bills
      return facts === undefined
        ? `${verdict} ${reason?.code} ${reason?.place?.line}`
        : formatDecimal(facts.import.value)
    }
    const refused = 'needs-review ERR_BILL_SEVERAL_SERIES 4'
    // One register of one meter, whatever its figures.
    assert.equal(await sum({}, { ...other, register: 'E1' }), refused)
    // Other registers, or other meters, even with the same figures.
    assert.equal(await sum({}, second), '48')
    assert.equal(await sum({ serial: '' }, { ...second, serial: '' }), '48')
    assert.equal(await sum({}, { ...second, register: 'E1', serial: 'M2' }), '48')
    // Nameless ones, unless they repeat each other.
    for (const nameless of [{ register: '' }, { serial: '', register: 'E1' }, { register: '', serial: '' }]) {
      assert.equal(await sum(nameless, { ...other, ...nameless }), '72')
      assert.equal(await sum(nameless, { ...second, ...nameless }), refused)
      const inWh = { ...second, ...nameless, uom: 'Wh', days: [{ values: '500' }] }
      assert.equal(await sum(nameless, inWh), refused)
      const zeros = { ...nameless, days: [{ values: '0' }] }
      assert.equal(await sum(zeros, { ...second, ...zeros }), '0')
    }
    assert.equal(await sum({}, { suffix: 'B1', configuration: '', register: 'E1' }), '24')
    const meters = marchDays(1, 17).map((day, index) => ({ serial: `M${index}`, days: [day] }))
    assert.equal(await sum(...meters, { ...second, days: marchDays(1, 17) }), 'needs-review ERR_BILL_SEVERAL_SERIES 2')
    assert.equal(await sum(...meters.slice(1), { ...second, days: marchDays(2, 16) }), '768')
  })

  it('takes the worst quality: substitutes are estimates, no value and forecasts are for a person', async () => {
    const day = (quality: string, runs: readonly string[] = []): string => nem12File({ days: [{ quality, runs }] })
    const found = async (text: string): Promise<string> => {
      const { kind, flags } = await bill(text)
      return [kind, ...flags].join(' ')
    }
    assert.equal(await found(day('A')), 'actual')
    assert.equal(await found(day('S53')), 'estimated quality-s53')
    assert.equal(await found(day('F14')), 'estimated quality-f14')
    assert.equal(await found(day('f')), 'estimated quality-f')
    assert.equal(await found(day('V', ['1,20,F14,76,', '21,24,A,,', '25,48,S14,1,'])), 'mixed quality-f14 quality-s14')
    assert.equal(await found(day('V', ['25,48,A,,', '1,24,A,,'])), 'actual')
    assert.match(await refusal(day('E52')), /needs-review ERR_BILL_FORECAST 3:1 300/)
    assert.match(await refusal(day('N')), /needs-review ERR_BILL_GAP 3:1 300/)
    assert.match(await refusal(day('V', ['1,47,A,,', '48,48,N,,'])), /needs-review ERR_BILL_GAP 3:1 300/)
    assert.match(await refusal(day('V', ['1,47,A,,'])), /reject ERR_BILL_RECORDS 3:1/)
    assert.match(await refusal(day('V')), /reject ERR_BILL_RECORDS 3:1/)
    assert.match(await refusal(day('V', ['1,24,A,,', '24,48,A,,'])), /reject ERR_BILL_RECORDS 3:1/)
    assert.match(await refusal(day('V', ['1,24,A,,', '26,48,A,,'])), /reject ERR_BILL_RECORDS 3:1/)
    assert.match(await refusal(day('V', ['1,49,A,,'])), /reject ERR_BILL_RECORDS 4:5 StartInterval/)
    assert.match(await refusal(day('V', ['0,48,A,,'])), /reject ERR_BILL_RECORDS 4:5 StartInterval/)
    assert.match(await refusal(day('V', ['1,48,V,,'])), /reject ERR_BILL_RECORDS 4:10 QualityMethod/)
    assert.match(await refusal(day('V', ['1,48,A,,', '48,1,A,,'])), /reject ERR_BILL_RECORDS 5:5 StartInterval/)
    const blank = Array.from({ length: 48 }, (_, index) => (index === 2 ? '' : '1'))
    const partly = (runs: readonly string[]): string => nem12File({ days: [{ values: blank, quality: 'V', runs }] })
    assert.match(await refusal(partly(['1,48,A,,'])), /reject ERR_BILL_NUMBER 3:18 IntervalValue3/)
    assert.match(await refusal(partly(['1,2,A,,', '3,3,N,,', '4,48,A,,'])), /needs-review ERR_BILL_GAP/)
    assert.match(await refusal(day('A', ['1,48,A,,'])), /reject ERR_BILL_RECORDS 4:1 400/)
    for (const quality of ['X', 'A1', 'S1', 'S123', 'Actual']) {
      assert.match(await refusal(day(quality)), /reject ERR_BILL_RECORDS 3:206 QualityMethod/, quality)
    }
  })

  it('refuses days whose length, values or dates are wrong', async () => {
    const values = (list: readonly string[]): string => nem12File({ days: [{ values: list }] })
    const good = Array.from({ length: 48 }, () => '1')
    assert.equal(await refusal(values(good.slice(1))), 'reject ERR_BILL_RECORDS 3:108 QualityMethod')
    assert.equal(await refusal(values([...good, '1'])), 'reject ERR_BILL_RECORDS 3:112 QualityMethod')
    for (const bad of [
      '',
      '1e3',
      '+5',
      ' 1',
      '1 ',
      '１',
      '0x1F',
      '1.',
      '.',
      '-',
      '1,5',
      '1.2.3',
      '9'.repeat(16),
      '"1"',
    ]) {
      const text = values(['1', bad, ...good.slice(2)])
      if (bad === '1,5') assert.match(await refusal(text), /ERR_BILL_RECORDS 3/)
      else assert.equal(await refusal(text), 'reject ERR_BILL_NUMBER 3:16 IntervalValue2', bad)
    }
    assert.equal(await refusal(values(['1', '-1', ...good.slice(2)])), 'reject ERR_BILL_NEGATIVE 3:16 IntervalValue2')
    assert.match(await refusal(values(['1', 'Infinity', ...good.slice(2)])), /reject ERR_BILL_RECORDS 3:16/)
    for (const date of ['20240230', '2024031', '19891231', '21000101', '2024-3-1']) {
      assert.match(await refusal(nem12File({ days: [{ date }] })), /reject ERR_BILL_DATE 3:5 IntervalDate/, date)
    }
    const updated = [{ updated: '20240302' }]
    assert.match(await refusal(nem12File({ days: updated })), /reject ERR_BILL_DATE 3:210 UpdateDateTime/)
    assert.match(await refusal(nem12File({ uom: 'MWh', days: [{ values: '10000.1' }] })), /reject ERR_BILL_ABSURD 3:1/)
    assert.match(await refusal(nem12File({ uom: 'MWh', days: [{ values: '10000' }] })), /reject ERR_BILL_ABSURD 2:1/)
    assert.equal(formatDecimal((await bill(nem12File({ days: [{ values: '.005' }] }))).import.value), '0.24')
  })

  it('sends missing days, and streams with fewer days than others, to a person', async () => {
    const gap = nem12File({ days: [...marchDays(1, 2), ...marchDays(4, 1)] })
    assert.match(await refusal(gap), /needs-review ERR_BILL_GAP 5:1 300/)
    const partial = nem12File(
      { configuration: 'E1E2', days: marchDays(1, 3) },
      { suffix: 'E2', configuration: 'E1E2', days: marchDays(2, 1) },
    )
    assert.match(await refusal(partial), /needs-review ERR_BILL_GAP 6:1 200/)
    const late = nem12File({ days: marchDays(1, 3) }, { suffix: 'E2', configuration: '', days: marchDays(2, 2) })
    assert.match(await refusal(late), /needs-review ERR_BILL_GAP 6:1 200/)
    const exports = nem12File({ days: marchDays(1, 3) }, { suffix: 'B1', configuration: '', days: marchDays(1, 2) })
    assert.match(await refusal(exports), /needs-review ERR_BILL_GAP/)
    const reactive = nem12File({ days: marchDays(1, 3) }, { suffix: 'Q1', uom: 'kVArh', configuration: '' })
    assert.equal((await bill(reactive)).service.end, '2024-03-04')
    const ages = Array.from({ length: 3_661 }, (_, day) => ({
      date: formatCivilDate(10_000 + day).replaceAll('-', ''),
    }))
    assert.match(await refusal(nem12File({ days: ages })), /reject ERR_BILL_PERIOD 2:1/)
    assert.equal((await read(nem12File({ days: ages.slice(1) }))).verdict, 'facts')
  })

  it('takes the later version of a day, and refuses two that no time tells apart', async () => {
    const early: MadeDay = { values: '1', updated: '20240302000000' }
    const late: MadeDay = { values: '2', updated: '20240303000000' }
    for (const days of [
      [early, late],
      [late, early],
      [early, late, early],
    ]) {
      const facts = await bill(nem12File({ days }))
      assert.equal(formatDecimal(facts.import.value), '96')
      assert.ok(facts.flags.includes('revisions-superseded'))
    }
    const short = await bill(nem12File({ days: [early, { values: '2', updated: '202403030000' }] }))
    assert.equal(formatDecimal(short.import.value), '96')
    const same = await bill(nem12File({ days: [early, { ...early, values: '1.0', updated: '' }] }))
    assert.deepEqual([same.flags, same.readings?.duplicates], [['duplicates-dropped'], 48])
    for (const updated of ['', '20240302000000', '202403020000']) {
      const other = { ...late, updated }
      assert.match(await refusal(nem12File({ days: [early, other] })), /needs-review ERR_BILL_READINGS_CONFLICT/)
    }
    const requality = { ...early, quality: 'S14' }
    assert.match(await refusal(nem12File({ days: [early, requality] })), /needs-review ERR_BILL_READINGS_CONFLICT/)
    const otherMeter = nem12File({ days: [early] }, { serial: 'M2', days: [late] })
    assert.match(await refusal(otherMeter), /needs-review ERR_BILL_READINGS_CONFLICT/)
    // Alike as well: one of two meters would be left out, or one register taken for a later version of another.
    for (const second of [{ serial: 'M2' }, { register: 'E1B' }]) {
      const twice = nem12File({ days: [early] }, { ...second, days: [early] })
      assert.match(await refusal(twice), /needs-review ERR_BILL_READINGS_CONFLICT 5:1/)
      assert.match(
        await refusal(nem12File({ days: [early] }, { ...second, days: [late] })),
        /ERR_BILL_READINGS_CONFLICT/,
      )
    }
    const exchanged = await bill(nem12File({ days: marchDays(1, 2) }, { serial: 'M2', days: marchDays(3, 1) }))
    assert.deepEqual(
      [formatDecimal(exchanged.import.value), exchanged.flags, exchanged.meter],
      ['72', ['several-meters'], undefined],
    )
  })

  it('reads documents behind each other as one, and says so', async () => {
    const facts = await bill(nem12File({ days: marchDays(1, 2) }) + nem12File({ days: marchDays(3, 1) }))
    assert.deepEqual(
      [formatDecimal(facts.import.value), facts.service.end, facts.flags],
      ['72', '2024-03-04', ['concatenated']],
    )
    const conflict = nem12File() + nem12File({ days: [{ values: '7' }] })
    assert.match(await refusal(conflict), /needs-review ERR_BILL_READINGS_CONFLICT 7:1/)
    const both = nem12File({ days: marchDays(1, 2) }) + nem13File()
    assert.match(await refusal(both), /needs-review ERR_BILL_READINGS_CONFLICT/)
  })

  it('leaves abridged and cut files to a person', async () => {
    const whole = nem12File()
    const lines = whole.split('\n')
    assert.equal(await refusal(lines.slice(1).join('\n')), 'needs-review ERR_BILL_RECORDS 1:1 100')
    assert.equal(await refusal(['', ...lines.slice(1)].join('\n')), 'needs-review ERR_BILL_RECORDS 2:1 100')
    assert.equal(await refusal(lines.slice(2).join('\n')), 'needs-review ERR_BILL_RECORDS 1:1 100')
    assert.match(await refusal(lines.filter((line) => line !== '900').join('\n')), /needs-review ERR_BILL_RECORDS 3:1/)
    assert.match(await refusal(whole + lines.slice(1).join('\n')), /needs-review ERR_BILL_RECORDS 5:1 100/)
    assert.match(await refusal(`${lines[0]}\n${whole}`), /needs-review ERR_BILL_RECORDS 2:1 100/)
  })

  it('refuses records in the wrong place', async () => {
    const [head = '', stream = '', day = '', end = ''] = nem12File().split('\n')
    const cases: readonly [readonly string[], string][] = [
      [[head, day, end], 'reject ERR_BILL_RECORDS 2:1 300'],
      [[head, stream, end], 'reject ERR_BILL_RECORDS 2:1 200'],
      [[head, stream, stream, day, end], 'reject ERR_BILL_RECORDS 2:1 200'],
      [[head, end], 'reject ERR_BILL_NO_CONSUMPTION 1:1 100'],
      [[head, stream, day, '250,x', end], 'reject ERR_BILL_RECORDS 4:1 RecordIndicator'],
      [[head, stream, '400,1,48,A,,', end], 'reject ERR_BILL_RECORDS 3:1 400'],
      [[head, stream, day, '=cmd|calc', end], 'reject ERR_BILL_RECORDS 4:1 RecordIndicator'],
      [['100,NEM12,,,', '__proto__,1', end], 'reject ERR_BILL_RECORDS 2:1 RecordIndicator'],
    ]
    for (const [lines, expected] of cases) assert.equal(await refusal(lines.join('\n')), expected, lines.join('|'))
    const noted = [head, stream, day, '500,O,S1,20240301000000,1', '', ',,,', end].join('\n')
    assert.equal((await read(noted)).verdict, 'facts')
  })

  it('verifies the checksum of an NMI, and knows whose time it has', async () => {
    assert.equal((await bill(nem12File({ nmi: 'QAAAVZZZZZ3' }))).point, 'QAAAVZZZZZ')
    assert.equal((await bill(nem12File({ nmi: 'nmi qaaavzzzzz' }))).point, 'QAAAVZZZZZ')
    assert.match(await refusal(nem12File({ nmi: 'QAAAVZZZZZ4' })), /reject ERR_BILL_FIELD 2:5 NMI/)
    assert.match(await refusal(nem12File({ nmi: '' })), /reject ERR_BILL_FIELD 2:5 NMI/)
    assert.match(await refusal(nem12File({ nmi: '=1+1' })), /reject ERR_BILL_FIELD 2:5 NMI/)
    const time = async (nmi: string, from = 'INVENTMDP'): Promise<string> => {
      const { service, flags } = await bill(nem12File({ nmi }).replace('INVENTMDP', from))
      return [service.startUtc?.slice(11, 13), ...flags].join(' ')
    }
    assert.equal(await time('6305999001'), '14')
    assert.equal(await time('8000999001'), '14')
    assert.equal(await time('WAAA999001'), '16 time-awst')
    assert.equal(await time('8020999001'), '16 time-awst')
    assert.equal(await time('9999999999', 'WPNTKS'), '16 time-awst')
    assert.equal(await time('9999999999'), '14 nem-time-assumed')
    assert.equal(await time('C123'), '14 nem-time-assumed nmi-irregular')
    const contradiction = nem12File({ nmi: 'VABD000163' }).replace('INVENTMDP', 'WPNTKS')
    assert.match(await refusal(contradiction), /needs-review ERR_BILL_UNSTATED 2:1/)
    assert.match(await refusal(nem12File({ nmi: '2500000001' })), /needs-review ERR_BILL_UNSTATED 2:1/)
  })

  it('refuses more than its limits', async () => {
    const days = Array.from({ length: 28 }, (_, index) => ({
      date: `202402${String(index + 1).padStart(2, '0')}`,
      values: '1',
    }))
    const many = Array.from({ length: 65 }, (_, index) => ({ nmi: `41039990${String(index).padStart(2, '0')}` }))
    assert.match(await refusal(nem12File(...many)), /reject ERR_BILL_TOO_LARGE 1:1/)
    const minutes = many.slice(0, 25).map(({ nmi }) => ({ nmi, minutes: 1, days }))
    assert.match(await refusal(nem12File(...minutes)), /reject ERR_BILL_TOO_LARGE \d+:1 300/)
    assert.equal((await read(nem12File(...minutes.slice(0, 24)))).bills.length, 24)
    const long = streamLines({ days: [{ values: `${'0'.repeat(40_000)}1` }] })
    assert.match(await refusal(['100,NEM12,,,', ...long, '900'].join('\n')), /reject ERR_BILL_TOO_LARGE 3:1/)
  })

  it('gives the same facts for every order of streams and days, line ends, and byte order mark', async () => {
    const arbitrary = fc.record({
      values: fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 48, maxLength: 48 }),
      streams: fc.shuffledSubarray(['E1', 'E2', 'B1', 'Q1'], { minLength: 4 }),
      days: fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }),
      isWindows: fc.boolean(),
      hasMark: fc.boolean(),
      isSplit: fc.boolean(),
    })
    const make = (streams: readonly string[], days: readonly number[], values: readonly number[]): string =>
      nem12File(
        ...streams.map((suffix, index) => ({
          suffix,
          configuration: 'E1E2B1Q1',
          uom: suffix === 'Q1' ? 'kVArh' : 'Wh',
          days: days.map((day) => ({
            date: `2024030${day}`,
            values: values.map((value) =>
              formatDecimal(makeDecimal(BigInt(value + suffix.charCodeAt(0) + suffix.charCodeAt(1) * day), -3)),
            ),
          })),
          register: String(index),
        })),
      )
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ values, streams, days, isWindows, hasMark, isSplit }) => {
        const plain = await extractBill(utf8(make(['E1', 'E2', 'B1', 'Q1'], [1, 2, 3, 4], values)))
        assert.equal(plain.verdict, 'facts', plain.reason?.message)
        const other = isSplit
          ? make(streams, days.slice(2), values) + make(streams, days.slice(0, 2), values)
          : make(streams, days, values)
        const ended = isWindows ? other.replaceAll('\n', '\r\n') : other
        const found = await extractBill(utf8(hasMark ? `\uFEFF${ended}` : ended))
        const unflagged = {
          ...found,
          bills: found.bills.map((facts) => ({
            ...facts,
            flags: facts.flags.filter((flag) => flag !== 'concatenated'),
          })),
        }
        assert.deepEqual(hashes(unflagged), hashes(plain))
      }),
      { numRuns: 40 },
    )
  })

  it('adds up to the sum of its parts', async () => {
    const values = fc.array(fc.bigInt({ min: 0n, max: 10n ** 17n }), { minLength: 48, maxLength: 48 })
    await fc.assert(
      fc.asyncProperty(values, async (list) => {
        const texts = list.map((value) => formatDecimal(makeDecimal(value, -14)))
        const facts = await bill(nem12File({ days: [{ values: texts }] }))
        const total = list.reduce((sum, value) => sum + value, 0n)
        assert.deepEqual(facts.import.value, makeDecimal(total, -14))
      }),
      { numRuns: 50 },
    )
  })
})

describe('NEM13', () => {
  const refuse = async (made: MadeRegister): Promise<string> => refusal(nem13File(made))

  it('reads import and export registers by their direction', async () => {
    const facts = await bill(
      nem13File(
        { configuration: '1171' },
        {
          suffix: '71',
          configuration: '1171',
          direction: 'I',
          previous: ['0', '20240105101500', 'A'],
          current: ['42', '20240403094500', 'A'],
          quantity: '42',
        },
      ),
    )
    assert.deepEqual(
      [formatDecimal(facts.import.value), facts.export && formatDecimal(facts.export.value)],
      ['199.5', '42'],
    )
    assert.match(await refuse({ direction: 'X' }), /reject ERR_BILL_FLOW 2:31 DirectionIndicator/)
    assert.match(await refuse({ configuration: '1141' }), /needs-review ERR_BILL_UNSTATED 2:1/)
  })

  it('leaves to a person what the readings do not prove', async () => {
    assert.match(await refuse({ quantity: '199.4' }), /needs-review ERR_BILL_ARITHMETIC 2:1 250/)
    assert.match(await refuse({ quantity: '7980' }), /needs-review ERR_BILL_ARITHMETIC 2:1 250/)
    assert.match(await refuse({ previous: ['999900', '20240105101500', 'A'] }), /needs-review ERR_BILL_ACCUMULATION/)
    assert.match(await refuse({ current: ['000300', '20240403094500', 'E64'] }), /needs-review ERR_BILL_FORECAST/)
    assert.match(await refuse({ current: ['000300', '20240403094500', 'N'] }), /needs-review ERR_BILL_GAP/)
    assert.match(await refuse({ quantity: '-1' }), /reject ERR_BILL_NEGATIVE/)
    assert.match(await refuse({ quantity: '1e3' }), /reject ERR_BILL_NUMBER/)
    assert.match(await refuse({ current: ['000300', '20240105101500', 'A'] }), /reject ERR_BILL_PERIOD/)
    assert.match(await refuse({ current: ['000300', '20240105111500', 'A'] }), /needs-review ERR_BILL_PERIOD/)
    assert.match(await refuse({ current: ['000300', '20240431111500', 'A'] }), /reject ERR_BILL_DATE/)
    assert.match(await refuse({ current: ['000300', '20240403250000', 'A'] }), /reject ERR_BILL_DATE/)
    assert.match(await refuse({ uom: 'kVArh' }), /reject ERR_BILL_NO_CONSUMPTION/)
    assert.match(await refuse({ uom: '' }), /needs-review ERR_BILL_UNIT/)
  })

  it('knows substituted readings, registers of one point, and bills that follow each other', async () => {
    const substituted = await bill(nem13File({ current: ['000300', '20240403094500', 'S62'] }))
    assert.deepEqual([substituted.kind, substituted.flags], ['mixed', ['quality-s62']])
    const next = {
      previous: ['300', '20240403094500', 'A'],
      current: ['310', '20240701094500', 'A'],
      quantity: '10',
    } as const
    const { bills } = await extractBill(utf8(nem13File(next, {})))
    assert.deepEqual(
      bills.map(({ service, point }) => [point, service.start, service.end]),
      [
        [MADE_NMI, '2024-01-05', '2024-04-03'],
        [MADE_NMI, '2024-04-03', '2024-07-01'],
      ],
    )
    const overlapping = { ...next, previous: ['300', '20240402094500', 'A'] } as const
    assert.match(await refusal(nem13File(overlapping, {})), /needs-review ERR_BILL_READINGS_CONFLICT/)
    assert.deepEqual((await bill(nem13File({}, {}))).flags, ['duplicates-dropped'])
    const many = Array.from({ length: 65 }, (_, index) => ({ nmi: `41039990${String(index).padStart(2, '0')}` }))
    assert.equal((await read(nem13File(...many.slice(1)))).bills.length, 64)
    assert.match(await refusal(nem13File(...many)), /reject ERR_BILL_TOO_LARGE 66:1 250/)
    const later = { quantity: '200.5', current: ['301', '20240403094500', 'A'], updated: '20240405000000' } as const
    assert.equal(formatDecimal((await bill(nem13File(later, {}))).import.value), '200.5')
    assert.match(await refusal(nem13File({ ...later, updated: '20240404000000' }, {})), /ERR_BILL_READINGS_CONFLICT/)
    assert.match(await refusal(nem13File({}, { serial: 'M2', quantity: '199.5' })), /ERR_BILL_SEVERAL_SERIES/)
    assert.match(
      await refusal(nem13File({ configuration: '1112' }, { suffix: '12', register: '11', configuration: '' })),
      /ERR_BILL_SEVERAL_SERIES/,
    )
  })
})
