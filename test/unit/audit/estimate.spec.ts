import assert from 'node:assert/strict'
import fc from 'fast-check'
import { estimate, estimateLine } from '#audit'
import type { EstimateResponse } from '#audit'
import { published as source } from './fixed-factors-published.ts'

const kWh = (amount: unknown): unknown => ({ amount, unit: 'kWh' })
const base = { place: { country: 'FR' }, year: 2019, energy: kWh('1') }
const gas = { commodity: 'gas', place: { country: 'GB' }, year: 2019, energy: kWh('1000') }
const certificate = {
  kind: 'certificate',
  id: 'C',
  energy: kWh('250'),
  rate: { value: '0', unit: 'g/kWh' },
  country: 'DE',
  year: 2019,
  retirement: { registry: 'registry', id: '1' },
}

function ask(request: unknown): EstimateResponse {
  return estimate(JSON.stringify(request), source)
}

function errorOf(request: unknown): string {
  const answer = ask(request)
  return 'error' in answer ? `${answer.error.code} ${answer.error.message}` : 'no error'
}

describe('a request', () => {
  it('may have a hundred instruments, and is refused for its length in plain words', () => {
    const instruments = Array.from({ length: 100 }, (_, i) => ({
      ...certificate,
      id: `certificate-of-plant-${i}`,
      retirement: { registry: 'registry', id: `${i}` },
    }))
    assert.equal(errorOf({ ...base, instruments }), 'no error')
    assert.match(
      errorOf({ ...base, dataset: 'x'.repeat(70_000) }),
      /^ERR_ESTIMATE_REQUEST request has \d+ characters, at most 65536$/,
    )
  })
})

describe('an answer for electricity', () => {
  it('has exactly these fields', () => {
    const request = {
      place: { subregion: 'CAMX' },
      year: 2019,
      energy: kWh('1000'),
      method: 'market',
      instruments: [{ ...certificate, country: 'US' }],
    }
    const factor = {
      dataset: 'egrid',
      version: 'eGRID2019',
      regionType: 'subregion',
      region: 'CAMX',
      year: 2019,
      value: '455.251',
      unit: 'lb/MWh',
    }
    assert.deepEqual(ask(request), {
      gramsCO2e: '206498',
      exact: '20649838003487/100000000',
      parts: [{ year: 2019, factor, kWh: '1000', vintage: 'exact' }],
      level: 'subregion',
      foundBy: 'subregion',
      apportioned: 'one-year',
      flags: [],
      upstream: [
        {
          name: 'losses',
          gramsCO2e: '11097',
          exact: '1053141738177837/94900000000',
          parts: [
            {
              year: 2019,
              kWh: '1000',
              factor,
              gridLoss: {
                dataset: 'eGRID grid gross loss',
                version: 'eGRID2019',
                region: 'CAMX',
                year: 2019,
                fraction: '0.051',
              },
              vintage: 'exact',
            },
          ],
        },
      ],
      market: {
        gramsCO2e: '154874',
        exact: '61949514010461/400000000',
        parts: [
          { year: 2019, kWh: '250', source: 'certificate', instrument: 'C', gramsPerKWh: '0' },
          { year: 2019, kWh: '750', source: 'location', gramsPerKWh: '206.49838003487' },
        ],
        statements: ['no-residual-mix'],
      },
    })
  })

  it('prints a fraction where the decimal does not end', () => {
    const answer = ask({
      place: { country: 'FR' },
      period: { start: '2018-12-31', end: '2019-01-03' },
      energy: kWh('1'),
    })
    assert.ok('parts' in answer)
    assert.deepEqual(
      answer.parts.map((part) => ('kWh' in part ? part.kWh : '')),
      ['1/3', '2/3'],
    )
  })

  it('reads readings, green tariffs and instruments, in any order of keys', () => {
    const readings = [
      { kWh: 3, year: 2019 },
      { year: 2018, kWh: '1' },
    ]
    const period = { end: '2019-01-02', start: '2018-12-31' }
    const request = { ...base, year: undefined, period, readings, greenTariff: true, instruments: [certificate] }
    const answer = ask(request)
    assert.ok('apportioned' in answer)
    assert.equal(answer.apportioned, 'readings')
    assert.deepEqual(
      answer.parts.map((part) => part.kWh),
      ['0.25', '0.75'],
    )
    const reversed = Object.fromEntries(Object.entries(request).toReversed())
    assert.deepEqual(ask({ ...reversed, readings: readings.toReversed() }), answer)
  })

  it('takes numbers by their text wherever an amount stands', () => {
    const numbers = `{"place":{"country":"FR"},"period":{"start":"2018-12-31","end":"2019-01-02"},
      "energy":{"amount":0.10,"unit":"kWh"},"readings":[{"year":2018,"kWh":0.30},{"year":2019,"kWh":0.1}],
      "instruments":[{"kind":"supplier-rate","id":"S","rate":{"value":0.1,"unit":"kg/kWh"},"country":"FR","year":2018}]}`
    assert.equal(estimateLine(numbers, source), estimateLine(numbers.replace(/(0\.\d+)/g, '"$1"'), source))
    assert.match(estimateLine(numbers.replace('0.30', '3e-1'), source), /ERR_VALUE_DECIMAL/)
  })
})

