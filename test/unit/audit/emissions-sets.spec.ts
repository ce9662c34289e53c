import assert from 'node:assert/strict'
import { computeEmissions } from '#audit'
import type { EmissionsInput, When } from '#audit'
import { formatRational, makeRational, parseDecimal } from '#protocol'
import type { Derivation } from '#protocol'
import { published as source } from './fixed-factors-published.ts'
import { fixedFactors } from './fixed-factors.ts'

type Case = When & {
  readonly country: string
  readonly kWh?: string
  readonly dataset?: string
  readonly readings?: NonNullable<EmissionsInput['readings']>
}

function compute({ country, kWh = '1', ...rest }: Case): Derivation {
  return computeEmissions({ ...rest, place: { country }, energy: { value: parseDecimal(kWh), unit: 'kWh' }, source })
}

function setsOf(given: Case): string {
  const { parts, flags } = compute(given)
  return [...parts.map(({ factor }) => `${factor.dataset} ${factor.year} ${factor.value}`), ...flags].join(', ')
}

const across = (first: number): When => ({ service: { start: `${first}-12-31`, end: `${first + 1}-01-02` } })
const reading = (year: number, kWh: bigint): { year: number; weight: ReturnType<typeof makeRational> } => {
  return { year, weight: makeRational(kWh) }
}

