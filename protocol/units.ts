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
  /** A million Btu of the International Table, 1055.05585262 J each (exact, 1956). */
  mmBtu: makeRational(105_505_585_262n, 360_000n),
  /** US therm: 100,000 Btu at 59 F, 105480400 J (exact, 1968). */
  'therm-us': makeRational(105_480_400n, 3_600n),
  /** Therm of the UK and the EC: 100,000 Btu of the International Table, 105505585.262 J (exact). */
  'therm-ec': makeRational(105_505_585_262n, 3_600_000n),
} as const

/** Unit of energy; case matters (SI). */
export type EnergyUnit = keyof typeof WH_PER_UNIT

/** An amount of energy as a source printed it. */
export type Quantity = { readonly value: Decimal; readonly unit: EnergyUnit }

/** Grams in one of each unit of mass, exactly: 1 lb = 453.59237 g (1959), a short ton has 2000 lb. */
const GRAMS_PER_UNIT = {
  g: makeRational(1n),
  kg: makeRational(1_000n),
  tonne: makeRational(1_000_000n),
  lb: makeRational(45_359_237n, 100_000n),
  'short-ton': makeRational(90_718_474n, 100n),
  'long-ton': makeRational(10_160_469_088n, 10_000n),
} as const

/** Unit of mass. */
export type MassUnit = keyof typeof GRAMS_PER_UNIT

/** An amount of mass. */
export type Mass = { readonly value: Decimal; readonly unit: MassUnit }

/** Litres in one of each unit of volume, exactly; a cubic foot is 0.3048^3 m3. */
const LITRES_PER_UNIT = {
  litre: makeRational(1n),
  m3: makeRational(1_000n),
  scf: makeRational(28_316_846_592n, 1_000_000_000n),
  /** A hundred cubic feet. */
  ccf: makeRational(28_316_846_592n, 10_000_000n),
  /** A thousand cubic feet. */
  mcf: makeRational(28_316_846_592n, 1_000_000n),
  'gallon-us': makeRational(3_785_411_784n, 1_000_000_000n),
  'gallon-imperial': makeRational(454_609n, 100_000n),
} as const

/** Unit of volume. */
export type VolumeUnit = keyof typeof LITRES_PER_UNIT

/** An amount of volume. */
export type Volume = { readonly value: Decimal; readonly unit: VolumeUnit }

/** What a meter counts: energy, or a volume of gas or water. */
export type Metered = Quantity | Volume

/** True if an amount is energy and not a volume. */
export function isEnergy(amount: Metered): amount is Quantity {
  return amount.unit in WH_PER_UNIT
}

/** Kilometres in one of each unit of distance, exactly; a mile is 1609.344 m (1959). */
const KM_PER_UNIT = { km: makeRational(1n), mile: makeRational(1_609_344n, 1_000_000n) } as const

/** Unit of distance. */
export type DistanceUnit = keyof typeof KM_PER_UNIT

/** An amount of distance. */
export type Distance = { readonly value: Decimal; readonly unit: DistanceUnit }

/** Units of emission factors, each with g CO2e per kWh of 1 unit: 1 lb = 453.59237 g (exact, 1959), 1 MWh = 1000 kWh. */
const GRAMS_PER_KWH_OF_FACTOR_UNIT = {
  'g/kWh': makeRational(1n),
  'kg/kWh': makeRational(1_000n),
  'lb/MWh': makeRational(45_359_237n, 100_000_000n),
  't/MWh': makeRational(1_000n),
  't/kWh': makeRational(1_000_000n),
} as const

/** Unit of an emission factor of electricity. */
export type FactorUnit = keyof typeof GRAMS_PER_KWH_OF_FACTOR_UNIT

/** The units of emission factors of electricity. */
export const FACTOR_UNITS = Object.keys(GRAMS_PER_KWH_OF_FACTOR_UNIT) as readonly FactorUnit[]

/**
 * What the factor of an activity is per. Gross and net are calorific values: the same gas has about 10 % more gross kWh,
 * and bills count gross ones.
 */
export const ACTIVITY_UNITS = [
  'kWh',
  'kWh-gross',
  'kWh-net',
  'GJ',
  'mmBtu',
  'litre',
  'megalitre',
  'gallon-us',
  'm3',
  'scf',
  'tonne',
  'kg',
  'short-ton',
  'km',
  'mile',
  'passenger-km',
  'passenger-mile',
  'vehicle-mile',
  'tonne-km',
  'room-night',
  'fte-hour',
] as const
/** What the factor of an activity is per. */
export type ActivityUnit = (typeof ACTIVITY_UNITS)[number]

