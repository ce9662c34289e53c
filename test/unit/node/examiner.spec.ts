import assert from 'node:assert/strict'
import type { FactorSource, Sandbox } from '#audit'
import { makeDecimal, makeRational, placeShape } from '#protocol'
import type { Facts, Place } from '#protocol'
import { CID } from 'multiformats/cid'
import { buildClaim, Examiner } from '../../../node/examiner.ts'
import type { Examined } from '../../../node/examiner.ts'
import { fixedFactors } from '../../unit/audit/fixed-factors.ts'

const country = { dataset: 'owid', regionType: 'country', region: 'DE' } as const
const nerc = { dataset: 'egrid', regionType: 'nerc', region: 'WECC' } as const
const factors = fixedFactors([
  { ...country, year: 2022, value: '400' },
  { ...country, year: 2023, value: '300' },
  { ...nerc, year: 2022, value: '200' },
  { dataset: 'egrid', regionType: 'country', region: 'US', year: 2022, value: '350' },
])

const facts: Facts = {
  v: 1,
  extractor: { id: 'example', version: '1.0.0' },
  format: 'example-1',
  commodity: 'electricity',
  point: 'P-1',
  service: { start: '2022-12-22', end: '2023-01-11', basis: 'printed-exclusive' },
  import: { value: makeDecimal(100n, 0), unit: 'kWh' },
  kind: 'actual',
  place: { country: 'DE' },
  flags: [],
  sources: {},
}

async function examine(bill: Facts, declared?: Place, source: FactorSource = factors): Promise<Examined> {
  const sandbox: Sandbox = {
    extract: () => Promise.resolve({ verdict: 'facts', format: bill.format, bills: [bill] }),
    close: () => Promise.resolve(),
  }
  const examiner = new Examiner(sandbox, source)
  const examination = await examiner.examine(
    new Uint8Array(),
    new Uint8Array(32),
    declared,
    new AbortController().signal,
  )
  assert.equal(examination.kind, 'facts')
  const [examined] = examination.bills
  assert.ok(examined !== undefined)
  return examined
}

function claimOf(examined: Examined): ReturnType<typeof buildClaim> {
  const hash = new Uint8Array(32)
  const bill = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  return buildClaim({ regionSecret: hash }, { bill, plainHash: hash, ordinal: 0, holder: hash, salt: hash }, examined)
}

describe('examining a bill', () => {
  it('divides energy over years by the readings of the file, where it has them', async () => {
    const readings = { count: 20, duplicates: 0, gaps: 0, seriesHash: new Uint8Array(32) }
    const whByYear = [
      { year: 2022, wh: '150000/2' },
      { year: 2023, wh: '25000/1' },
    ]
    const byReadings = (await examine({ ...facts, readings: { ...readings, whByYear } })).derivation
    assert.equal(byReadings.apportioned, 'readings')
    assert.equal(byReadings.gramsCO2e, 37_500n)
    const byDays = (await examine({ ...facts, readings })).derivation
    assert.deepEqual([byDays.apportioned, byDays.gramsCO2e], ['days', 35_000n])
  })

  it('puts the market-based figure of a bill that calls itself green beside the other, in the claim too', async () => {
    const green = await examine({ ...facts, isGreenTariff: true })
    assert.ok(green.derivation.market?.statements.includes('green-tariff-not-covered'))
    assert.deepEqual([claimOf(green).gramsLocation, claimOf(green).gramsMarket], ['35000', '35000'])
    const plain = await examine(facts)
    assert.equal(plain.derivation.market, undefined)
    assert.ok(!Object.hasOwn(claimOf(plain), 'gramsMarket'), 'absent, and not undefined: encodings tell them apart')
  })

  it('takes a NERC region that the holder declares', async () => {
    const { place: _place, ...without } = facts
    const service = { start: '2022-01-01', end: '2022-02-01', basis: 'printed-exclusive' } as const
    const { derivation } = await examine({ ...without, service }, { country: 'US', nerc: 'WECC' })
    assert.deepEqual([derivation.level, derivation.foundBy, derivation.place.nerc], ['nerc', 'nerc', 'WECC'])
    assert.deepEqual(derivation.kWh, makeRational(100n))
    assert.deepEqual(placeShape.parse({ country: 'US', nerc: 'WECC' }), { country: 'US', nerc: 'WECC' })
    assert.deepEqual(placeShape.parse({ country: 'US', nerc: 'PR' }), { country: 'US', nerc: 'PR' })
    for (const wrong of ['wecc', 'W', 'WECCS', ''])
      assert.throws(() => placeShape.parse({ country: 'US', nerc: wrong }))
  })
})
