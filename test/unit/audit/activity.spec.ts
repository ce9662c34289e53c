import assert from 'node:assert/strict'
import { computeActivity } from '#audit'
import type { Activity, ActivityInput } from '#audit'
import { formatRational, parseDecimal } from '#protocol'
import type { ActivityDerivation } from '#protocol'
import { published as source } from './fixed-factors-published.ts'

type Options = { readonly dataset?: string; readonly service?: { readonly start: string; readonly end: string } }

function compute(activity: Activity, country: string, year: number, options: Options = {}): ActivityDerivation {
  const { dataset, service } = options
  const when = service === undefined ? { year } : { service }
  const input: ActivityInput = { ...when, place: { country }, activity, source }
  return computeActivity(dataset === undefined ? input : { ...input, dataset })
}

function amount<U extends string>(value: string, unit: U): { value: ReturnType<typeof parseDecimal>; unit: U } {
  return { value: parseDecimal(value), unit }
}

function stepsOf({ conversions }: ActivityDerivation): string[] {
  return conversions.map(({ why, by, to }) => `${why} x ${formatRational(by)} = ${to.unit}`)
}

describe('gas', () => {
  const therms = (unit: 'therm-ec' | 'therm-us'): Activity => ({ commodity: 'gas', energy: amount('100', unit) })

  it('by energy takes the figure per gross kWh in Great Britain, with the way to the tank beside it', () => {
    const { gramsCO2e, unit, conversions, wellToTank } = compute(
      { commodity: 'gas', energy: amount('1000', 'kWh') },
      'GB',
      2019,
    )
    assert.deepEqual([gramsCO2e, unit, conversions], [183_850n, 'kWh-gross', []])
    assert.equal(wellToTank?.gramsCO2e, 23_910n)
  })

  it('takes the wording of each year’s edition', () => {
    const service = { start: '2021-12-31', end: '2022-01-02' }
    const { parts, wellToTank } = compute({ commodity: 'gas', energy: amount('2', 'kWh') }, 'GB', 0, { service })
    assert.deepEqual(
      parts.map(({ year, terms, vintage }) => [year, terms[0]?.factor.item.variant, terms[0]?.factor.value, vintage]),
      [
        [2021, 'Energy - Gross CV', '0.18385', 'fallback'],
        [2022, '', '0.18254', 'exact'],
      ],
    )
    // 23.91 + 31.1
    assert.equal(formatRational(wellToTank?.exact ?? { n: 0n, d: 1n }), '5501/100')
  })

  it('sums the gases with their potentials where no CO2e is published', () => {
    const { parts, gramsCO2e } = compute(therms('therm-us'), 'US', 2025)
    assert.deepEqual(
      parts[0]?.terms.map(({ factor, gwp }) => [factor.gas, factor.value, factor.mass, gwp]),
      [
        ['CO2', '53.06', 'kg', '1'],
        ['CH4', '1', 'g', '28'],
        ['N2O', '0.1', 'g', '265'],
      ],
    )
    // 10 x (53060 + 28 + 26.5)
    assert.equal(gramsCO2e, 531_145n)
  })

  it('counts a US therm by its Btu in the US and by its joules elsewhere; the other therm is longer', () => {
    assert.deepEqual(stepsOf(compute(therms('therm-us'), 'US', 2025)), ['definition x 1/10 = mmBtu'])
    assert.deepEqual(stepsOf(compute(therms('therm-ec'), 'US', 2025)), ['definition x 1/10 = mmBtu'])
    assert.deepEqual(stepsOf(compute(therms('therm-us'), 'GB', 2019)), ['definition x 263701/9000 = kWh'])
    assert.equal(compute(therms('therm-us'), 'GB', 2019).gramsCO2e, 538_683n)
    assert.equal(compute(therms('therm-ec'), 'GB', 2019).gramsCO2e, 538_811n)
  })

  it('by volume needs the heat content of the bill, and takes every step of the bill', () => {
    const volume = amount('100', 'ccf')
    assert.throws(() => compute({ commodity: 'gas', volume }, 'US', 2025), { code: 'ERR_HEAT_CONTENT_MISSING' })
    const heatContent = { value: parseDecimal('1.026'), energy: 'therm-us', per: 'ccf' } as const
    const us = compute({ commodity: 'gas', volume, heatContent }, 'US', 2025)
    assert.deepEqual(stepsOf(us), ['heat-content x 513/500 = therm-us', 'definition x 1/10 = mmBtu'])
    assert.equal(formatRational(us.amount), '513/50')
    const metric = { value: parseDecimal('39.3'), energy: 'MJ', per: 'm3' } as const
    const volumeCorrection = parseDecimal('1.02264')
    const gb = compute(
      { commodity: 'gas', volume: amount('100', 'm3'), heatContent: metric, volumeCorrection },
      'GB',
      2019,
    )
    assert.deepEqual(stepsOf(gb), [
      'volume-correction x 12783/12500 = m3',
      'heat-content x 393/10 = MJ',
      'definition x 5/18 = kWh',
    ])
    // 100 x 1.02264 x 39.3 / 3.6 x 0.18385
    assert.equal(gb.gramsCO2e, 205_247n)
  })

  it('has no figure per net kWh in the US', () => {
    const activity: Activity = { commodity: 'gas', energy: amount('1', 'kWh'), calorificValue: 'net' }
    assert.throws(() => compute(activity, 'US', 2025), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })

  it('is never of a later edition, nor of another country’s set unless that is named', () => {
    const activity: Activity = { commodity: 'gas', energy: amount('1', 'kWh') }
    assert.throws(() => compute(activity, 'US', 2024), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
    assert.throws(() => compute(activity, 'DE', 2024), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
    assert.equal(compute(activity, 'DE', 2024, { dataset: 'uk-activities' }).country, 'DE')
    assert.throws(() => compute(activity, 'DE', 2024, { dataset: 'iea' }), { code: 'ERR_FACTOR_DATASET_UNKNOWN' })
    assert.throws(() => compute(activity, 'DE', 2024, { dataset: 'owid' }), { code: 'ERR_ACTIVITY_UNKNOWN' })
  })

  it('is of one edition alone when that is named', () => {
    const activity: Activity = { commodity: 'gas', energy: amount('1000', 'kWh') }
    assert.equal(compute(activity, 'GB', 2022, { dataset: '2019 set' }).gramsCO2e, 183_850n)
    assert.equal(compute(activity, 'GB', 2022).gramsCO2e, 182_540n)
    assert.throws(() => compute(activity, 'GB', 2019, { dataset: '2022 set' }), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })

  it('is never negative', () => {
    assert.throws(() => compute({ commodity: 'gas', energy: amount('-1', 'kWh') }, 'GB', 2019), {
      code: 'ERR_ENERGY_NEGATIVE',
    })
  })
})

describe('heat', () => {
  it('takes district heat in Great Britain and steam in the US', () => {
    const heat: Activity = { commodity: 'heat', energy: amount('3.6', 'GJ') }
    const gb = compute(heat, 'GB', 2018)
    assert.deepEqual([gb.gramsCO2e, gb.wellToTank?.gramsCO2e], [187_460n, 27_090n])
    const us = compute({ commodity: 'heat', energy: amount('1', 'mmBtu') }, 'US', 2025)
    // 66330 + 28 x 1.25 + 265 x 0.125 = 66398.125
    assert.deepEqual([us.gramsCO2e, us.wellToTank], [66_398n, undefined])
  })
})

describe('fuel', () => {
  const fuel = (name: string, category?: string): Activity => ({
    commodity: 'fuel',
    fuel: { name, ...(category === undefined ? {} : { category }) },
    volume: amount('10', 'gallon-us'),
  })

  it('is found by its name in any case, per litre or per tonne as it was measured', () => {
    const litres = compute({ commodity: 'fuel', fuel: { name: 'propane' }, volume: amount('100', 'litre') }, 'GB', 2022)
    assert.deepEqual([litres.gramsCO2e, litres.unit], [154_354n, 'litre'])
    const mass = compute({ commodity: 'fuel', fuel: { name: 'Propane' }, mass: amount('500', 'kg') }, 'GB', 2022)
    assert.deepEqual([mass.gramsCO2e, mass.unit], [1_498_775n, 'tonne'])
  })

  it('is refused where several categories have it, and they are listed', () => {
    assert.throws(
      () => compute(fuel('Motor Gasoline'), 'US', 2025),
      (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, 'ERR_ACTIVITY_AMBIGUOUS')
        assert.match(thrown.message, /Stationary combustion: Petroleum Products.*Mobile combustion CO2/)
        return true
      },
    )
    const stationary = compute(fuel('Motor Gasoline', 'Stationary combustion: Petroleum Products'), 'US', 2025)
    // 10 x (8780 + 28 x 0.38 + 265 x 0.08)
    assert.deepEqual([stationary.gramsCO2e, stationary.flags], [88_118n, []])
  })

  it('says so where the publisher has CO2 alone', () => {
    const { gramsCO2e, flags } = compute(fuel('Motor Gasoline', 'mobile combustion CO2'), 'US', 2025)
    assert.deepEqual([gramsCO2e, flags], [87_800n, ['co2-only']])
  })

  it('has the CO2 of biomass outside the footprint', () => {
    const stationary = compute(fuel('Ethanol (100%)', 'Stationary combustion: Biomass Fuels - Liquid'), 'US', 2025)
    // CH4 and N2O: 10 x (28 x 0.09 + 265 x 0.01) = 51.7; CO2: 10 x 5750
    assert.deepEqual([stationary.gramsCO2e, stationary.biogenicCO2?.grams], [52n, 57_500n])
    const mobile = compute(fuel('Ethanol (100%)', 'Mobile combustion CO2'), 'US', 2025)
    assert.deepEqual([mobile.gramsCO2e, mobile.biogenicCO2?.grams], [0n, 57_500n])
    assert.equal(compute({ commodity: 'gas', energy: amount('1', 'kWh') }, 'US', 2025).biogenicCO2, undefined)
  })

  it('is refused when no item has the name, or none a figure per such a unit', () => {
    assert.throws(() => compute(fuel('Unobtainium'), 'US', 2025), { code: 'ERR_ACTIVITY_UNKNOWN' })
    const byEnergy: Activity = { commodity: 'fuel', fuel: { name: 'Propane' }, energy: amount('1', 'kWh') }
    assert.throws(() => compute(byEnergy, 'GB', 2022), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })
})

describe('flights', () => {
  const flight = (
    more: { class?: string; radiativeForcing?: boolean; haul?: string },
    passengers?: number,
  ): Activity => ({
    commodity: 'flight',
    flight: { haul: 'short', ...more },
    distance: amount('1000', 'km'),
    ...(passengers === undefined ? {} : { passengers }),
  })

  it('count with and without radiative forcing, per passenger', () => {
    const economy = flight({ class: 'economy', radiativeForcing: true }, 2)
    const { gramsCO2e, unit, conversions, wellToTank } = compute(economy, 'GB', 2018)
    assert.deepEqual([gramsCO2e, unit, wellToTank?.gramsCO2e], [319_400n, 'passenger-km', 35_000n])
    assert.deepEqual(
      conversions.map(({ why }) => why),
      ['passengers'],
    )
    assert.equal(compute(flight({ class: 'Economy class', radiativeForcing: false }), 'GB', 2018).gramsCO2e, 84_430n)
    const words = flight({ haul: 'Short-haul, to/from UK', class: 'business', radiativeForcing: false })
    assert.equal(compute(words, 'GB', 2018).gramsCO2e, 126_650n)
  })

  it('are refused until class and radiative forcing are chosen', () => {
    for (const chosen of [{}, { class: 'economy' }, { radiativeForcing: false }]) {
      assert.throws(() => compute(flight(chosen), 'GB', 2018), { code: 'ERR_ACTIVITY_AMBIGUOUS' })
    }
  })

  it('of the EPA have neither classes nor radiative forcing', () => {
    const { gramsCO2e, conversions } = compute(flight({ radiativeForcing: false, class: 'average' }), 'US', 2025)
    assert.deepEqual(
      conversions.map(({ why, to }) => `${why} ${to.unit}`),
      ['definition mile', 'passengers passenger-mile'],
    )
    // 1000 / 1.609344 x (207 + 28 x 0.0064 + 265 x 0.0066)
    assert.equal(gramsCO2e, 129_822n)
    for (const chosen of [{ radiativeForcing: true }, { class: 'economy' }, { haul: 'domestic' }]) {
      assert.throws(() => compute(flight(chosen), 'US', 2025), { code: 'ERR_ACTIVITY_UNKNOWN' })
    }
  })
})

describe('travel', () => {
  const car = (unit: 'km' | 'mile', category = 'Business travel- land'): Activity => ({
    commodity: 'travel',
    travel: { name: 'average car', variant: 'petrol', category },
    distance: amount('100', unit),
  })

  it('takes the publisher’s own figure per kilometre or per mile', () => {
    assert.equal(compute(car('km'), 'GB', 2019).gramsCO2e, 18_084n)
    assert.equal(compute(car('mile'), 'GB', 2019).gramsCO2e, 29_103n)
    assert.equal(compute(car('mile', 'Passenger vehicles'), 'GB', 2019).unit, 'km')
  })

  it('is never the way to the tank, and is refused when several items are meant', () => {
    assert.equal(compute(car('km'), 'GB', 2019).wellToTank, undefined)
    const any: Activity = { commodity: 'travel', travel: { name: 'Average car' }, distance: amount('1', 'km') }
    assert.throws(() => compute(any, 'GB', 2019), { code: 'ERR_ACTIVITY_AMBIGUOUS' })
    assert.throws(() => compute(car('km', 'WTT- pass vehs & travel- land'), 'GB', 2019), {
      code: 'ERR_ACTIVITY_UNKNOWN',
    })
  })

  it('does not count passengers of a vehicle', () => {
    const us: Activity = { commodity: 'travel', travel: { name: 'Passenger Car' }, distance: amount('10', 'mile') }
    assert.equal(compute(us, 'US', 2025).unit, 'vehicle-mile')
    assert.throws(() => compute({ ...us, passengers: 2 }, 'US', 2025), { code: 'ERR_FACTOR_NOT_AVAILABLE' })
  })
})
