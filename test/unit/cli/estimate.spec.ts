import assert from 'node:assert/strict'
import { viewLines } from '../../../node/cli/estimate/answer-lines.ts'
import type { ActivityView, ElectricityView } from '../../../node/cli/estimate/answer.ts'
import type { EstimateOptions } from '../../../node/cli/estimate/options.ts'
import { requestOf } from '../../../node/cli/estimate/request.ts'

function ask(options: EstimateOptions, instruments?: unknown): Readonly<Record<string, unknown>> {
  return requestOf({ amount: '100', place: 'GB', year: '2024', ...options }, instruments)
}

const usage = { code: 'ERR_CLI_USAGE' }

describe('an estimate from flags', () => {
  it('is the request that the same flags make as JSON', () => {
    const period = { amount: '900', unit: 'kWh', zip: '94110', period: '2022-12-12..2023-01-11' }
    assert.deepEqual(requestOf(period, undefined), {
      commodity: 'electricity',
      place: { country: 'US', zip: '94110' },
      period: { start: '2022-12-12', end: '2023-01-11' },
      energy: { amount: '900', unit: 'kWh' },
    })
    const market = ask({ greenTariff: true, method: 'market', readings: ['2024=60.5'], dataset: 'owid' }, [{ id: 'a' }])
    assert.deepEqual(market, {
      commodity: 'electricity',
      place: { country: 'GB' },
      year: 2024,
      energy: { amount: '100', unit: 'kWh' },
      dataset: 'owid',
      method: 'market',
      readings: [{ year: 2024, kWh: '60.5' }],
      greenTariff: true,
      instruments: [{ id: 'a' }],
    })
  })

  it('names the amount by what it measures', () => {
    const dimension = (options: EstimateOptions): string[] =>
      ['energy', 'volume', 'mass', 'distance'].filter((name) => name in ask(options))
    assert.deepEqual(dimension({ commodity: 'gas', unit: 'therm-us' }), ['energy'])
    assert.deepEqual(dimension({ commodity: 'gas', unit: 'ccf' }), ['volume'])
    assert.deepEqual(dimension({ commodity: 'gas', unit: 'gallons' }), ['volume'], 'for the rules to refuse by name')
    assert.deepEqual(dimension({ commodity: 'gas', unit: 'therms' }), ['energy'])
    assert.deepEqual(dimension({ fuel: 'Diesel', unit: 'litre' }), ['volume'])
    assert.deepEqual(dimension({ fuel: 'Coal', unit: 'short-ton' }), ['mass'])
    assert.deepEqual(dimension({ fuel: 'Coal', unit: 'mt' }), ['mass'])
    assert.deepEqual(dimension({ flight: 'long:economy' }), ['distance'])
    assert.deepEqual(dimension({ commodity: 'heat', unit: 'm3' }), ['energy'])
  })

  it('tells the commodity from the option that names what was burnt or flown', () => {
    assert.deepEqual(ask({ flight: 'long:economy', rf: true, unit: 'mile', passengers: '2' }), {
      commodity: 'flight',
      place: { country: 'GB' },
      year: 2024,
      distance: { amount: '100', unit: 'mile' },
      flight: { haul: 'long', class: 'economy', radiativeForcing: true },
      passengers: 2,
    })
    assert.deepEqual(ask({ flight: 'domestic' })['flight'], { haul: 'domestic', radiativeForcing: false })
    assert.deepEqual(ask({ fuel: 'Diesel', category: 'Fuels', unit: 'litre' })['fuel'], {
      name: 'Diesel',
      category: 'Fuels',
    })
    assert.deepEqual(ask({ travel: 'Average car', variant: 'Petrol' })['travel'], {
      name: 'Average car',
      variant: 'Petrol',
    })
  })

  it('takes the heat content as the bill prints it', () => {
    const gas = { commodity: 'gas', unit: 'm3', volumeCorrection: '1.02264', calorificValue: 'gross' } as const
    for (const heatContent of ['39.5 MJ/m3', '39.5MJ/m3']) {
      const request = ask({ ...gas, heatContent })
      assert.deepEqual(request['heatContent'], { amount: '39.5', unit: 'MJ/m3' })
      assert.equal(request['volumeCorrection'], '1.02264')
    }
  })

  it('refuses what cannot be meant, and says what to give instead', () => {
    const wrong: EstimateOptions[] = [
      { year: undefined as never, period: '2024' },
      { period: '2024-01-01..2024-02-01' },
      { year: '24' },
      { commodity: 'flight' },
      { commodity: 'gas', flight: 'long' },
      { fuel: 'Diesel', travel: 'Taxi', unit: 'km' },
      { fuel: 'Diesel' },
      { rf: true },
      { category: 'Fuels' },
      { fuel: 'Diesel', unit: 'litre', variant: 'x' },
      { readings: ['2024:5'] },
      { heatContent: 'much' },
      { flight: 'long:economy:window' },
      { passengers: '0', flight: 'long' },
    ]
    for (const options of wrong) assert.throws(() => ask(options), usage, JSON.stringify(options))
    assert.throws(() => requestOf({ amount: '1', year: '2024' }, undefined), usage)
  })
})

