import assert from 'node:assert/strict'
import { blockEntry, feedOf } from '../green-button-file.ts'
import {
  DAY_S,
  HOUR_S,
  MIDNIGHT_S,
  billOf,
  bytesOf,
  days,
  factsOf,
  fileOf,
  hours,
  pointEntries,
  refusal,
} from './espi-file.ts'

const whole = (readings: Parameters<typeof hours>[0]): string => fileOf({ series: [{ readings: hours(readings) }] })

describe('time in Green Button', () => {
  it('that is missing by whole days divides a series: the days that are there are true by themselves', async () => {
    const readings = [...days([10, 11]), ...days([30], MIDNIGHT_S + 5 * DAY_S), ...days([40], MIDNIGHT_S + 9 * DAY_S)]
    const bills = await factsOf(fileOf({ series: [{ readings }] }))
    assert.deepEqual(
      bills.map(({ service, import: { value }, readings: found }) => [
        service.start,
        service.end,
        value.u,
        found?.gaps,
      ]),
      [
        ['2023-01-01', '2023-01-03', 21n, 0],
        ['2023-01-06', '2023-01-07', 3n, 0],
        ['2023-01-10', '2023-01-11', 4n, 0],
      ],
    )
    for (const { flags } of bills) assert.deepEqual(flags, ['days-missing-between-bills'])
    const shuffled = await bytesOf(fileOf({ series: [{ readings: readings.toReversed() }] }))
    assert.deepEqual(shuffled, await bytesOf(fileOf({ series: [{ readings }] })))
  })

  it('that is missing inside of days goes to a person, and so does any where the clock is not known', async () => {
    const hole = [...hours([1, 2]), ...hours([3], MIDNIGHT_S + 30 * HOUR_S)]
    assert.equal(await refusal(fileOf({ series: [{ readings: hole }] })), 'needs-review ERR_BILL_GAP')
    const dayMissing = { series: [{ readings: [...days([1]), ...days([2], MIDNIGHT_S + 2 * DAY_S)] }] }
    assert.equal((await factsOf(fileOf(dayMissing))).length, 2)
    assert.equal(await refusal(fileOf({ ...dayMissing, tzOffset: '0' })), 'needs-review ERR_BILL_GAP')
    assert.equal(await refusal(fileOf({ ...dayMissing, tzOffset: 'x' })), 'needs-review ERR_BILL_GAP')
  })

  it('that is missing again and again goes to a person', async () => {
    const every = (count: number): string =>
      fileOf({
        series: [
          { readings: Array.from({ length: count }, (_, index) => days([1], MIDNIGHT_S + index * 2 * DAY_S)).flat() },
        ],
      })
    assert.equal((await factsOf(every(64))).length, 64)
    assert.equal(await refusal(every(65)), 'needs-review ERR_BILL_GAP')
  })

  it('that is missing for import must be missing for export', async () => {
    const gap = [...days([10]), ...days([30], MIDNIGHT_S + 5 * DAY_S)]
    const exported = { type: { flowDirection: '19' }, readings: gap }
    const [first, second] = await factsOf(fileOf({ series: [{ readings: gap }, exported] }))
    assert.deepEqual([first?.export?.value.u, second?.export?.value.u], [1n, 3n])
    const file = fileOf({ series: [{ readings: gap }, { ...exported, readings: days([1, 2]) }] })
    assert.equal(await refusal(file), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('of a clock change is neither missing nor double between days', async () => {
    const spring = [
      ...days([10]),
      ...days([11], MIDNIGHT_S + DAY_S - HOUR_S),
      ...days([12], MIDNIGHT_S + 2 * DAY_S - HOUR_S),
    ]
    const bill = await billOf(fileOf({ series: [{ readings: spring }] }))
    assert.equal(bill.import.value, '33')
    assert.deepEqual(bill.flags, ['clock-change-overlap'])
    const autumn = [...days([10]), ...days([11], MIDNIGHT_S + DAY_S + HOUR_S)]
    assert.deepEqual((await billOf(fileOf({ series: [{ readings: autumn }] }))).flags, ['clock-change-gap'])
    const longer = [...days([10]), ...days([11], MIDNIGHT_S + DAY_S - HOUR_S - 1)]
    assert.equal(await refusal(fileOf({ series: [{ readings: longer }] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
    const often = [0, 1, 2, 3, 4].flatMap((index) => days([10], MIDNIGHT_S + index * (DAY_S - HOUR_S)))
    assert.equal(await refusal(fileOf({ series: [{ readings: often }] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
    const ofHours = [...hours([1, 2]), ...hours([3], MIDNIGHT_S + HOUR_S + 60)]
    assert.equal(await refusal(fileOf({ series: [{ readings: ofHours }] })), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('may be counted up to the last second of an interval, or begin a second late', async () => {
    const short = hours([1, 2, 3, 4, 5]).map((reading) => ({ ...reading, durationS: HOUR_S - 1 }))
    assert.equal((await billOf(fileOf({ series: [{ readings: short }] }))).import.value, '15')
    const late = await billOf(fileOf({ series: [{ readings: days([1, 2], MIDNIGHT_S + 1) }] }))
    assert.deepEqual([late.service.start, late.service.end, late.flags], ['2023-01-01', '2023-01-03', []])
  })

  it('that looks local although it is written as UTC stays as it is, with a mark', async () => {
    const utc = 1_672_531_200
    const bill = await billOf(fileOf({ tzOffset: '-21600', series: [{ readings: days([5], utc) }] }))
    assert.deepEqual([bill.service.startUtc, bill.service.start], ['2023-01-01T00:00:00Z', '2023-01-01'])
    assert.deepEqual(bill.flags, ['epochs-maybe-local', 'not-whole-days'])
    for (const tzOffset of ['0', '3600']) {
      const { flags } = await billOf(fileOf({ tzOffset, series: [{ readings: days([5], utc) }] }))
      assert.ok(!flags.includes('epochs-maybe-local'), tzOffset)
    }
  })

  it('is that of the clock which the point links to', async () => {
    const east = { id: '1', tzOffset: '-18000', series: [{ readings: days([1]) }] }
    const west = { id: '2', tzOffset: '-28800', series: [{ readings: days([1], MIDNIGHT_S + 3 * HOUR_S) }] }
    for (const { service, flags } of await factsOf(fileOf(east, west))) {
      assert.deepEqual([service.start, service.end, flags], ['2023-01-01', '2023-01-02', []])
    }
  })

  it('is given to readings without any by their block, if they fill it', async () => {
    const timed = fileOf({ series: [{ readings: hours([3, 1, 2]), type: { intervalLength: '3600' } }] })
    const interval = `<interval><duration>${3 * HOUR_S}</duration><start>${MIDNIGHT_S}</start></interval>`
    const untimed = timed
      .replaceAll(/<timePeriod>.*?<\/timePeriod>/g, '')
      .replace('<IntervalBlock xmlns="http://naesb.org/espi">', (tag) => `${tag}${interval}`)
    const [expected, found] = [await billOf(timed), await billOf(untimed)]
    assert.deepEqual(found, { ...expected, flags: [...expected.flags, 'times-by-order'] })
    const [[a], [b]] = [await factsOf(timed), await factsOf(untimed)]
    assert.deepEqual(b?.readings?.seriesHash, a?.readings?.seriesHash)
    for (const broken of [
      untimed.replace(interval, ''),
      untimed.replace('<intervalLength>3600', '<intervalLength>900'),
      untimed.replace('<intervalLength>3600</intervalLength>', ''),
      timed.replace(/<timePeriod>.*?<\/timePeriod>/, ''),
    ]) {
      assert.equal(await refusal(broken), 'needs-review ERR_BILL_FIELD')
    }
  })

  it('repeated with the same value is dropped and counted, whole days of it, whatever the quality says', async () => {
    const once = { readings: hours([1, 2, 3, 4]) }
    const up = 'Customer/5/UsagePoint/1/MeterReading/0/IntervalBlock'
    const entries = pointEntries({ series: [once] })
    const repeated = feedOf([...entries, blockEntry(up, once.readings), blockEntry(up, once.readings.slice(1, 3))])
    const [facts] = await factsOf(repeated)
    assert.deepEqual([facts?.readings?.count, facts?.readings?.duplicates], [4, 6])
    assert.ok(facts !== undefined && facts.flags.includes('duplicates-dropped'))
    const [plain] = await factsOf(feedOf(entries))
    assert.deepEqual(facts.readings?.seriesHash, plain?.readings?.seriesHash)

    const marked = (quality: string): string =>
      blockEntry(
        up,
        hours([1]).map((one) => ({ ...one, extra: `<ReadingQuality><quality>${quality}</quality></ReadingQuality>` })),
      )
    const both = [feedOf([...entries, marked('8'), marked('17')]), feedOf([...entries, marked('17'), marked('8')])]
    const [[first], [second]] = [await factsOf(both[0] ?? ''), await factsOf(both[1] ?? '')]
    assert.deepEqual(first, second)
    assert.equal(first?.kind, 'mixed')
  })
})

describe('qualities of readings', () => {
  const withDefault = (quality: string, extra = ''): string =>
    fileOf({
      series: [
        { type: { defaultQuality: quality }, readings: hours([1, 2]).map((reading) => ({ ...reading, extra })) },
      ],
    })
  const own = (quality: string): string => `<ReadingQuality><quality>${quality}</quality></ReadingQuality>`

  it('are the default of the reading type where a reading has none', async () => {
    assert.equal((await billOf(withDefault('8'))).kind, 'estimated')
    assert.equal((await billOf(withDefault('8', own('17')))).kind, 'actual')
    assert.equal(await refusal(withDefault('12')), 'needs-review ERR_BILL_FORECAST')
  })

  it('leave marks where a value is edited, questionable, derived, raw, or of an unknown code', async () => {
    const marks = [
      ['7', 'quality-edited'],
      ['10', 'quality-questionable'],
      ['11', 'quality-derived'],
      ['14', 'quality-raw'],
      ['16', 'quality-other'],
      ['3', 'quality-unknown'],
    ] as const
    for (const [code, flag] of marks) {
      const bill = await billOf(withDefault('0', own(code)))
      assert.deepEqual([bill.kind, bill.flags], ['actual', ['not-whole-days', flag]])
    }
    assert.deepEqual((await billOf(withDefault('19', own('18')))).flags, ['not-whole-days'])
    assert.deepEqual((await billOf(withDefault('0', '<ReadingQuality>8</ReadingQuality>'))).kind, 'estimated')
    assert.equal(await refusal(withDefault('0', own('x'))), 'reject ERR_BILL_NUMBER')
  })

  it('of values that were corrected for weather are not consumption', async () => {
    assert.equal(await refusal(withDefault('0', own('15'))), 'needs-review ERR_BILL_UNSTATED')
  })

  it('make a series mixed when only some readings are estimates', async () => {
    assert.equal((await billOf(whole([1]).replace('<timePeriod>', `${own('13')}<timePeriod>`))).kind, 'mixed')
  })
})
