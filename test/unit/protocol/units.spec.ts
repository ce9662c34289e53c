import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import {
  DISTANCE_UNITS,
  divideRationals,
  ENERGY_UNITS,
  FUEL_ENERGY_UNITS,
  formatRational,
  makeDecimal,
  makeRational,
  MASS_UNITS,
  parseDecimal,
  parseDistanceUnit,
  parseEnergyUnit,
  parseFuelEnergyUnit,
  parseMassUnit,
  parseRational,
  parseVolumeUnit,
  rationalOfDecimal,
  toDistance,
  toEnergy,
  toGramsPerKWh,
  toKWh,
  toMass,
  toVolume,
  toWh,
  VOLUME_UNITS,
} from '#protocol'
import type { DistanceUnit, EnergyUnit, MassUnit, Rational, VolumeUnit } from '#protocol'

const ONE = parseDecimal('1')
const energy = (unit: EnergyUnit, to: EnergyUnit): Rational => toEnergy({ value: ONE, unit }, to)
const mass = (unit: MassUnit, to: MassUnit): Rational => toMass({ value: ONE, unit }, to)
const volume = (unit: VolumeUnit, to: VolumeUnit): Rational => toVolume({ value: ONE, unit }, to)
const distance = (unit: DistanceUnit, to: DistanceUnit): Rational => toDistance({ value: ONE, unit }, to)
const times = (value: Rational, count: bigint): Rational => divideRationals(value, makeRational(1n, count))
const part = (value: Rational, count: bigint): Rational => divideRationals(value, makeRational(count))

/** Constants by their definition: the exact decimal, or the exact fraction where decimals do not end; and ours. */
const CONSTANTS: Readonly<Record<string, { readonly exact: string; readonly ours: Rational }>> = {
  'g per lb': { exact: '453.59237', ours: mass('lb', 'g') },
  'kg per short ton (US ton)': { exact: '907.18474', ours: mass('short-ton', 'kg') },
  'kg per long ton (imperial)': { exact: '1016.0469088', ours: mass('long-ton', 'kg') },
  'kg per metric ton': { exact: '1000', ours: mass('tonne', 'kg') },
  'J per Btu (IT)': { exact: '1055.05585262', ours: part(energy('mmBtu', 'J'), 1_000_000n) },
  'J per Btu (59F)': { exact: '1054.804', ours: part(energy('therm-us', 'J'), 100_000n) },
  'Btu per therm': { exact: '100000', ours: times(energy('therm-ec', 'mmBtu'), 1_000_000n) },
  'J per therm (EC/IT)': { exact: '105505585.262', ours: energy('therm-ec', 'J') },
  'J per therm (US)': { exact: '105480400', ours: energy('therm-us', 'J') },
  'kWh per therm (EC/IT)': { exact: '52752792631/1800000000', ours: energy('therm-ec', 'kWh') },
  'kWh per therm (US)': { exact: '263701/9000', ours: energy('therm-us', 'kWh') },
  'mmBtu per therm': { exact: '0.1', ours: energy('therm-ec', 'mmBtu') },
  'kWh per mmBtu (IT)': { exact: '52752792631/180000000', ours: energy('mmBtu', 'kWh') },
  'MJ per kWh': { exact: '3.6', ours: energy('kWh', 'MJ') },
  'kWh per MWh': { exact: '1000', ours: energy('MWh', 'kWh') },
  'kWh per GWh': { exact: '1000000', ours: energy('GWh', 'kWh') },
  'kWh per GJ': { exact: '2500/9', ours: energy('GJ', 'kWh') },
  'km per mile': { exact: '1.609344', ours: distance('mile', 'km') },
  'litres per US gallon': { exact: '3.785411784', ours: volume('gallon-us', 'litre') },
  'litres per imperial gallon': { exact: '4.54609', ours: volume('gallon-imperial', 'litre') },
  'm3 per scf': { exact: '0.028316846592', ours: volume('scf', 'm3') },
  'scf per ccf': { exact: '100', ours: volume('ccf', 'scf') },
}

/** Figures of the collected table that its publisher rounded: ours must differ. */
const ROUNDED: Readonly<Record<string, Rational>> = {
  'EPA eGRID metric workbook lb->kg': mass('lb', 'kg'),
  'EPA eGRID metric workbook short ton->t': mass('short-ton', 'tonne'),
}

function exactOf(text: string): Rational {
  return text.includes('/') ? parseRational(text) : rationalOfDecimal(parseDecimal(text))
}

/** A fraction cut or rounded to 16 or fewer places, as tables print it, is this near to it. */
function isNear(printed: string, exact: Rational): boolean {
  const places = printed.split('.')[1]?.length ?? 0
  const { n, d } = rationalOfDecimal(parseDecimal(printed))
  const difference = n * exact.d - exact.n * d
  return (difference < 0n ? -difference : difference) * 10n ** BigInt(places) <= exact.d * d
}

const parsers = { parseEnergyUnit, parseFuelEnergyUnit, parseMassUnit, parseVolumeUnit, parseDistanceUnit }