describe('the data set of a place', () => {
  it('is eGRID for the US, the UK sets for Great Britain, OWID for all others', () => {
    assert.equal(setsOf({ country: 'US', year: 2019 }), 'egrid 2019 889.214')
    assert.equal(setsOf({ country: 'GB', year: 2019 }), 'uk-electricity 2019 0.2556')
    assert.equal(setsOf({ country: 'FR', year: 2019 }), 'owid 2019 59.79')
  })

  it('is OWID for Great Britain in years before the UK sets, and never both in one result', () => {
    assert.equal(setsOf({ country: 'GB', year: 2015 }), 'owid 2015 397.79')
    assert.equal(setsOf({ country: 'GB', ...across(2015) }), 'owid 2015 397.79, owid 2016 333.45')
    assert.equal(setsOf({ country: 'GB', ...across(2019) }), 'uk-electricity 2019 0.2556, uk-electricity 2020 0.23314')
    assert.equal(setsOf({ country: 'GB', year: 2024 }), 'uk-electricity 2020 0.23314')
  })

  it('is the one that a request names, and not the country’s own beside it', () => {
    assert.equal(setsOf({ country: 'US', year: 2019, dataset: 'owid' }), 'owid 2019 439.45')
    assert.equal(setsOf({ country: 'GB', year: 2019, dataset: 'OWID' }), 'owid 2016 333.45')
    for (const [country, dataset] of [
      ['FR', 'egrid'],
      ['FR', 'uk-electricity'],
      ['US', 'uk-electricity'],
      ['GB', 'egrid'],
      ['US', 'epa-hub'],
    ] as const) {
      assert.throws(() => compute({ country, year: 2019, dataset }), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
    }
    assert.throws(() => compute({ country: 'US', year: 2019, dataset: 'iea' }), { code: 'ERR_FACTOR_DATASET_UNKNOWN' })
  })

  it('is one edition alone when a request names one', () => {
    assert.equal(setsOf({ country: 'US', year: 2023, dataset: 'egrid2020' }), 'egrid 2020 822.621')
    assert.equal(setsOf({ country: 'US', year: 2023, dataset: 'egrid' }), 'egrid 2023 770.884')
    assert.throws(() => compute({ country: 'US', year: 2019, dataset: 'eGRID2020' }), {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
    })
  })

  it('is refused as superseded where it has no other rows, for a province and a grid too', () => {
    const old = { year: 2020, value: '1', status: 'superseded' } as const
    const superseded = fixedFactors([], {
      unusable: [
        { dataset: 'canada-eccc', regionType: 'province', region: 'CA-ON', ...old },
        { dataset: 'australia-nga', regionType: 'grid', region: 'AU-NSW', ...old },
      ],
    })
    const energy = { value: parseDecimal('1'), unit: 'kWh' } as const
    for (const [country, state, dataset] of [
      ['CA', 'ON', 'canada-eccc'],
      ['AU', 'NSW', 'australia-nga'],
    ] as const) {
      const at = (year: number) => (): unknown =>
        computeEmissions({ place: { country, state }, year, dataset, energy, source: superseded })
      assert.throws(at(2021), { code: 'ERR_FACTOR_SUPERSEDED' }, dataset)
      assert.throws(at(2019), { code: 'ERR_FACTOR_NOT_AVAILABLE' }, dataset)
    }
  })

  it('does not lend preliminary rows', () => {
    assert.equal(setsOf({ country: 'FR', year: 2025 }), 'owid 2024 40.48')
  })

  it('may print a zero, which is a value', () => {
    const { gramsCO2e, parts } = compute({ country: 'CF', year: 2018, kWh: '1000' })
    assert.deepEqual([gramsCO2e, parts[0]?.vintage], [0n, 'exact'])
    assert.throws(() => compute({ country: 'DE', year: 2018 }), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })
})

describe('fiscal years', () => {
  it('divide a calendar year where the set’s years begin in April', () => {
    const { parts, flags, gramsCO2e } = compute({ country: 'IN', year: 2023, kWh: '365', dataset: 'india-cea' })
    assert.deepEqual(
      parts.map(({ year, days, factor }) => [year, days, factor.value]),
      [
        [2022, 90, '0.716'],
        [2023, 275, '0.727'],
      ],
    )
    assert.deepEqual(flags, ['co2-only', 'factor-secondary'])
    // 90 x 716 + 275 x 727
    assert.equal(gramsCO2e, 264_365n)
  })

  it('make one part of a bill within them, and never use one that begins later', () => {
    const service = { start: '2023-12-15', end: '2024-01-16' }
    assert.equal(
      setsOf({ country: 'IN', service, dataset: 'india-cea' }),
      'india-cea 2023 0.727, co2-only, factor-secondary',
    )
    assert.throws(() => compute({ country: 'IN', year: 2022, dataset: 'india-cea' }), {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
    })
  })

  it('are not those of readings by calendar year: days decide', () => {
    // The fiscal years 2022 and 2023 share this calendar year; readings of 2022 would be of other months.
    const readings = [reading(2022, 1n), reading(2023, 1n)]
    const given = { country: 'IN', year: 2023, dataset: 'india-cea', readings } as const
    assert.equal(compute(given).apportioned, 'days')
  })
})

describe('apportioning', () => {
  const FR = { country: 'FR', ...across(2018), kWh: '4' } as const

  it('goes by readings when they are of exactly the years of the period', () => {
    const { apportioned, parts, exact } = compute({ ...FR, readings: [reading(2019, 30n), reading(2018, 10n)] })
    assert.equal(apportioned, 'readings')
    assert.deepEqual(
      parts.map(({ kWh }) => formatRational(kWh)),
      ['1/1', '3/1'],
    )
    assert.equal(formatRational(exact), formatRational(makeRational(5992n + 3n * 5979n, 100n)))
  })

  it('takes readings as weights: their sum need not be the energy of the bill', () => {
    const of = (scale: bigint): Derivation =>
      compute({ ...FR, readings: [reading(2018, scale), reading(2019, 3n * scale)] })
    assert.deepEqual(of(1n).exact, of(1_000_000n).exact)
  })

  it('goes by days for readings of other years, of too few, all zero, or none', () => {
    const days = compute(FR)
    assert.equal(days.apportioned, 'days')
    for (const readings of [
      [reading(2018, 1n), reading(2020, 1n)],
      [reading(2018, 1n)],
      [reading(2018, 1n), reading(2018, 1n)],
      [reading(2018, 1n), reading(2019, 1n), reading(2020, 1n)],
      [reading(2018, 0n), reading(2019, 0n)],
    ]) {
      assert.deepEqual(compute({ ...FR, readings }), days)
    }
  })

  it('keeps a year in which nothing was used', () => {
    const { parts } = compute({ ...FR, readings: [reading(2018, 0n), reading(2019, 7n)] })
    assert.deepEqual(
      parts.map(({ year, kWh }) => [year, formatRational(kWh)]),
      [
        [2018, '0/1'],
        [2019, '4/1'],
      ],
    )
  })

  it('goes over any number of years, up to a hundred', () => {
    const century = compute({ country: 'FR', service: { start: '2018-01-01', end: '2117-12-31' } })
    assert.equal(century.parts.length, 100)
    assert.throws(() => compute({ country: 'FR', service: { start: '2018-01-01', end: '2118-01-03' } }), {
      code: 'ERR_VALUE_PERIOD',
    })
  })

  it('is not needed within one year', () => {
    assert.equal(compute({ country: 'FR', year: 2019, readings: [reading(2019, 5n)] }).apportioned, 'one-year')
  })

  it('refuses negative readings and negative energy', () => {
    const readings = [reading(2018, -1n), reading(2019, 3n)]
    assert.throws(() => compute({ ...FR, readings }), { code: 'ERR_ENERGY_NEGATIVE' })
    assert.throws(() => compute({ ...FR, kWh: '-1' }), { code: 'ERR_ENERGY_NEGATIVE' })
  })
})
