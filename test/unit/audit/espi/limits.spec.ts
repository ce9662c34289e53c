import assert from 'node:assert/strict'
import { LIMITS } from '#protocol'
import { feedOf } from '../green-button-file.ts'
import {
  DAY_S,
  MIDNIGHT_S,
  billOf,
  days,
  dial,
  factsOf,
  fileOf,
  hours,
  pointEntries,
  refusal,
  summary,
} from './espi-file.ts'

describe('limits of Green Button', () => {
  it('are of usage summaries and of bills', async () => {
    const month = (index: number): string =>
      summary({ start: MIDNIGHT_S + index * DAY_S, durationS: DAY_S, last: '1', extra: '<commodity>1</commodity>' })
    const many = (count: number): string =>
      fileOf({ summaries: Array.from({ length: count }, (_, index) => month(index)) })
    assert.equal((await factsOf(many(LIMITS.billsPerFile))).length, LIMITS.billsPerFile)
    assert.equal(await refusal(many(LIMITS.billsPerFile + 1)), 'reject ERR_BILL_TOO_LARGE')
    const same = (count: number): string => fileOf({ summaries: Array.from({ length: count }, () => month(0)) })
    assert.equal((await factsOf(same(512))).length, 1)
    assert.equal(await refusal(same(513)), 'reject ERR_BILL_TOO_LARGE')
  })

  it('are of entries and of texts inside of readings', async () => {
    const entry = '<entry><content><Other/></content></entry>'
    assert.equal(await refusal(feedOf(Array.from({ length: 100_001 }, () => entry))), 'reject ERR_BILL_TOO_LARGE')
    const file = fileOf({ series: [{ readings: hours([5]) }] })
    const padded = (length: number): string => file.replace('<value>', `<value>${' '.repeat(length)}`)
    assert.equal((await billOf(padded(60_000))).import.value, '5')
    assert.equal(await refusal(padded(70_000)), 'reject ERR_BILL_TOO_LARGE')
    const ignored = file.replace('<timePeriod>', `<cost>${'1'.repeat(70_000)}</cost><timePeriod>`)
    assert.equal((await billOf(ignored)).import.value, '5')
  })

  it('are of offsets: fourteen hours are the farthest clock on Earth', async () => {
    const flagsOf = async (tzOffset: string): Promise<readonly string[]> =>
      (await billOf(fileOf({ tzOffset, series: [{ readings: days([1]) }] }))).flags
    assert.ok(!(await flagsOf('50400')).includes('days-in-utc'))
    assert.ok((await flagsOf('50401')).includes('days-in-utc'))
    assert.ok((await flagsOf('-99999')).includes('days-in-utc'))
    assert.ok((await flagsOf('1e4')).includes('days-in-utc'))
  })

  it('are of the whole time of a series', async () => {
    const at = (daysLater: number): string =>
      fileOf({ series: [{ readings: [...days([1]), ...days([1], MIDNIGHT_S + daysLater * DAY_S)] }] })
    assert.equal((await factsOf(at(3_659))).length, 2)
    assert.equal(await refusal(at(3_660)), 'reject ERR_BILL_PERIOD')
    const none = hours([5]).map((reading) => ({ ...reading, durationS: 0 }))
    assert.equal(await refusal(fileOf({ series: [{ readings: none }] })), 'reject ERR_BILL_PERIOD')
  })

  it('are of what a register may count', async () => {
    const register = (power: string): string =>
      fileOf({
        series: [{ type: { accumulationBehaviour: '1', powerOfTenMultiplier: power }, readings: dial([1_000, 1_100]) }],
      })
    assert.equal((await billOf(register('9'))).import.value, '100000000000')
    assert.equal(await refusal(register('10')), 'reject ERR_BILL_ABSURD')
    const negative = { type: { accumulationBehaviour: '1' }, readings: dial([-5, 5]) }
    assert.equal(await refusal(fileOf({ series: [negative] })), 'reject ERR_BILL_NEGATIVE')
  })

  it('leave the energy of each year to a register that is read at New Year', async () => {
    const readings = days([100, 140, 190], MIDNIGHT_S - DAY_S)
    const [facts] = await factsOf(fileOf({ series: [{ type: { accumulationBehaviour: '1' }, readings }] }))
    assert.deepEqual(facts?.readings?.whByYear, [
      { year: 2022, wh: '40/1' },
      { year: 2023, wh: '50/1' },
    ])
  })

  it('are of resource paths: a parent is one step above its child, not several', async () => {
    const entries = pointEntries({ series: [{ readings: hours([5]) }] }).map((one) =>
      one.replaceAll(/<link rel="related" href="(?!ReadingType)[^"]*"\/>/g, ''),
    )
    const other = pointEntries({ id: '2', series: [{ readings: hours([7]) }] })
    assert.ok((await factsOf(feedOf([...entries, ...other])))[0]?.flags.includes('link-by-path'))
    const deeper = entries.map((one) =>
      one.replaceAll('UsagePoint/1/MeterReading/0"', 'UsagePoint/1/MeterReading/0/part"'),
    )
    assert.equal(await refusal(feedOf([...deeper, ...other])), 'reject ERR_BILL_LINK')
  })
})
