import assert from 'node:assert/strict'
import { ENERGY_UNITS, formatRational, parseDecimal, parseEnergyUnit, toGramsPerKWh, toKWh, toWh } from '#protocol'

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

  it('take a pound for 453.59237 g, neither 453.6 nor 500', () => {
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('1000'), 'lb/MWh')), '45359237/100000')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('0.7'), 'kg/kWh')), '700/1')
    assert.equal(formatRational(toGramsPerKWh(parseDecimal('705.75'), 'g/kWh')), '2823/4')
  })

  it('are known by their exact spelling', () => {
    for (const unit of ENERGY_UNITS) assert.equal(parseEnergyUnit(unit), unit)
    for (const text of ['mt', 'MT', 'mWh', 'therm', 'mj']) {
      assert.throws(() => parseEnergyUnit(text), { code: 'ERR_VALUE_UNIT_AMBIGUOUS' }, text)
    }
    for (const text of ['', 'kW', 'kwh', 'KWH', 'kWh ', 'toString', '__proto__', 'm3']) {
      assert.throws(() => parseEnergyUnit(text), { code: 'ERR_VALUE_UNIT' }, text)
    }
  })
})
