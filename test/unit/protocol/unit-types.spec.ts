import assert from 'node:assert/strict'
import { parseDecimal, toDistance, toEnergy, toGramsPerKWh, toKWh, toMass, toVolume, toWh } from '#protocol'
import type { Distance, EnergyUnit, Factor, FactorUnit, Mass, MassUnit, Quantity, Volume } from '#protocol'

const value = parseDecimal('1')
const energy: Quantity = { value, unit: 'kWh' }
const mass: Mass = { value, unit: 'kg' }
const volume: Volume = { value, unit: 'm3' }
const distance: Distance = { value, unit: 'km' }

/**
 * Never called: the compiler is the test. Each marked line must be an error, and `tsc` reports a mark without one, so
 * that types which became too wide fail `npm run check:types`.
 */
function mixDimensions(factor: Factor): unknown[] {
  // @ts-expect-error a mass is not an energy
  const asEnergy: Quantity = mass
  // @ts-expect-error a volume is not a mass
  const asMass: Mass = volume
  // @ts-expect-error a mass is not a volume
  const asVolume: Volume = mass
  // @ts-expect-error an energy is not a distance
  const asDistance: Distance = energy
  // @ts-expect-error litres are no unit of mass
  const litres: Mass = { value, unit: 'litre' }
  // @ts-expect-error a ton must say which
  const ton: Mass = { value, unit: 'ton' }
  // @ts-expect-error a gallon must say which
  const gallon: Volume = { value, unit: 'gallon' }
  // @ts-expect-error a therm must say which
  const therm: Quantity = { value, unit: 'therm' }
  // @ts-expect-error milliwatt hours are not megawatt hours
  const milli: EnergyUnit = 'mWh'
  // @ts-expect-error metric ton or megaton
  const megaton: MassUnit = 'mt'
  // @ts-expect-error a unit of mass is not one of a factor
  const perNothing: FactorUnit = 'kg'
  // @ts-expect-error an amount is a decimal, never a binary number
  const binary: Quantity = { value: 1.5, unit: 'kWh' }
  // @ts-expect-error an amount is a decimal, not an unread text
  const unread: Quantity = { value: '1.5', unit: 'kWh' }
  return [
    [asEnergy, asMass, asVolume, asDistance, litres, ton, gallon, therm, milli, megaton, perNothing, binary, unread],
    // @ts-expect-error only energy has kWh
    toKWh(volume),
    // @ts-expect-error only energy has Wh
    toWh(distance),
    // @ts-expect-error energy has no kilograms: that takes a factor
    toEnergy(energy, 'kg'),
    // @ts-expect-error a mass has no litres: that takes a density
    toMass(mass, 'litre'),
    // @ts-expect-error a volume has no kWh: that takes a heat content
    toVolume(volume, 'kWh'),
    // @ts-expect-error a distance has no litres
    toDistance(distance, 'litre'),
    // @ts-expect-error an energy is no volume
    toVolume(energy, 'm3'),
    // @ts-expect-error pounds per what?
    toGramsPerKWh(value, 'lb'),
    // @ts-expect-error the published figure is a text and must be read first
    toGramsPerKWh(factor.value, factor.unit),
    // The right ones, so that the marks above are not about something else.
    toKWh(energy),
    toMass(mass, 'lb'),
    toVolume(volume, 'scf'),
    toDistance(distance, 'mile'),
    toGramsPerKWh(parseDecimal(factor.value), factor.unit),
  ]
}

describe('dimensions', () => {
  it('cannot be mixed: the compiler checks this file', () => {
    assert.equal(mixDimensions.length, 1)
  })
})
