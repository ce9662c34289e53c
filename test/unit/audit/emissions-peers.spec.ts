import assert from 'node:assert/strict'
import { computeActivity, computeEmissions, estimate } from '#audit'
import type { EmissionsInput, When } from '#audit'
import { parseDecimal, roundHalfEven } from '#protocol'
import type { Derivation } from '#protocol'
import { published as source } from './fixed-factors-published.ts'

/** Errors that were found in other systems (datasets, SOURCES 5): each is a test that it is not repeated here. */

const CA = { country: 'US', state: 'CA' }
const LOS_ANGELES = { country: 'US', utility: { eia: 14_328, state: 'CA' }, state: 'CA' }

function compute(place: EmissionsInput['place'], kWh: string, when: When): Derivation {
  return computeEmissions({ place, energy: { value: parseDecimal(kWh), unit: 'kWh' }, source, ...when })
}

function codeOf(request: unknown): string {
  const answer = estimate(JSON.stringify(request), source)
  return 'error' in answer ? answer.error.code : 'no error'
}

describe('errors of peers that are not repeated', () => {
  it('short tons are not 1000 kg: 128 kWh in California 2019 are 22.480 kg, not 25', () => {
    assert.equal(compute(CA, '128', { year: 2019 }).gramsCO2e, 22_480n)
  })

  it('a factor is not forgotten on one path: a utility, a subregion and a state all give grams', () => {
    for (const place of [LOS_ANGELES, { country: 'US', subregion: 'CAMX' }, CA]) {
      assert.ok(compute(place, '128', { year: 2019 }).gramsCO2e > 20_000n)
    }
  })

  it('the year is not that of the end date alone', () => {
    const { parts } = compute(CA, '32', { service: { start: '2018-12-15', end: '2019-01-16' } })
    assert.deepEqual(
      parts.map(({ year, days, factor }) => [year, days, factor.year]),
      [
        [2018, 17, 2018],
        [2019, 15, 2019],
      ],
    )
  })

  it('an end date on New Year is not of the new year: periods are half-open', () => {
    const { parts } = compute(CA, '31', { service: { start: '2018-12-01', end: '2019-01-01' } })
    assert.deepEqual([parts.length, parts[0]?.year], [1, 2018])
  })

  it('a year before all data is not silently 2020', () => {
    assert.throws(() => compute(CA, '1', { year: 2010 }), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })

  it('a state does not beat the subregion of the utility', () => {
    const { level, parts } = compute(LOS_ANGELES, '1', { year: 2019 })
    assert.deepEqual([level, parts[0]?.factor.value], ['subregion', '455.251'])
  })

  it('mt is not a billion kilograms: it is refused, whatever it is an amount of', () => {
    const mt = { amount: '1', unit: 'mt' }
    const when = { year: 2019 }
    assert.equal(codeOf({ place: { state: 'CA' }, ...when, energy: mt }), 'ERR_VALUE_UNIT_AMBIGUOUS')
    const fuel = { commodity: 'fuel', place: { country: 'GB' }, ...when, fuel: { name: 'Propane' }, mass: mt }
    assert.equal(codeOf(fuel), 'ERR_VALUE_UNIT_AMBIGUOUS')
  })

  it('100 therms of gas are not 575 kg: a therm is not a hundred cubic feet', () => {
    const gas = (country: string, year: number, unit: 'therm-ec' | 'therm-us'): bigint => {
      const activity = { commodity: 'gas', energy: { value: parseDecimal('100'), unit } } as const
      return computeActivity({ place: { country }, year, activity, source }).gramsCO2e
    }
    assert.equal(gas('GB', 2019, 'therm-ec'), 538_811n)
    assert.equal(gas('US', 2025, 'therm-us'), 531_145n)
  })

  it('grid losses are neither added to the footprint nor multiplied: 1000 kWh of CAMX 2019', () => {
    const { exact, upstream } = compute({ country: 'US', subregion: 'CAMX' }, '1000', { year: 2019 })
    // 455.251 lb/MWh x 0.45359237 = 206.498..., and x 0.051/0.949 = 11.097...; x 0.051 would be 10.531.
    assert.equal(roundHalfEven(exact), 206_498n)
    assert.equal(upstream[0]?.gramsCO2e, 11_097n)
  })

  it('a withdrawn edition is refused by name, and the one that replaced it is used', () => {
    const withdrawn = {
      place: { state: 'CA' },
      year: 2023,
      energy: { amount: '1', unit: 'kWh' },
      dataset: 'eGRID2023 v1',
    }
    assert.equal(codeOf(withdrawn), 'ERR_FACTOR_SUPERSEDED')
    assert.equal(compute({ country: 'US' }, '1', { year: 2023 }).parts[0]?.factor.value, '770.884')
  })

  it('a year that a publisher has not printed is not copied from the next', () => {
    assert.throws(() => compute({ country: 'US', subregion: 'NWPP' }, '1', { year: 2017 }), {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
    })
    assert.equal(compute({ country: 'US', subregion: 'NWPP' }, '1', { year: 2019 }).level, 'country')
  })

  it('1,106.45 is not 1, and -- and None are not zero', () => {
    for (const amount of ['1,106.45', '--', 'None', '', ' 1', '1e3', '0x10', '.5', 'NaN', '-Infinity']) {
      assert.equal(codeOf({ place: { state: 'CA' }, year: 2019, energy: { amount, unit: 'kWh' } }), 'ERR_VALUE_DECIMAL')
    }
  })

  it('marginal rates are not for a footprint, whoever asks', () => {
    for (const method of [
      'location-nonbaseload',
      'operating-margin',
      'build-margin',
      'combined-margin',
      'nonbaseload',
    ]) {
      const request = { place: { state: 'CA' }, year: 2019, energy: { amount: '1', unit: 'kWh' }, method }
      assert.equal(codeOf(request), 'ERR_FACTOR_METHOD_NOT_AVAILABLE')
    }
    // 864.334 lb/MWh stands beside 387.183 in the same edition, and the CO2 of 385.591.
    assert.equal(compute(CA, '1', { year: 2019 }).parts[0]?.factor.value, '387.183')
  })

  it('a bill of gas in gross kWh does not take the figure per net kWh, 10 % higher', () => {
    const gas = (calorificValue?: 'net'): bigint => {
      const energy = { value: parseDecimal('1000'), unit: 'kWh' } as const
      const activity = {
        commodity: 'gas',
        energy,
        ...(calorificValue === undefined ? {} : { calorificValue }),
      } as const
      return computeActivity({ place: { country: 'GB' }, year: 2019, activity, source }).gramsCO2e
    }
    assert.equal(gas(), 183_850n)
    assert.equal(gas('net'), 204_280n)
  })

  it('an error in print is not a factor: -17 g/kWh of Belgium 2004', () => {
    const belgium = (country: string, dataset: string): string => {
      return codeOf({ place: { country }, year: 2004, energy: { amount: '1', unit: 'kWh' }, dataset })
    }
    assert.equal(belgium('BE', 'eea-5'), 'ERR_FACTOR_INVALID')
    assert.equal(belgium('BE', 'eea'), 'ERR_FACTOR_SUPERSEDED')
    assert.equal(belgium('LU', 'eea'), 'ERR_FACTOR_INVALID')
  })
})