/** Units of energy in which electricity is counted, in order of size within their system. */
export const ENERGY_UNITS = ['Wh', 'kWh', 'MWh', 'GWh', 'J', 'kJ', 'MJ', 'GJ'] as const satisfies readonly EnergyUnit[]
/** Units of energy in which fuel and heat are counted. */
export const FUEL_ENERGY_UNITS = Object.keys(WH_PER_UNIT) as readonly EnergyUnit[]
/** Units of mass. */
export const MASS_UNITS = Object.keys(GRAMS_PER_UNIT) as readonly MassUnit[]
/** Units of volume. */
export const VOLUME_UNITS = Object.keys(LITRES_PER_UNIT) as readonly VolumeUnit[]
/** Units of distance. */
export const DISTANCE_UNITS = Object.keys(KM_PER_UNIT) as readonly DistanceUnit[]

/**
 * Spellings with more than one meaning, lower case: metric ton or megaton, milli or mega, US or EC therm, thousand or
 * million Btu, which of three tons, whose gallon.
 */
const AMBIGUOUS_UNITS: ReadonlySet<string> = new Set(
  'mt mwh gwh mj gj therm therms thm btu mbtu mmbtu ton tons t gallon gallons gal cf'.split(' '),
)

/**
 * The energy unit that a text names, exactly as SI spells it: `MWh` is a million Wh, and `mWh` is refused.
 *
 * @throws {ValueError} ERR_VALUE_UNIT_AMBIGUOUS when the spelling has several meanings, else ERR_VALUE_UNIT.
 */
export function parseEnergyUnit(text: string): EnergyUnit {
  return parseUnit('energy', ENERGY_UNITS, text)
}

/** The energy unit of fuel or heat that a text names. @throws {ValueError} as {@link parseEnergyUnit}. */
export function parseFuelEnergyUnit(text: string): EnergyUnit {
  return parseUnit('energy', FUEL_ENERGY_UNITS, text)
}

/** The unit of mass that a text names. @throws {ValueError} as {@link parseEnergyUnit}; `mt` and `ton` are ambiguous. */
export function parseMassUnit(text: string): MassUnit {
  return parseUnit('mass', MASS_UNITS, text)
}

/** The unit of volume that a text names. @throws {ValueError} as {@link parseEnergyUnit}; `gallon` is ambiguous. */
export function parseVolumeUnit(text: string): VolumeUnit {
  return parseUnit('volume', VOLUME_UNITS, text)
}

/** The unit of distance that a text names. @throws {ValueError} as {@link parseEnergyUnit}. */
export function parseDistanceUnit(text: string): DistanceUnit {
  return parseUnit('distance', DISTANCE_UNITS, text)
}

function parseUnit<U extends string>(dimension: string, units: readonly U[], text: string): U {
  const unit = units.find((known) => known === text)
  if (unit !== undefined) return unit
  const found = text.slice(0, 32)
  if (AMBIGUOUS_UNITS.has(text.toLowerCase())) {
    const message = `unit ${JSON.stringify(found)} has more than one meaning; use one of ${units.join(', ')}`
    throw new ValueError(message, { code: 'ERR_VALUE_UNIT_AMBIGUOUS', found })
  }
  const message = `unknown unit of ${dimension} ${JSON.stringify(found)}; use one of ${units.join(', ')}`
  throw new ValueError(message, { code: 'ERR_VALUE_UNIT', found })
}

/** Wh of a quantity, exactly. */
export function toWh(quantity: Quantity): Rational {
  return multiplyRationals(rationalOfDecimal(quantity.value), WH_PER_UNIT[quantity.unit])
}

/** kWh of a quantity, exactly. */
export function toKWh(quantity: Quantity): Rational {
  return toEnergy(quantity, 'kWh')
}

/** A quantity of energy in another unit, exactly. */
export function toEnergy(quantity: Quantity, unit: EnergyUnit): Rational {
  return divideRationals(toWh(quantity), WH_PER_UNIT[unit])
}

/** A mass in another unit, exactly. */
export function toMass(mass: Mass, unit: MassUnit): Rational {
  return divideRationals(
    multiplyRationals(rationalOfDecimal(mass.value), GRAMS_PER_UNIT[mass.unit]),
    GRAMS_PER_UNIT[unit],
  )
}

/** A volume in another unit, exactly. */
export function toVolume(volume: Volume, unit: VolumeUnit): Rational {
  const litres = multiplyRationals(rationalOfDecimal(volume.value), LITRES_PER_UNIT[volume.unit])
  return divideRationals(litres, LITRES_PER_UNIT[unit])
}

/** A distance in another unit, exactly. */
export function toDistance(distance: Distance, unit: DistanceUnit): Rational {
  return divideRationals(
    multiplyRationals(rationalOfDecimal(distance.value), KM_PER_UNIT[distance.unit]),
    KM_PER_UNIT[unit],
  )
}

/** Grams of CO2e per kWh of a factor that is published in `unit`, exactly. */
export function toGramsPerKWh(value: Decimal, unit: FactorUnit): Rational {
  return multiplyRationals(rationalOfDecimal(value), GRAMS_PER_KWH_OF_FACTOR_UNIT[unit])
}
