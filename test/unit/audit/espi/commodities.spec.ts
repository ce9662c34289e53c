import assert from 'node:assert/strict'
import {
  addRationals,
  decimalOfRational,
  formatDecimal,
  isEnergy,
  makeRational,
  parseRational,
  toEnergy,
  toWh,
} from '#protocol'
import { DAY_S, MIDNIGHT_S, billOf, days, factsOf, fileOf, refusal } from './espi-file.ts'

const GAS = { commodity: '7', uom: '169' }

function gas(type: Readonly<Record<string, string | undefined>>, values: readonly number[] = [12, 8]): string {
  return fileOf({ kind: '1', series: [{ type: { ...GAS, ...type }, readings: days(values) }] })
}

describe('commodities of Green Button', () => {
  it('keep the unit of the file: energy as energy, volume as volume', async () => {
    const cases: readonly [kind: string, type: Record<string, string>, value: string, unit: string][] = [
      ['1', { commodity: '7', uom: '169', powerOfTenMultiplier: '-3' }, '0.02', 'therm-us'],
      ['1', { commodity: '7', uom: '169', powerOfTenMultiplier: '-8' }, '0.0000002', 'therm-us'],
      ['1', { commodity: '7', uom: '31', powerOfTenMultiplier: '6' }, '20000000', 'J'],
      ['1', { commodity: '7', uom: '132', powerOfTenMultiplier: '6' }, '20', 'mmBtu'],
      ['1', { commodity: '7', uom: '132' }, '0.00002', 'mmBtu'],
      ['1', { commodity: '7', uom: '72', powerOfTenMultiplier: '3' }, '20000', 'Wh'],
      ['1', { commodity: '7', uom: '42' }, '20', 'm3'],
      ['1', { commodity: '7', uom: '167', powerOfTenMultiplier: '-5' }, '0.0002', 'm3'],
      ['1', { commodity: '7', uom: '119', powerOfTenMultiplier: '2' }, '2000', 'scf'],
      ['2', { commodity: '9', uom: '128', powerOfTenMultiplier: '3' }, '20000', 'gallon-us'],
      ['2', { commodity: '9', uom: '130' }, '20', 'gallon-imperial'],
      ['2', { commodity: '14', uom: '134' }, '20', 'litre'],
      ['4', { commodity: '10', uom: '31', powerOfTenMultiplier: '9' }, '20000000000', 'J'],
      ['4', { commodity: '12', uom: '72' }, '20', 'Wh'],
    ]
    const commodities: Readonly<Record<string, string>> = { '1': 'gas', '2': 'water', '4': 'heat' }
    for (const [kind, type, value, unit] of cases) {
      const bill = await billOf(fileOf({ kind, series: [{ type, readings: days([12, 8]) }] }))
      assert.deepEqual(
        [bill.commodity, bill.import.value, bill.import.unit],
        [commodities[kind], value, unit],
        JSON.stringify(type),
      )
    }
  })

  it('say how a volume was measured, and never give it kWh', async () => {
    const flagsOf = async (uom: string): Promise<readonly string[]> => (await billOf(gas({ uom }))).flags
    assert.deepEqual(await flagsOf('42'), [])
    assert.deepEqual(await flagsOf('166'), ['volume-uncompensated'])
    assert.deepEqual(await flagsOf('167'), ['volume-compensated'])
    assert.deepEqual(await flagsOf('120'), ['volume-compensated'])
    assert.equal((await billOf(gas({ uom: '42' }))).import.kWh, undefined)
  })

  it('count a BTU as that of the International Table, exactly, and say so', async () => {
    const [facts] = await factsOf(gas({ uom: '132' }, [10, 0]))
    assert.ok(facts !== undefined && isEnergy(facts.import))
    assert.deepEqual(facts.flags, ['btu-international-table'])
    const joules = decimalOfRational(toEnergy(facts.import, 'J'))
    assert.equal(joules === undefined ? '' : formatDecimal(joules), '10550.5585262')
  })

  it('take a therm for the US one where the file is of the US or says nothing, and ask elsewhere', async () => {
    assert.deepEqual((await billOf(gas({}))).flags, ['therm-us-assumed'])
    assert.deepEqual((await billOf(gas({ currency: '840' }))).flags, [])
    assert.deepEqual((await billOf(gas({ currency: '0' }))).flags, ['therm-us-assumed'])
    assert.equal(await refusal(gas({ currency: '124' })), 'needs-review ERR_BILL_UNIT')
    assert.equal(await refusal(gas({ currency: '826' })), 'needs-review ERR_BILL_UNIT')
    const located = (country: string): string =>
      gas({}).replace(
        '</feed>',
        `<entry><content><ServiceLocation><mainAddress><townDetail><country>${country}</country></townDetail></mainAddress></ServiceLocation></content></entry></feed>`,
      )
    assert.deepEqual((await billOf(located('US'))).flags, [])
    assert.equal(await refusal(located('CA')), 'needs-review ERR_BILL_UNIT')
    assert.equal((await billOf(gas({ currency: '124', uom: '42' }))).import.value, '20')
  })

  it('are refused where category, commodity and unit contradict each other', async () => {
    const cases: readonly [kind: string | undefined, type: Record<string, string | undefined>, expected: string][] = [
      ['0', { commodity: '7' }, 'reject ERR_BILL_COMMODITY_CONFLICT'],
      ['1', { commodity: '1' }, 'reject ERR_BILL_COMMODITY_CONFLICT'],
      ['1', { commodity: '9', uom: '42' }, 'reject ERR_BILL_COMMODITY_CONFLICT'],
      ['1', { commodity: '8', uom: '42' }, 'needs-review ERR_BILL_COMMODITY'],
      ['2', { commodity: '11', uom: '42' }, 'needs-review ERR_BILL_COMMODITY'],
      ['4', { commodity: '13', uom: '31' }, 'needs-review ERR_BILL_COMMODITY'],
      ['3', {}, 'reject ERR_BILL_SERVICE_KIND'],
      ['5', {}, 'reject ERR_BILL_SERVICE_KIND'],
      ['', {}, 'reject ERR_BILL_SERVICE_KIND'],
      ['constructor', {}, 'reject ERR_BILL_SERVICE_KIND'],
      [undefined, { commodity: undefined }, 'reject ERR_BILL_SERVICE_KIND'],
      [undefined, { commodity: '0' }, 'reject ERR_BILL_SERVICE_KIND'],
      [undefined, { commodity: '25' }, 'unsupported ERR_BILL_COMMODITY'],
      [undefined, { commodity: '8' }, 'needs-review ERR_BILL_COMMODITY'],
      ['0', { uom: '31' }, 'needs-review ERR_BILL_UNIT'],
      ['0', { uom: '169' }, 'needs-review ERR_BILL_UNIT'],
      ['0', { uom: '119' }, 'reject ERR_BILL_UNIT'],
      ['0', { uom: '0' }, 'reject ERR_BILL_UNIT'],
      ['0', { uom: 'constructor' }, 'reject ERR_BILL_UNIT'],
      ['1', { commodity: '7', uom: '38' }, 'needs-review ERR_BILL_UNIT'],
      ['2', { commodity: '9', uom: '72' }, 'reject ERR_BILL_UNIT'],
      ['4', { commodity: '12', uom: '42' }, 'needs-review ERR_BILL_UNIT'],
    ]
    for (const [kind, type, expected] of cases) {
      const file = fileOf({ kind, series: [{ type, readings: days([1, 2]) }] })
      assert.equal(await refusal(file), expected, `${kind} ${JSON.stringify(type)}`)
    }
  })

  it('are taken from the commodity where the point has no category, and flagged', async () => {
    const series = [{ type: { commodity: '9', uom: '134' }, readings: days([3, 4]) }]
    const bill = await billOf(fileOf({ kind: undefined, series }))
    assert.deepEqual([bill.commodity, bill.flags], ['water', ['service-kind-assumed']])
  })

  it('other than electricity need no direction: nobody feeds gas back', async () => {
    assert.deepEqual((await billOf(gas({ uom: '42', flowDirection: undefined }))).flags, ['direction-assumed'])
    assert.deepEqual((await billOf(gas({ uom: '42', flowDirection: '0' }))).flags, ['direction-assumed'])
    assert.equal(
      await refusal(fileOf({ series: [{ type: { flowDirection: '0' }, readings: days([1]) }] })),
      'needs-review ERR_BILL_FLOW',
    )
    assert.equal(await refusal(gas({ uom: '42', flowDirection: '19' })), 'needs-review ERR_BILL_FLOW')
  })

  it('that flow back are not read, and a register in another unit checks nothing', async () => {
    const m3 = { commodity: '7', uom: '42' }
    const both = [
      { type: m3, readings: days([3, 4]) },
      { type: { ...m3, flowDirection: '19' }, readings: days([1, 0]) },
    ]
    assert.equal(await refusal(fileOf({ kind: '1', series: both })), 'needs-review ERR_BILL_FLOW')
    const dial = { type: { ...m3, uom: '119', accumulationBehaviour: '1' }, readings: days([90, 93, 97]) }
    const { flags, import: imported } = await billOf(
      fileOf({ kind: '1', series: [{ type: m3, readings: days([3, 4]) }, dial] }),
    )
    assert.deepEqual([imported.value, imported.unit, flags], ['7', 'm3', ['register-not-compared']])
  })

  it('have bounds of their own: what no customer uses is refused, in any unit', async () => {
    assert.equal(await refusal(gas({ uom: '42', powerOfTenMultiplier: '9' })), 'reject ERR_BILL_ABSURD')
    assert.equal(await refusal(gas({ powerOfTenMultiplier: '9' })), 'reject ERR_BILL_ABSURD')
    assert.equal(await refusal(gas({ uom: '31', powerOfTenMultiplier: '18' })), 'reject ERR_BILL_ABSURD')
  })

  it('give the energy of each year for therms, and none for volumes', async () => {
    const readings = days([5, 7], MIDNIGHT_S - DAY_S)
    const [therms] = await factsOf(fileOf({ kind: '1', series: [{ type: { ...GAS, currency: '840' }, readings }] }))
    assert.ok(therms !== undefined && isEnergy(therms.import))
    const byYear = therms.readings?.whByYear ?? []
    assert.deepEqual(
      byYear.map(({ year }) => year),
      [2022, 2023],
    )
    const total = byYear.map(({ wh }) => parseRational(wh)).reduce(addRationals, makeRational(0n))
    assert.deepEqual(total, toWh(therms.import))
    const [volume] = await factsOf(fileOf({ kind: '1', series: [{ type: { ...GAS, uom: '42' }, readings }] }))
    assert.equal(volume?.readings?.whByYear, undefined)
  })
})