describe('an answer for an activity', () => {
  it('has exactly these fields', () => {
    assert.deepEqual(ask({ ...gas, energy: { amount: 3.6, unit: 'GJ' } }), {
      gramsCO2e: '183850',
      exact: '183850/1',
      parts: [
        {
          year: 2019,
          amount: '1000',
          unit: 'kWh-gross',
          terms: [
            {
              dataset: 'uk-activities',
              version: '2019 set',
              item: {
                category: 'Fuels',
                group: 'Gaseous fuels',
                name: 'Natural gas',
                detail: '',
                variant: 'Energy - Gross CV',
              },
              year: 2019,
              gas: 'CO2e',
              value: '0.18385',
              mass: 'kg',
              per: 'kWh-gross',
              gwp: '1',
            },
          ],
          vintage: 'exact',
        },
      ],
      conversions: [
        {
          why: 'definition',
          from: { amount: '3.6', unit: 'GJ' },
          by: '2500/9',
          to: { amount: '1000', unit: 'kWh' },
        },
      ],
      flags: [],
      wellToTank: { gramsCO2e: '23910', exact: '23910/1' },
    })
  })

  it('is given for every commodity', () => {
    const km = { amount: '10', unit: 'km' }
    const requests = [
      { ...gas, commodity: 'heat' },
      {
        ...gas,
        commodity: 'fuel',
        year: 2022,
        energy: undefined,
        mass: { amount: 1, unit: 'kg' },
        fuel: { name: 'Propane' },
      },
      {
        commodity: 'flight',
        place: { country: 'GB' },
        year: 2018,
        flight: { haul: 'short', class: 'economy', radiativeForcing: true },
        distance: km,
        passengers: 2,
      },
      {
        commodity: 'travel',
        place: { country: 'GB' },
        year: 2019,
        travel: { name: 'Average car', category: 'Business travel- land' },
        distance: km,
      },
    ]
    for (const request of requests) assert.equal(errorOf(request), 'no error')
  })
})

