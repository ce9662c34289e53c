import assert from 'node:assert/strict'
import type { FactorSource, Sandbox } from '#audit'
import { loadDatasets } from '#datasets'
import { encodeDerivation, makeDecimal, makeRational, placeShape, sha256 } from '#protocol'
import type { Extraction, Facts, Place, RefusedFile, StatedBills, StatedFigures } from '#protocol'
import { CID } from 'multiformats/cid'
import { buildClaim, Examiner } from '../../../node/examiner.ts'
import type { Examination, Examined, ExaminedElectricity } from '../../../node/examiner.ts'
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

async function examine(bill: Facts, declared?: Place, source: FactorSource = factors): Promise<ExaminedElectricity> {
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
  assert.ok(examined?.kind === 'electricity')
  return examined
}

function claimOf(examined: Examined): ReturnType<typeof buildClaim> {
  const hash = new Uint8Array(32)
  const bill = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  return buildClaim(
    { regionSecret: hash },
    { bill, plainHash: hash, ordinal: examined.ordinal, holder: hash, salt: hash },
    examined,
  )
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
    const green = await examine({ ...facts, greenClaim: { source: 'rider' } })
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

describe('examining a file of several bills', () => {
  const service = { start: '2022-01-01', end: '2022-02-01', basis: 'printed-exclusive' } as const
  const here: Facts = { ...facts, service }
  const gas: Facts = { ...here, commodity: 'gas', point: 'G-1', place: { country: 'GB' } }
  const water: Facts = { ...here, commodity: 'water', point: 'W-1', import: { value: makeDecimal(7n, 0), unit: 'm3' } }
  let shipped: FactorSource

  before(async () => {
    shipped = await loadDatasets()
  })

  async function examineAll(
    extraction: Partial<StatedBills> | RefusedFile | StatedFigures,
    declared?: Place,
    source: FactorSource = factors,
  ): Promise<Examination> {
    const whole: Extraction =
      extraction.reason === undefined
        ? { verdict: 'facts', format: 'example-1', bills: [here], ...extraction }
        : extraction
    const sandbox: Sandbox = { extract: async () => whole, close: async () => undefined }
    const signal = new AbortController().signal
    return new Examiner(sandbox, source).examine(new Uint8Array(), new Uint8Array(32), declared, signal)
  }

  function factsOf(examination: Examination): Extract<Examination, { kind: 'facts' }> {
    assert.ok(examination.kind === 'facts', examination.kind === 'refused' ? examination.reason.message : '')
    return examination
  }

  it('claims gas and heat by their energy, with a derivation that is hashed as it is encoded', async () => {
    const heat: Facts = { ...gas, commodity: 'heat', point: 'H-1' }
    const { bills } = factsOf(await examineAll({ bills: [gas, heat] }, undefined, shipped))
    for (const examined of bills) {
      assert.equal(examined.kind, 'activity')
      assert.deepEqual(sha256(encodeDerivation(examined.derivation)), examined.derivationHash)
      const claim = claimOf(examined)
      assert.equal(claim.gramsLocation, examined.derivation.gramsCO2e.toString())
      assert.deepEqual([claim.energyWh, claim.gramsMarket], [{ n: '100000', d: '1' }, undefined])
    }
    const [first, second] = bills.map((examined) => Buffer.from(claimOf(examined).pointTag).toString('hex'))
    assert.notEqual(first, second)
  })

  it('keeps the places of bills in the file, and says why the others give no claim', async () => {
    const volume: Facts = { ...gas, import: { value: makeDecimal(5n, 0), unit: 'm3' } }
    const forecast: Facts = { ...here, kind: 'forecast' }
    const elsewhere: Facts = { ...here, place: { country: 'FR' } }
    const { bills, unclaimed } = factsOf(await examineAll({ bills: [water, volume, here, forecast, elsewhere] }))
    assert.deepEqual(
      bills.map(({ ordinal }) => ordinal),
      [2],
    )
    assert.deepEqual(
      unclaimed.map(({ ordinal, reason }) => [ordinal, reason.code]),
      [
        [0, 'ERR_BILL_NO_ENERGY'],
        [1, 'ERR_BILL_NO_ENERGY'],
        [3, 'ERR_BILL_FORECAST'],
        [4, 'ERR_FACTOR_NOT_AVAILABLE'],
      ],
    )
  })

  it('refuses a file with nothing to claim, and one whose place the holder can still declare', async () => {
    const refusalOf = async (extraction: Partial<StatedBills> | RefusedFile): Promise<unknown> => {
      const examination = await examineAll(extraction)
      return examination.kind === 'refused' ? [examination.verdict, examination.reason.code] : examination
    }
    assert.deepEqual(await refusalOf({ bills: [water] }), ['reject', 'ERR_BILL_NO_ENERGY'])
    const { place: _place, ...nowhere } = here
    assert.deepEqual(await refusalOf({ bills: [here, nowhere] }), ['reject', 'ERR_PLACE_UNKNOWN'])
    assert.deepEqual(await refusalOf({ verdict: 'correction', bills: [here] }), [
      'needs-review',
      'ERR_BILL_NEEDS_REVIEW',
    ])
    const reason = { code: 'ERR_BILL_FORMAT_UNKNOWN', message: 'no format' } as const
    assert.deepEqual(await refusalOf({ verdict: 'unsupported', format: 'x', bills: [], reason }), [
      'needs-review',
      'ERR_BILL_FORMAT_UNKNOWN',
    ])
  })

  it('claims nothing of facts without a bill, and hands what they state to people', async () => {
    const produced = { value: makeDecimal(7n, 0), unit: 'kWh' } as const
    const read: StatedFigures['read'] = [{ commodity: 'electricity', produced, missing: ['import', 'service'] }]
    const place = { line: 3, column: 1, path: 'InvoiceLine' }
    const reason = { code: 'ERR_BILL_GENERATION', message: 'a bill of what was used is needed', place } as const
    const stated: StatedFigures = { verdict: 'facts', format: 'x', bills: [], reason, read }
    assert.deepEqual(await examineAll(stated), {
      kind: 'refused',
      verdict: 'needs-review',
      reason: { code: reason.code, message: reason.message, place: 'InvoiceLine, line 3, column 1' },
      read,
    })
    // No reader does this: if one did, there would be nothing to vote on.
    const nothing = await examineAll({ verdict: 'facts', bills: [] })
    assert.deepEqual([nothing.kind, nothing.kind === 'refused' && nothing.verdict], ['refused', 'needs-review'])
  })

  it('states the weakest assurance, and a signature only where it is trusted and covers all', async () => {
    const { place: _place, ...nowhere } = here
    const template = { ...here, method: 'template' } as const
    const cases: readonly (readonly [Facts, string])[] = [
      [here, 'extracted'],
      [nowhere, 'place-declared'],
      [template, 'template'],
      [{ ...nowhere, method: 'template' }, 'template'],
    ]
    for (const [bill, assurance] of cases) {
      const { bills } = factsOf(await examineAll({ bills: [bill] }, { country: 'DE' }))
      assert.deepEqual(
        bills.map((examined) => claimOf(examined).assurance),
        [assurance],
      )
    }
    const origin = {
      kind: 'cms',
      covers: 'all',
      signer: 'Utility',
      keyHash: new Uint8Array(32),
      isTrusted: true,
    } as const
    const originOf = async (signed: Extraction['origin']): Promise<unknown> => {
      const { bills } = factsOf(await examineAll(signed === undefined ? {} : { origin: signed }))
      return bills[0] && claimOf(bills[0]).origin
    }
    assert.equal(await originOf(origin), 'utility-signed')
    assert.equal(await originOf({ ...origin, isTrusted: false }), 'unsigned')
    assert.equal(await originOf({ ...origin, covers: 'earlier-revision' }), 'unsigned')
    assert.equal(await originOf(undefined), 'unsigned')
  })
})