const plain = { width: 80, bold: (text: string) => text, dim: (text: string) => text }
const factor = {
  dataset: 'Grid',
  version: 'Grid 2022',
  regionType: 'country',
  region: 'DE',
  year: 2022,
  value: '400',
  unit: 'g/kWh',
}
const electricity: ElectricityView = {
  gramsCO2e: '360000',
  exact: '360000/1',
  parts: [{ year: 2022, factor, kWh: '900', vintage: 'exact' }],
  level: 'country',
  foundBy: 'country',
  apportioned: 'one-year',
  flags: ['factor-secondary', 'a-new-flag'],
  upstream: [
    {
      name: 'losses',
      gramsCO2e: '18000',
      exact: '18000/1',
      parts: [{ year: 2022, kWh: '900', factor: { ...factor, value: '20' } }],
    },
  ],
  market: {
    gramsCO2e: '240000',
    exact: '240000/1',
    parts: [
      { year: 2022, kWh: '300', source: 'certificate', instrument: 'GO-1', gramsPerKWh: '0' },
      { year: 2022, kWh: '600', source: 'location', gramsPerKWh: '400' },
    ],
    statements: ['no-residual-mix'],
  },
}

describe('an answer for people', () => {
  it('has both methods one below the other, and what is not in them apart', () => {
    const lines = viewLines(electricity, plain)
    assert.deepEqual(lines.slice(0, 4), [
      'location-based                             360,000 g CO2e  by country DE',
      'market-based                               240,000 g CO2e',
      'beside it, not in the footprint:',
      '  losses in transmission and distribution   18,000 g CO2e',
    ])
    const text = lines.join('\n')
    assert.match(text, /300 kWh x 0 g\/kWh {2}certificate GO-1/)
    assert.match(text, /copied out of the publisher's document/)
    assert.match(text, /note: no residual mix is published here/)
    assert.match(text, /note: a-new-flag/)
    assert.ok(lines.every((line) => line.length <= 80))
  })

  it('states each gas of an activity, and names its item once', () => {
    const item = { category: 'Stationary combustion', group: '', name: 'Wood', detail: '', variant: '' }
    const term = { dataset: 'Hub', version: 'Hub 2025', item, year: 2025, per: 'mmBtu' }
    const answer: ActivityView = {
      gramsCO2e: '11556',
      exact: '57780/5',
      parts: [
        {
          year: 2026,
          amount: '10',
          unit: 'mmBtu',
          vintage: 'fallback',
          terms: [
            { ...term, gas: 'CO2', value: '93.8', mass: 'kg', gwp: '1' },
            { ...term, gas: 'CH4', value: '7.2', mass: 'g', gwp: '28' },
          ],
        },
      ],
      conversions: [
        {
          why: 'definition',
          from: { amount: '100', unit: 'therm-us' },
          by: '1/10',
          to: { amount: '10', unit: 'mmBtu' },
        },
      ],
      flags: [],
      biogenicCO2: { grams: '938000', exact: '938000/1' },
    }
    const text = viewLines(answer, plain).join('\n')
    assert.match(text, /CO2 from biomass, outside the scopes +938,000 g CO2\n/)
    assert.match(text, /10 mmBtu x 93.8 kg CO2\/mmBtu of biomass, outside the footprint/)
    assert.match(text, /10 mmBtu x 7.2 g CH4\/mmBtu x 28/)
    assert.equal(text.match(/Stationary combustion \/ Wood/g)?.length, 1)
    assert.match(text, /for 2026 none is published yet/)
    assert.match(text, /100 therm-us x ~0.1 = 10 mmBtu, by definition/)
  })
})