describe('units', () => {
  it('convert energy exactly', () => {
    const kWh = (amount: string, unit: string): string =>
      formatRational(toKWh({ value: parseDecimal(amount), unit: parseEnergyUnit(unit) }))
    assert.equal(kWh('1', 'MWh'), '1000/1')
    assert.equal(kWh('1', 'GWh'), '1000000/1')
    assert.equal(kWh('1', 'Wh'), '1/1000')
    assert.equal(kWh('3600', 'kJ'), '1/1')
    assert.equal(kWh('3.6', 'MJ'), '1/1')
    assert.equal(kWh('1', 'GJ'), '2500/9')
    assert.equal(kWh('1', 'J'), '1/3600000')
    assert.equal(formatRational(toWh({ value: parseDecimal('0.001'), unit: 'kWh' })), '1/1')
  })

  it('have exactly the size that defines them', () => {
    for (const [name, { exact, ours }] of Object.entries(CONSTANTS)) assert.deepEqual(ours, exactOf(exact), name)
    assert.deepEqual(volume('mcf', 'ccf'), makeRational(10n))
    assert.deepEqual(volume('m3', 'litre'), makeRational(1_000n))
  })

  it('equal every constant of ../shared/datasets/units.csv (skipped where that table is not there)', function () {
    const text = readTable()
    if (text === undefined) return this.skip()
    const rows: { quantity: string; value: string; kind: string }[] = parse(text, { columns: true, bom: true })
    const checked = rows.map(({ quantity, value, kind }) => {
      const rounded = ROUNDED[quantity]
      if (rounded !== undefined) {
        assert.notDeepEqual(rounded, exactOf(value), quantity)
        return quantity
      }
      const constant = CONSTANTS[quantity]
      assert.ok(constant, `${quantity} has no counterpart`)
      const fraction = /(?:^| )=?(\d+\/\d+)$/.exec(kind)?.[1]
      if (fraction === undefined) assert.deepEqual(constant.ours, exactOf(value), quantity)
      else assert.deepEqual(constant.ours, exactOf(fraction), quantity)
      assert.ok(isNear(value, constant.ours), quantity)
      return quantity
    })
    assert.deepEqual(checked.toSorted(), [...Object.keys(CONSTANTS), ...Object.keys(ROUNDED)].toSorted())
    return undefined
  })

  it('take a pound for 453.59237 g, neither 453.6 nor 500', () => {
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('1000'), 'lb/MWh')), '45359237/100000')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('0.7'), 'kg/kWh')), '700/1')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('705.75'), 'g/kWh')), '2823/4')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('0.7117'), 't/MWh')), '7117/10')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('0.0003'), 't/kWh')), '300/1')
  })

  it('lose nothing on the way to another unit and back', () => {
    const decimals = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.integer({ min: -12, max: 6 }))
    const units = fc.constantFrom(...FUEL_ENERGY_UNITS)
    fc.assert(
      fc.property(decimals, units, units, ([u, e], from, to) => {
        const value = makeDecimal(u, e)
        const there = toEnergy({ value, unit: from }, to)
        const back = divideRationals(there, energy(from, to))
        assert.deepEqual(back, rationalOfDecimal(value))
      }),
    )
  })

  it('are known by their exact spelling', () => {
    for (const unit of ENERGY_UNITS) assert.equal(parseEnergyUnit(unit), unit)
    for (const unit of FUEL_ENERGY_UNITS) assert.equal(parseFuelEnergyUnit(unit), unit)
    for (const unit of MASS_UNITS) assert.equal(parseMassUnit(unit), unit)
    for (const unit of VOLUME_UNITS) assert.equal(parseVolumeUnit(unit), unit)
    for (const unit of DISTANCE_UNITS) assert.equal(parseDistanceUnit(unit), unit)
    for (const [name, parseUnit] of Object.entries(parsers)) {
      for (const text of ['', 'kW', 'kwh', 'KWH', 'kWh ', 'toString', '__proto__', 'constructor', 'M3', 'Lb', 'KM']) {
        assert.throws(() => parseUnit(text), { code: 'ERR_VALUE_UNIT' }, `${name} ${text}`)
      }
    }
  })

  it('with more than one meaning are refused, whatever they would measure', () => {
    const spellings = ['mt', 'MT', 'Mt', 't', 'T', 'ton', 'tons', 'Tons', 'gallon', 'gal', 'Gallons', 'therm', 'Therms']
    for (const text of [...spellings, 'thm', 'MMBtu', 'MMBTU', 'MBtu', 'Btu', 'cf', 'CF', 'mWh', 'MWH', 'mj']) {
      for (const [name, parseUnit] of Object.entries(parsers)) {
        assert.throws(() => parseUnit(text), { code: 'ERR_VALUE_UNIT_AMBIGUOUS' }, `${name} ${text}`)
      }
    }
  })

  it('of one dimension are not those of another', () => {
    const dimensions = [
      [parseFuelEnergyUnit, FUEL_ENERGY_UNITS],
      [parseMassUnit, MASS_UNITS],
      [parseVolumeUnit, VOLUME_UNITS],
      [parseDistanceUnit, DISTANCE_UNITS],
    ] as const
    for (const [parseUnit, own] of dimensions) {
      for (const [, others] of dimensions) {
        if (others === own) continue
        for (const unit of others) {
          assert.throws(() => parseUnit(unit), { name: 'ValueError' }, `${parseUnit.name} ${unit}`)
        }
      }
    }
    assert.throws(() => parseEnergyUnit('therm-us'), { code: 'ERR_VALUE_UNIT' }, 'electricity is not billed in therms')
  })
})

function readTable(): string | undefined {
  try {
    return readFileSync(new URL('../../../../shared/datasets/units.csv', import.meta.url), 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}