describe('a request that is refused', () => {
  const volume = { amount: 1, unit: 'm3' }
  const cases: Record<string, [unknown, RegExp]> = {
    'an unknown field': [{ ...base, color: 'green' }, /^ERR_ESTIMATE_REQUEST color: /],
    'an unknown field of the place': [{ ...base, place: { city: 'X' } }, /^ERR_ESTIMATE_REQUEST place\.city: /],
    'an unknown commodity': [{ ...base, commodity: 'water' }, /^ERR_ESTIMATE_REQUEST commodity: /],
    'a commodity that every object has': [{ ...base, commodity: 'toString' }, /^ERR_ESTIMATE_REQUEST commodity: /],
    'a volume of electricity': [{ ...base, volume }, /^ERR_ESTIMATE_REQUEST volume: /],
    'passengers of electricity': [{ ...base, passengers: 2 }, /^ERR_ESTIMATE_REQUEST passengers: /],
    'a green tariff of gas': [{ ...gas, greenTariff: true }, /^ERR_ESTIMATE_REQUEST greenTariff: /],
    'instruments of gas': [{ ...gas, instruments: [] }, /^ERR_ESTIMATE_REQUEST instruments: /],
    'readings of gas': [{ ...gas, readings: [] }, /^ERR_ESTIMATE_REQUEST readings: /],
    'a mass of gas': [{ ...gas, mass: { amount: 1, unit: 'kg' } }, /^ERR_ESTIMATE_REQUEST mass: /],
    'gas by energy and volume': [{ ...gas, volume }, /^ERR_ESTIMATE_REQUEST volume: /],
    'gas by nothing': [{ ...gas, energy: undefined }, /^ERR_ESTIMATE_REQUEST energy: /],
    'a heat content of energy': [
      { ...gas, heatContent: { amount: 39, unit: 'MJ/m3' } },
      /^ERR_ESTIMATE_REQUEST heatContent: /,
    ],
    'a heat content of nothing': [
      { ...gas, energy: undefined, volume, heatContent: { amount: 0, unit: 'MJ/m3' } },
      /^ERR_ESTIMATE_REQUEST heatContent: /,
    ],
    'a calorific value of heat': [{ ...gas, commodity: 'heat', calorificValue: 'net' }, /^ERR_ESTIMATE_REQUEST cal/],
    'gas by volume without heat content': [{ ...gas, energy: undefined, volume }, /^ERR_HEAT_CONTENT_MISSING /],
    'year and period': [
      { ...base, period: { start: '2019-01-01', end: '2019-02-01' } },
      /^ERR_ESTIMATE_REQUEST year: /,
    ],
    'neither year nor period': [{ ...base, year: undefined }, /^ERR_ESTIMATE_REQUEST year: /],
    'no place': [{ ...base, place: {} }, /^ERR_ESTIMATE_REQUEST place: /],
    'half a passenger': [
      {
        commodity: 'flight',
        place: { country: 'GB' },
        year: 2018,
        flight: { haul: 'short' },
        distance: volume,
        passengers: 0.5,
      },
      /^ERR_ESTIMATE_REQUEST passengers: /,
    ],
    'readings of another year': [{ ...base, readings: [{ year: 2018, kWh: 1 }] }, /^ERR_ESTIMATE_REQUEST readings: /],
    'readings twice of a year': [
      {
        ...base,
        readings: [
          { year: 2019, kWh: 1 },
          { year: 2019, kWh: 1 },
        ],
      },
      /^ERR_ESTIMATE_REQUEST readings: /,
    ],
    'an unknown kind of instrument': [
      { ...base, instruments: [{ ...certificate, kind: 'offset' }] },
      /^ERR_ESTIMATE_REQUEST instruments\.0\.kind: /,
    ],
    'a rate per unknown unit': [
      { ...base, instruments: [{ ...certificate, rate: { value: '1', unit: 'g' } }] },
      /^ERR_ESTIMATE_REQUEST instruments\.0\.rate\.unit: /,
    ],
    'an instrument twice': [{ ...base, instruments: [certificate, certificate] }, /^ERR_INSTRUMENT /],
    'too many instruments': [
      { ...base, instruments: Array.from({ length: 101 }, () => 1) },
      /^ERR_ESTIMATE_REQUEST instruments/,
    ],
  }
  for (const [title, [request, expected]] of Object.entries(cases)) {
    it(`names the field: ${title}`, () => {
      assert.match(errorOf(request), expected)
    })
  }

  it('is answered, whatever it is', () => {
    const fields = ['commodity', 'place', 'energy', 'volume', 'instruments', 'readings', 'flight', 'year', 'dataset']
    const commodity = fc.constantFrom('electricity', 'gas', 'heat', 'fuel', 'flight', 'travel')
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), commodity, fc.constant(base.place), fc.constant(base.energy))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), value), commodity, (request, one) => {
        const line = estimateLine(JSON.stringify({ commodity: one, ...base, ...request }), source)
        assert.ok(!line.includes('\n') && line.startsWith('{'))
      }),
    )
  })
})
