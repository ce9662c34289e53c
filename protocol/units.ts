import type { Decimal } from './decimal.ts'
import { divideRationals, makeRational, multiplyRationals, rationalOfDecimal } from './rational.ts'
import type { Rational } from './rational.ts'
import { ValueError } from './value-error.ts'

/** Wh in one of each energy unit, exactly; 1 Wh = 3600 J (SI). */
const WH_PER_UNIT = {
  Wh: makeRational(1n),
  kWh: makeRational(1_000n),
  MWh: makeRational(1_000_000n),
  GWh: makeRational(1_000_000_000n),
  J: makeRational(1n, 3_600n),
  kJ: makeRational(1_000n, 3_600n),
  MJ: makeRational(1_000_000n, 3_600n),
  GJ: makeRational(1_000_000_000n, 3_600n),
} as const

/** Unit of energy; case matters (SI). */
export type EnergyUnit = keyof typeof WH_PER_UNIT

/** An amount of energy as a source printed it. */
export type Quantity = { readonly value: Decimal; readonly unit: EnergyUnit }

/** Spellings with more than one meaning, lower case: metric ton or megaton, milli or mega, US or EC therm. */
const AMBIGUOUS_UNITS: ReadonlySet<string> = new Set([
  'mt',
  'mwh',
  'gwh',
  'mj',
  'gj',
  'therm',
  'thm',
  'btu',
  'ton',
  't',
])

/** Units of emission factors, each with g CO2e per kWh of 1 unit: 1 lb = 453.59237 g (exact, 1959), 1 MWh = 1000 kWh. */
const GRAMS_PER_KWH_OF_FACTOR_UNIT = {
  'g/kWh': makeRational(1n),
  'kg/kWh': makeRational(1_000n),
  'lb/MWh': makeRational(45_359_237n, 100_000_000n),
} as const

/** Unit of an emission factor. */
export type FactorUnit = keyof typeof GRAMS_PER_KWH_OF_FACTOR_UNIT

/** The energy units, in order of size within their system. */
export const ENERGY_UNITS: readonly EnergyUnit[] = ['Wh', 'kWh', 'MWh', 'GWh', 'J', 'kJ', 'MJ', 'GJ']

/**
 * The energy unit that a text names, exactly as SI spells it: `MWh` is a million Wh, and `mWh` is refused.
 *
 * @throws {ValueError} ERR_VALUE_UNIT_AMBIGUOUS when the spelling has several meanings, else ERR_VALUE_UNIT.
 */
export function parseEnergyUnit(text: string): EnergyUnit {
  const unit = ENERGY_UNITS.find((known) => known === text)
  if (unit !== undefined) return unit
  const found = text.slice(0, 32)
  if (AMBIGUOUS_UNITS.has(text.toLowerCase())) {
    const message = `unit ${JSON.stringify(found)} has more than one meaning; use one of ${ENERGY_UNITS.join(', ')}`
    throw new ValueError(message, { code: 'ERR_VALUE_UNIT_AMBIGUOUS', found })
  }
  const message = `unknown unit of energy ${JSON.stringify(found)}; use one of ${ENERGY_UNITS.join(', ')}`
  throw new ValueError(message, { code: 'ERR_VALUE_UNIT', found })
}

/** Wh of a quantity, exactly. */
export function toWh(quantity: Quantity): Rational {
  return multiplyRationals(rationalOfDecimal(quantity.value), WH_PER_UNIT[quantity.unit])
}

/** kWh of a quantity, exactly. */
export function toKWh(quantity: Quantity): Rational {
  return divideRationals(toWh(quantity), WH_PER_UNIT.kWh)
}

/** Grams of CO2e per kWh of a factor that is published in `unit`, exactly. */
export function toGramsPerKWh(value: Decimal, unit: FactorUnit): Rational {
  return multiplyRationals(rationalOfDecimal(value), GRAMS_PER_KWH_OF_FACTOR_UNIT[unit])
}
