import assert from 'node:assert/strict'
import { formatDecimal } from '#protocol'
import { feedOf, entry } from '../green-button-file.ts'
import {
  DAY_S,
  MIDNIGHT_S,
  billOf,
  bytesOf,
  days,
  factsOf,
  fileOf,
  pointEntries,
  refusal,
  summary,
} from './espi-file.ts'

const MONTH = { durationS: 31 * DAY_S }
const JANUARY = days(Array.from({ length: 31 }, () => 10))
const ELECTRIC = '<commodity>1</commodity>'

function rider(name: string, enrollment?: string, effective = '1600000000'): string {
  const status = enrollment === undefined ? '' : `<enrollmentStatus>${enrollment}</enrollmentStatus>`
  return `<tariffRiderRefs><tariffRiderRef><riderType>${name}</riderType>${status}<effectiveDate>${effective}</effectiveDate></tariffRiderRef></tariffRiderRefs>`
}

describe('usage summaries as bills', () => {
  it('carry their money, in hundred-thousandths, whatever the multiplier of the energy', async () => {
    const extra = `<billLastPeriod>12345600</billLastPeriod><currency>840</currency>${ELECTRIC}`
    const [facts] = await factsOf(fileOf({ summaries: [summary({ ...MONTH, last: '310', power: '3', extra })] }))
    assert.equal(facts?.money?.currency, 'USD')
    assert.equal(formatDecimal(facts.money.payable), '123.456')
    assert.equal(formatDecimal(facts.import.value), '310000')
    assert.deepEqual(facts.sources, {
      import: 'UsageSummary/overallConsumptionLastPeriod',
      service: 'UsageSummary/billingPeriod',
      point: 'UsagePoint link',
      money: 'UsageSummary/billLastPeriod',
    })
  })

  it('name their currency by number, or leave it to the reading types; an unknown one is no money', async () => {
    const currencyOf = async (fields: string, seriesCurrency?: string): Promise<string | undefined> => {
      const type = { currency: seriesCurrency }
      const text = fileOf({
        series: [{ type, readings: JANUARY }],
        summaries: [summary({ ...MONTH, last: '310', extra: `${fields}${ELECTRIC}` })],
      })
      const [facts] = await factsOf(text)
      assert.equal(facts?.flags.includes('currency-unstated'), facts?.money === undefined)
      return facts?.money?.currency
    }
    const amount = '<billLastPeriod>-100</billLastPeriod>'
    assert.equal(await currencyOf(`${amount}<currency>840</currency>`), 'USD')
    assert.equal(await currencyOf(`${amount}<currency>124</currency>`), 'CAD')
    assert.equal(await currencyOf(`${amount}<currency>978</currency>`), 'EUR')
    assert.equal(await currencyOf(`${amount}<currency>036</currency>`), 'AUD')
    assert.equal(await currencyOf(amount, '124'), 'CAD')
    for (const code of ['0', '999', 'USD', '1e2', 'constructor']) {
      assert.equal(await currencyOf(`${amount}<currency>${code}</currency>`), undefined, code)
    }
    assert.equal(await currencyOf(amount), undefined)
    const fraction = fileOf({
      summaries: [summary({ ...MONTH, last: '1', extra: `<billLastPeriod>1.5</billLastPeriod>${ELECTRIC}` })],
    })
    assert.equal(await refusal(fraction), 'reject ERR_BILL_NUMBER')
  })

  it('give readings of the same period their money, and those of another period none', async () => {
    const extra = `<billLastPeriod>4500000</billLastPeriod><currency>840</currency>${ELECTRIC}`
    const of = async (made: Parameters<typeof summary>[0]): Promise<unknown> => {
      const [facts] = await factsOf(
        fileOf({ series: [{ readings: JANUARY }], summaries: [summary({ ...made, extra })] }),
      )
      return facts?.money
    }
    assert.ok((await of({ ...MONTH, last: '310' })) !== undefined)
    assert.equal(await of({ durationS: 30 * DAY_S, last: '300' }), undefined)
    assert.equal(await of({ ...MONTH, start: MIDNIGHT_S + DAY_S, last: '7' }), undefined)
  })

  it('of green riders are green claims, and of other riders are not', async () => {
    const claimOf = async (riders: string): Promise<unknown> => {
      const [facts] = await factsOf(
        fileOf({ summaries: [summary({ ...MONTH, last: '1', extra: `${ELECTRIC}${riders}` })] }),
      )
      assert.equal(facts?.flags.includes('green-claim'), facts?.greenClaim !== undefined)
      return facts?.greenClaim
    }
    assert.deepEqual(await claimOf(rider('GreenChoice 100', 'enrolled')), {
      source: 'rider',
      evidence: 'GreenChoice 100',
    })
    assert.deepEqual(await claimOf(rider('Renewable Energy Rider')), {
      source: 'rider',
      evidence: 'Renewable Energy Rider',
    })
    assert.equal(await claimOf(rider('Green Power', 'unenrolled')), undefined)
    assert.equal(await claimOf(rider('Green Power', 'enrolledPending')), undefined)
    assert.equal(await claimOf(rider('Green Power', 'enrolled', String(MIDNIGHT_S + 40 * DAY_S))), undefined)
    for (const other of ['Green Button Connect', 'Solar', 'Feed-in Green', 'Critical peak']) {
      assert.equal(await claimOf(rider(other, 'enrolled')), undefined, other)
    }
    const long = (await claimOf(rider(`Green ${'x'.repeat(500)}`))) as { evidence: string }
    assert.equal(long.evidence.length, 200)
    const gas = fileOf({
      kind: '1',
      summaries: [summary({ ...MONTH, last: '1', uom: '42', extra: rider('Renewable Gas') })],
    })
    assert.equal((await factsOf(gas))[0]?.greenClaim, undefined)
  })

  it('of several points and commodities stand side by side, with readings where a point has them', async () => {
    const file = fileOf(
      { id: '3', kind: '2', summaries: [summary({ ...MONTH, last: '9', uom: '128', power: '3' })] },
      { id: '1', series: [{ readings: JANUARY }], summaries: [summary({ ...MONTH, current: '310', extra: ELECTRIC })] },
      { id: '2', kind: '1', summaries: [summary({ ...MONTH, last: '42', uom: '42' })] },
    )
    const bills = await factsOf(file)
    assert.deepEqual(
      bills.map(({ commodity, point, import: { value, unit } }) => [point, commodity, formatDecimal(value), unit]),
      [
        ['Customer/5/UsagePoint/1', 'electricity', '310', 'Wh'],
        ['Customer/5/UsagePoint/2', 'gas', '42', 'm3'],
        ['Customer/5/UsagePoint/3', 'water', '9000', 'gallon-us'],
      ],
    )
    assert.deepEqual(bills[0]?.flags, ['summary-agrees'])
  })

  it('of several months are bills by point and start, in any order of entries', async () => {
    const months = [0, 1, 2].map((index) =>
      summary({ start: MIDNIGHT_S + index * 31 * DAY_S, ...MONTH, last: String(100 + index), extra: ELECTRIC }),
    )
    const points = [
      { id: '2', summaries: months },
      { id: '1', summaries: months.toReversed() },
    ]
    const bills = await factsOf(fileOf(...points))
    assert.deepEqual(
      bills.map(({ point, import: { value } }) => `${point?.slice(-1)} ${formatDecimal(value)}`),
      ['1 100', '1 101', '1 102', '2 100', '2 101', '2 102'],
    )
    const entries = points.flatMap(pointEntries)
    assert.deepEqual(await bytesOf(feedOf(entries.toReversed())), await bytesOf(feedOf(entries)))
  })

  it('that are repeated give one bill, with the money of whichever has it', async () => {
    const plain = summary({ ...MONTH, last: '5', extra: ELECTRIC })
    const paid = summary({
      ...MONTH,
      last: '5',
      extra: `<billLastPeriod>100</billLastPeriod><currency>840</currency>${ELECTRIC}`,
    })
    const [first, second] = [
      await factsOf(fileOf({ summaries: [plain, paid] })),
      await factsOf(fileOf({ summaries: [paid, plain] })),
    ]
    assert.deepEqual(first, second)
    assert.equal(first.length, 1)
    assert.equal(first[0]?.money?.currency, 'USD')
    assert.ok(first[0].flags.includes('duplicates-dropped'))
  })

  it('that are net, forecast, normalised, of no length or of no commodity are no bills', async () => {
    const of = (made: Parameters<typeof summary>[0]): Promise<string> =>
      refusal(fileOf({ summaries: [summary({ extra: ELECTRIC, ...made })] }))
    assert.equal(await of({ ...MONTH, last: '-5' }), 'needs-review ERR_BILL_NEGATIVE')
    assert.equal(
      await of({ ...MONTH, last: '5', extra: `${ELECTRIC}<qualityOfReading>12</qualityOfReading>` }),
      'needs-review ERR_BILL_FORECAST',
    )
    assert.equal(
      await of({ ...MONTH, last: '5', extra: `${ELECTRIC}<qualityOfReading>15</qualityOfReading>` }),
      'needs-review ERR_BILL_UNSTATED',
    )
    assert.equal(await of({ durationS: 10, last: '5' }), 'reject ERR_BILL_PERIOD')
    assert.equal(await of({ durationS: 20 * 3_600 - 1, last: '5' }), 'reject ERR_BILL_PERIOD')
    assert.equal(await of({ start: 10, ...MONTH, last: '5' }), 'reject ERR_BILL_DATE')
    assert.equal(await of({ ...MONTH }), 'reject ERR_BILL_NO_CONSUMPTION')
    assert.equal(await of({ ...MONTH, last: '5', uom: '38' }), 'needs-review ERR_BILL_UNIT')
    assert.equal(await of({ ...MONTH, last: '5', power: '11' }), 'reject ERR_BILL_ABSURD')
    const alone = summary({ ...MONTH, last: '5' })
    assert.equal(await refusal(`<UsageSummary>${alone}</UsageSummary>`), 'reject ERR_BILL_SERVICE_KIND')
    assert.equal(
      (await billOf(`<ElectricPowerUsageSummary>${alone}</ElectricPowerUsageSummary>`)).commodity,
      'electricity',
    )
    const gas = fileOf({ kind: '1', summaries: [alone] }).replaceAll('UsageSummary>', 'UsageSummary>')
    assert.equal((await billOf(gas)).commodity, 'gas')
  })

  it('under net metering need readings beside them: their figure may be a difference', async () => {
    for (const name of ['Net Metering Renewable', 'NEM2 Green', 'Net Energy Metering', 'NET-BILLING']) {
      const of = (status: string, readings: boolean): string =>
        fileOf({
          ...(readings ? { series: [{ readings: JANUARY }] } : {}),
          summaries: [summary({ ...MONTH, last: '310', extra: `${ELECTRIC}${rider(name, status)}` })],
        })
      assert.equal(await refusal(of('enrolled', false)), 'needs-review ERR_BILL_FLOW', name)
      assert.equal((await billOf(of('unenrolled', false))).import.value, '310')
      const [beside] = await factsOf(of('enrolled', true))
      assert.deepEqual([beside?.flags, beside?.greenClaim], [['summary-agrees'], undefined])
    }
  })

  it('of which one is net make all figures of the point doubtful', async () => {
    const months = [
      summary({ ...MONTH, last: '100', extra: ELECTRIC }),
      summary({ start: MIDNIGHT_S + 31 * DAY_S, ...MONTH, last: '-40', extra: ELECTRIC }),
    ]
    assert.equal(await refusal(fileOf({ summaries: months })), 'needs-review ERR_BILL_NEGATIVE')
  })
})

