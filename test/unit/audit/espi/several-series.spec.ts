import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { extractionToJson, utf8 } from '#protocol'
import { feedOf } from '../green-button-file.ts'
import {
  DAY_S,
  MIDNIGHT_S,
  billOf,
  bytesOf,
  days,
  dial,
  factsOf,
  fileOf,
  hours,
  pointEntries,
  refusal,
} from './espi-file.ts'
import type { MadeSeries } from './espi-file.ts'

const DELIVERED: MadeSeries = { readings: hours([5, 6, 7, 8]) }
const RECEIVED: MadeSeries = { type: { flowDirection: '19' }, readings: hours([1, 0, 2, 0]) }

describe('several series of one point', () => {
  it('are import and export, stated apart, and never netted', async () => {
    const bill = await billOf(fileOf({ series: [DELIVERED, RECEIVED] }))
    assert.deepEqual([bill.import.value, bill.export?.value], ['26', '3'])
    const other: MadeSeries = { type: { flowDirection: '19' }, readings: hours([1, 2]) }
    assert.equal(await refusal(fileOf({ series: [DELIVERED, other] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('of energy fed in alone are facts of which no claim can be made', async () => {
    const extraction = await extractBill(utf8(fileOf({ series: [RECEIVED] })))
    const { verdict, reason, bills, read } = extraction
    assert.deepEqual([verdict, reason?.code, bills, read?.length], ['facts', 'ERR_BILL_FLOW', [], 1])
    assert.match(reason?.message ?? '', /only energy fed into the grid: a bill of what was used is needed/)
    const bill = await billOf(fileOf({ series: [DELIVERED, RECEIVED] }))
    const [reading] = extractionToJson(extraction).read ?? []
    assert.deepEqual(reading, {
      commodity: 'electricity',
      ...(bill.point === undefined ? {} : { point: bill.point }),
      service: bill.service,
      export: bill.export,
      missing: ['import'],
      flags: ['not-whole-days'],
    })
    // A direction that is assumed may be the other one.
    const silent: MadeSeries = { type: { flowDirection: undefined }, readings: hours([1, 2, 3, 4]) }
    assert.equal(await refusal(fileOf({ series: [silent, RECEIVED] })), 'needs-review ERR_BILL_FLOW')
  })

  it('of net and total flow are left alone beside energy delivered, and decide nothing alone', async () => {
    const net: MadeSeries = { type: { flowDirection: '4' }, readings: hours([4, 6, 5, 8]) }
    const total: MadeSeries = { type: { flowDirection: '20' }, readings: hours([6, 6, 9, 8]) }
    const bill = await billOf(fileOf({ series: [net, DELIVERED, total, RECEIVED] }))
    assert.deepEqual([bill.import.value, bill.export?.value], ['26', '3'])
    assert.ok(bill.flags.includes('net-left-out') && bill.flags.includes('total-left-out'))
    for (const series of [[net], [total], [net, RECEIVED], [net, total]]) {
      assert.equal(await refusal(fileOf({ series })), 'needs-review ERR_BILL_FLOW')
    }
    const negative: MadeSeries = { type: { flowDirection: '4' }, readings: hours([-4, 6]) }
    assert.equal(await refusal(fileOf({ series: [negative] })), 'needs-review ERR_BILL_FLOW')
  })

  it('of quadrants, power factors and unknown directions are neither delivered nor received', async () => {
    for (const flowDirection of ['2', '3', '5', '7', '8', '10', '13', '15', '21', '01', '-1', 'x']) {
      const file = fileOf({ series: [{ type: { flowDirection }, readings: hours([1, 2]) }] })
      assert.equal(await refusal(file), 'needs-review ERR_BILL_FLOW', flowDirection)
    }
  })

  it('need a direction as soon as they are two', async () => {
    const silent: MadeSeries = { type: { flowDirection: undefined }, readings: hours([1, 2, 3, 4]) }
    assert.deepEqual((await billOf(fileOf({ series: [silent] }))).flags, ['direction-assumed', 'not-whole-days'])
    assert.equal(await refusal(fileOf({ series: [silent, DELIVERED] })), 'needs-review ERR_BILL_FLOW')
    assert.equal(await refusal(fileOf({ series: [silent, RECEIVED] })), 'needs-review ERR_BILL_FLOW')
    assert.equal(await refusal(fileOf({ series: [silent, silent] })), 'needs-review ERR_BILL_FLOW')
  })

  it('of demand, reactive energy, voltage and averages are left alone beside energy', async () => {
    const asides: readonly Record<string, string>[] = [
      { uom: '38', accumulationBehaviour: '12' },
      { uom: '61' },
      { uom: '63', powerOfTenMultiplier: '3' },
      { uom: '73' },
      { uom: '29' },
      { dataQualifier: '8' },
      { dataQualifier: '2' },
    ]
    for (const type of asides) {
      const aside: MadeSeries = { type, readings: hours([900, 901, 902, 903]) }
      const bill = await billOf(fileOf({ series: [aside, DELIVERED] }))
      assert.equal(bill.import.value, '26', JSON.stringify(type))
      assert.ok(bill.flags.includes('other-quantities-left-out'))
      assert.equal(await refusal(fileOf({ series: [aside] })), 'needs-review ERR_BILL_UNIT', JSON.stringify(type))
      assert.equal(await refusal(fileOf({ series: [aside, aside] })), 'needs-review ERR_BILL_UNIT')
    }
    assert.equal(
      (await billOf(fileOf({ series: [{ type: { dataQualifier: '12' }, readings: hours([1]) }] }))).import.value,
      '1',
    )
  })

  it('that measure the same twice go to a person, even if they agree', async () => {
    assert.equal(await refusal(fileOf({ series: [DELIVERED, DELIVERED] })), 'needs-review ERR_BILL_SEVERAL_SERIES')
    const coarse: MadeSeries = { type: { powerOfTenMultiplier: '3' }, readings: hours([1, 1, 1, 1]) }
    assert.equal(await refusal(fileOf({ series: [DELIVERED, coarse] })), 'needs-review ERR_BILL_SEVERAL_SERIES')
    const many = Array.from({ length: 65 }, () => DELIVERED)
    assert.equal(await refusal(fileOf({ series: many })), 'needs-review ERR_BILL_SEVERAL_SERIES')
  })

  it('of which one is wrong are for a person, not for a program, to sort out', async () => {
    const wrong: MadeSeries = { type: { commodity: '7', uom: '169' }, readings: hours([1, 1, 1, 1]) }
    assert.equal(await refusal(fileOf({ series: [wrong] })), 'reject ERR_BILL_COMMODITY_CONFLICT')
    assert.equal(await refusal(fileOf({ series: [DELIVERED, wrong] })), 'needs-review ERR_BILL_COMMODITY_CONFLICT')
  })
})

describe('times of use', () => {
  const part = (tou: string, values: readonly number[]): MadeSeries => ({ type: { tou }, readings: hours(values) })

  it('are one whole when each hour is divided among them, or belongs to one of them', async () => {
    const parallel = await billOf(fileOf({ series: [part('1', [5, 0, 7, 0]), part('2', [0, 6, 0, 8])] }))
    assert.equal(parallel.import.value, '26')
    assert.ok(parallel.flags.includes('parts-added'))
    const [first, second] = [hours([5, 6]), hours([7, 8], MIDNIGHT_S + 7_200)]
    const apart = await factsOf(
      fileOf({
        series: [
          { type: { tou: '2' }, readings: second },
          { type: { tou: '1' }, readings: first },
        ],
      }),
    )
    assert.equal(apart[0]?.readings?.count, 4)
    assert.deepEqual(
      await bytesOf(
        fileOf({
          series: [
            { type: { tou: '2' }, readings: second },
            { type: { tou: '1' }, readings: first },
          ],
        }),
      ),
      await bytesOf(
        fileOf({
          series: [
            { type: { tou: '1' }, readings: first },
            { type: { tou: '2' }, readings: second },
          ],
        }),
      ),
    )
  })

  it('keep the quality that each one has by its own reading type', async () => {
    const part = (tou: string, defaultQuality?: string, start = MIDNIGHT_S): MadeSeries => ({
      type: { tou, defaultQuality },
      readings: hours([5, 6], start),
    })
    const later = MIDNIGHT_S + 7_200
    for (const [first, second, kind] of [
      ['17', '8', 'mixed'],
      [undefined, '8', 'mixed'],
      ['8', undefined, 'mixed'],
      ['8', '9', 'estimated'],
      ['17', '19', 'actual'],
    ] as const) {
      const bill = await billOf(fileOf({ series: [part('1', first), part('2', second, later)] }))
      assert.deepEqual([bill.import.value, bill.kind], ['22', kind], `${first} ${second}`)
    }
    for (const series of [
      [part('1'), part('2', '12')],
      [part('1', '12'), part('2')],
    ]) {
      assert.equal(await refusal(fileOf({ series })), 'needs-review ERR_BILL_FORECAST')
    }
  })

  it('must add up to their total, which is what counts', async () => {
    const parts = [part('1', [5, 0, 7, 0]), part('2', [0, 6, 0, 8])]
    const bill = await billOf(fileOf({ series: [...parts, DELIVERED] }))
    assert.equal(bill.import.value, '26')
    assert.ok(bill.flags.includes('parts-agree'))
    const wrong = [part('1', [5, 0, 7, 0]), part('2', [0, 6, 0, 9])]
    assert.equal(await refusal(fileOf({ series: [...wrong, DELIVERED] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
    const shorter = [part('1', [5, 0, 15]), part('2', [0, 6, 0])]
    assert.equal(await refusal(fileOf({ series: [...shorter, DELIVERED] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('that leave hours out, repeat a code, or are only one of several, are for a person', async () => {
    const holes = [part('1', [5]), { type: { tou: '2' }, readings: hours([6], MIDNIGHT_S + 3 * 3_600) }]
    assert.equal(await refusal(fileOf({ series: holes })), 'needs-review ERR_BILL_GAP')
    assert.equal(
      await refusal(fileOf({ series: [part('1', [5]), part('1', [5])] })),
      'needs-review ERR_BILL_SEVERAL_SERIES',
    )
    const coarser: MadeSeries = { type: { tou: '2', powerOfTenMultiplier: '3' }, readings: hours([0, 6, 0, 8]) }
    assert.equal(
      await refusal(fileOf({ series: [part('1', [5, 0, 7, 0]), coarser] })),
      'needs-review ERR_BILL_SEVERAL_SERIES',
    )
    const twice = { type: { tou: '1' }, readings: [...hours([5]), ...hours([6])] }
    assert.equal(await refusal(fileOf({ series: [twice, part('2', [1])] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('of which only one is here are not the whole', async () => {
    assert.equal(await refusal(fileOf({ series: [part('1', [5, 6])] })), 'needs-review ERR_BILL_SEVERAL_SERIES')
    assert.equal((await billOf(fileOf({ series: [part('0', [5, 6])] }))).import.value, '11')
    for (const type of [{ consumptionTier: '2' }, { cpp: '1' }]) {
      const file = fileOf({ series: [{ type, readings: hours([5, 6]) }] })
      assert.equal(await refusal(file), 'needs-review ERR_BILL_SEVERAL_SERIES')
    }
  })

  it('as a mark of single readings change nothing: the series has every hour once', async () => {
    const marked = hours([5, 6, 7, 8]).map((reading, index) => ({ ...reading, extra: `<tou>${(index % 2) + 1}</tou>` }))
    assert.deepEqual(
      await bytesOf(fileOf({ series: [{ readings: marked }] })),
      await bytesOf(fileOf({ series: [DELIVERED] })),
    )
  })
})

describe('registers', () => {
  const register = (readings: MadeSeries['readings'], type: Record<string, string> = {}): MadeSeries => ({
    type: { accumulationBehaviour: '1', ...type },
    readings,
  })

  it('count by the difference of their last and first figure, in any of their kinds', async () => {
    for (const accumulationBehaviour of ['1', '3', '9', '13']) {
      const bill = await billOf(fileOf({ series: [register(dial([1_000, 1_010, 1_050]), { accumulationBehaviour })] }))
      assert.equal(bill.import.value, '50')
      assert.deepEqual([bill.service.startUtc, bill.service.endUtc], ['2023-01-01T05:00:00Z', '2023-01-01T07:00:00Z'])
      assert.deepEqual(bill.flags, ['not-whole-days', 'register-difference'])
    }
  })

  it('do not depend on the order of their readings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(1_000), { minLength: 2, maxLength: 12 }),
        fc.array(fc.nat()),
        async (steps, keys) => {
          let shown = 0
          const readings = dial(steps.map((step) => (shown += step)))
          const shuffled = readings
            .map((reading, index) => ({ reading, key: keys[index % keys.length] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ reading }) => reading)
          const plain = await bytesOf(fileOf({ series: [register(readings)] }))
          assert.deepEqual(await bytesOf(fileOf({ series: [register(shuffled)] })), plain)
          const expected = String(shown - (steps[0] ?? 0))
          assert.equal((await billOf(fileOf({ series: [register(readings)] }))).import.value, expected)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('that roll over, show two figures, or only one, go to a person', async () => {
    assert.equal(await refusal(fileOf({ series: [register(dial([99_990, 4]))] })), 'needs-review ERR_BILL_ACCUMULATION')
    assert.equal(await refusal(fileOf({ series: [register(dial([7]))] })), 'needs-review ERR_BILL_ACCUMULATION')
    const twice = [...dial([7, 9]), ...dial([8])]
    assert.equal(await refusal(fileOf({ series: [register(twice)] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
    const months = days([100, 400]).map((reading) => ({ ...reading, durationS: 30 * DAY_S }))
    assert.equal(await refusal(fileOf({ series: [register(months)] })), 'needs-review ERR_BILL_ACCUMULATION')
    assert.equal(
      await refusal(fileOf({ series: [register(dial([1, 2])), register(dial([1, 2]))] })),
      'needs-review ERR_BILL_SEVERAL_SERIES',
    )
    for (const accumulationBehaviour of ['0', '2', '6', '12', '14', 'x']) {
      const file = fileOf({ series: [register(dial([1, 2]), { accumulationBehaviour })] })
      assert.equal(await refusal(file), 'needs-review ERR_BILL_ACCUMULATION', accumulationBehaviour)
    }
  })

  it('that no file calls registers, but look like some, go to a person; readings that rise and fall do not', async () => {
    const of = (values: readonly number[]): string =>
      fileOf({ series: [{ type: { accumulationBehaviour: undefined }, readings: hours(values) }] })
    assert.equal(await refusal(of([1, 1, 2, 3, 5, 8, 13, 21])), 'needs-review ERR_BILL_ACCUMULATION')
    assert.equal((await billOf(of([1, 2, 3, 4, 5, 6, 7]))).import.value, '28')
    assert.equal((await billOf(of([1, 2, 9, 4, 5, 6, 7, 8]))).import.value, '42')
    assert.equal((await billOf(of([5, 5, 5, 5, 5, 5, 5, 5]))).import.value, '40')
  })

  it('of days stand at the beginning of the day, with a mark', async () => {
    const bill = await billOf(fileOf({ series: [register(days([100, 140, 190]))] }))
    assert.deepEqual([bill.import.value, bill.service.start, bill.service.end], ['90', '2023-01-01', '2023-01-03'])
    assert.deepEqual(bill.flags, ['register-difference', 'register-time-assumed'])
    const lasting = (durationS: number): string =>
      fileOf({ series: [register(days([100, 140]).map((reading) => ({ ...reading, durationS })))] })
    assert.equal((await billOf(lasting(90_000))).import.value, '40')
    assert.equal(await refusal(lasting(90_001)), 'needs-review ERR_BILL_ACCUMULATION')
  })

  it('beside interval readings check them: at the beginning or the end of their own time', async () => {
    const atStart = register(dial([500, 505, 511, 518]))
    const atEnd = register(dial([505, 511, 518, 526], MIDNIGHT_S, 3_600))
    for (const one of [atStart, atEnd]) {
      const bill = await billOf(fileOf({ series: [DELIVERED, one] }))
      assert.equal(bill.import.value, '26')
      assert.ok(bill.flags.includes('register-agrees'))
    }
    const other = register(dial([500, 505, 511, 519]))
    assert.equal(await refusal(fileOf({ series: [DELIVERED, other] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('in larger units check interval readings to less than one of their units', async () => {
    const fine: MadeSeries = { readings: hours([700, 600, 900, 100]) }
    const coarse = (values: readonly number[]): MadeSeries => register(dial(values), { powerOfTenMultiplier: '3' })
    assert.ok((await billOf(fileOf({ series: [fine, coarse([50, 50, 51, 52])] }))).flags.includes('register-agrees'))
    assert.equal(
      await refusal(fileOf({ series: [fine, coarse([50, 50, 51, 54])] })),
      'needs-review ERR_BILL_READINGS_CONFLICT',
    )
  })

  it('of times of use are left alone beside the whole register, and beside readings', async () => {
    const parts = [register(dial([3, 9]), { tou: '1' }), register(dial([7, 11]), { tou: '2' })]
    const whole = await billOf(fileOf({ series: [...parts, register(dial([10, 20]))] }))
    assert.deepEqual([whole.import.value, whole.flags.includes('parts-left-out')], ['10', true])
    const beside = await billOf(fileOf({ series: [DELIVERED, ...parts] }))
    assert.deepEqual([beside.import.value, beside.flags.includes('parts-left-out')], ['26', true])
    assert.equal(await refusal(fileOf({ series: parts })), 'needs-review ERR_BILL_SEVERAL_SERIES')
  })

  it('that share no time with the readings check nothing', async () => {
    for (const one of [
      register(dial([9])),
      register(dial([5, 6], MIDNIGHT_S + 40 * DAY_S)),
      register(dial([1, 2], MIDNIGHT_S + 1)),
    ]) {
      const bill = await billOf(fileOf({ series: [DELIVERED, one] }))
      assert.equal(bill.import.value, '26')
      assert.ok(bill.flags.includes('register-not-compared'))
    }
  })

  it('of the energy fed in count apart as well', async () => {
    const bill = await billOf(
      fileOf({ series: [register(dial([10, 25])), register(dial([3, 4]), { flowDirection: '19' })] }),
    )
    assert.deepEqual([bill.import.value, bill.export?.value], ['15', '1'])
  })
})

describe('points inside of a point', () => {
  const point = (id: string, roleFlags: string): string[] =>
    pointEntries({ id, series: [DELIVERED] }).map((one) =>
      one.replace(/<UsagePoint [^>]*>/, (tag) => `${tag}<roleFlags>${roleFlags}</roleFlags>`),
    )

  it('would be counted twice: a premises beside its vehicle or generator goes to a person', async () => {
    for (const [whole, inside] of [
      ['0002', '0004'],
      ['0012', '0018'],
      ['2', '8'],
      ['0003', '000D'],
    ] as const) {
      const file = feedOf([...point('1', whole), ...point('2', inside)])
      assert.equal(await refusal(file), 'needs-review ERR_BILL_SEVERAL_SERIES', `${whole} ${inside}`)
    }
    for (const [one, other] of [
      ['0002', '0002'],
      ['0004', '0004'],
      ['0000', '0004'],
      ['000A', '0010'],
      ['0002', 'xyz'],
    ] as const) {
      assert.equal((await factsOf(feedOf([...point('1', one), ...point('2', other)]))).length, 2, `${one} ${other}`)
    }
  })
})
