import { makeRational, multiplyRationals, toDistance, toEnergy, toMass, toVolume } from '#protocol'
import type { Conversion, DistanceUnit, EnergyUnit, MassUnit, Rational, VolumeUnit } from '#protocol'

/** An amount in some unit, with the steps that led to it; all exact. */
export type Measured<U extends string = string> = {
  readonly amount: Rational
  readonly unit: U
  readonly conversions: readonly Conversion[]
}

const ONE = { u: 1n, e: 0 }
const TENTH = makeRational(1n, 10n)

/** One step further: the amount times `by` is an amount in `unit`. */
export function convert<U extends string>(
  from: Measured,
  step: { readonly why: Conversion['why']; readonly by: Rational; readonly unit: U },
): Measured<U> {
  const to = { amount: multiplyRationals(from.amount, step.by), unit: step.unit }
  const conversion = { why: step.why, from: { amount: from.amount, unit: from.unit }, by: step.by, to }
  return { ...to, conversions: [...from.conversions, conversion] }
}

/**
 * Energy in another unit. A US therm is a tenth of a million Btu by count of Btu, both at 59 F; other units go by the
 * Btu of the International Table.
 */
export function convertEnergy<U extends EnergyUnit>(from: Measured<EnergyUnit>, unit: U): Measured<U> {
  const isCount = from.unit === 'therm-us' && unit === 'mmBtu'
  return define(from, unit, isCount ? TENTH : toEnergy({ value: ONE, unit: from.unit }, unit))
}

/** A volume in another unit. */
export function convertVolume<U extends VolumeUnit>(from: Measured<VolumeUnit>, unit: U): Measured<U> {
  return define(from, unit, toVolume({ value: ONE, unit: from.unit }, unit))
}

/** A mass in another unit. */
export function convertMass<U extends MassUnit>(from: Measured<MassUnit>, unit: U): Measured<U> {
  return define(from, unit, toMass({ value: ONE, unit: from.unit }, unit))
}

/** A distance in another unit. */
export function convertDistance<U extends DistanceUnit>(from: Measured<DistanceUnit>, unit: U): Measured<U> {
  return define(from, unit, toDistance({ value: ONE, unit: from.unit }, unit))
}

function define<U extends string>(from: Measured, unit: U, by: Rational): Measured<U> {
  // No step where nothing changes: a kWh is a kWh.
  return from.unit === unit ? { ...from, unit } : convert(from, { why: 'definition', by, unit })
}