describe('usage summaries beside readings', () => {
  const beside = (made: Parameters<typeof summary>[0]): string =>
    fileOf({ series: [{ readings: JANUARY }], summaries: [summary({ extra: ELECTRIC, ...made })] })

  it('may have the consumption in either field: the one that readings bear out counts', async () => {
    for (const made of [
      { last: '310' },
      { current: '310' },
      { last: '7', current: '310' },
      { last: '310', current: '7' },
      { last: '310', current: '0' },
    ]) {
      assert.deepEqual((await billOf(beside({ ...MONTH, ...made }))).flags, ['summary-agrees'], JSON.stringify(made))
    }
    assert.deepEqual((await billOf(beside({ ...MONTH, last: '31', power: '1' }))).flags, ['summary-agrees'])
  })

  it('contradict them only by the field that is of the billing period', async () => {
    assert.equal(await refusal(beside({ ...MONTH, last: '311' })), 'needs-review ERR_BILL_SUMMARY_CONFLICT')
    assert.equal(
      await refusal(beside({ ...MONTH, last: '311', current: '9' })),
      'needs-review ERR_BILL_SUMMARY_CONFLICT',
    )
    // By the schema this field is of the time after the billing period.
    assert.deepEqual((await billOf(beside({ ...MONTH, current: '9' }))).flags, ['summary-other-period'])
  })

  it('of a part of the readings are compared with that part', async () => {
    assert.deepEqual((await billOf(beside({ durationS: 10 * DAY_S, last: '100' }))).flags, ['summary-agrees'])
    assert.equal(
      await refusal(beside({ durationS: 10 * DAY_S, last: '110' })),
      'needs-review ERR_BILL_SUMMARY_CONFLICT',
    )
  })

  it('of another time, of no time, or with texts for times, decide nothing', async () => {
    for (const made of [
      { start: MIDNIGHT_S - DAY_S, ...MONTH },
      { start: MIDNIGHT_S + 1, ...MONTH },
      { start: 10, durationS: 10 },
      { start: 1_672_549_200_000, ...MONTH },
    ]) {
      assert.deepEqual(
        (await billOf(beside({ ...made, last: '5' }))).flags,
        ['summary-other-period'],
        JSON.stringify(made),
      )
    }
    const text = beside({ ...MONTH, last: '5' }).replace(/(<billingPeriod>.*?<start>)\d+/, '$1soon')
    assert.deepEqual((await billOf(text)).flags, ['summary-other-period'])
  })

  it('are no evidence where energy is fed in: their figure may be the net', async () => {
    const series = [{ readings: JANUARY }, { type: { flowDirection: '19' }, readings: JANUARY }]
    const bill = await billOf(fileOf({ series, summaries: [summary({ ...MONTH, last: '-77', extra: ELECTRIC })] }))
    assert.deepEqual([bill.import.value, bill.export?.value, bill.flags], ['310', '310', []])
  })

  it('of another point stay with that point', async () => {
    const other = entry(
      { self: 'Customer/5/UsagePoint/9/UsageSummary/1', up: 'Customer/5/UsagePoint/9/UsageSummary' },
      `<UsageSummary>${summary({ ...MONTH, last: '999', extra: ELECTRIC })}</UsageSummary>`,
    )
    const entries = [
      ...pointEntries({ series: [{ readings: JANUARY }] }),
      ...pointEntries({ id: '2', series: [{ readings: JANUARY }] }),
    ]
    const bills = await factsOf(feedOf([...entries, other]))
    assert.deepEqual(
      bills.map(({ point, flags }) => [point?.slice(-1), flags]),
      [
        ['1', []],
        ['2', []],
        ['9', ['service-kind-assumed', 'summary-only']],
      ],
    )
  })
})
