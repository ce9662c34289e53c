import { rationalOfDecimal } from '#protocol'
import type { ActivityUnit, EnergyUnit, Quantity } from '#protocol'
import { AuditError } from '../../audit-error.ts'
import { isSameText } from './activity.ts'
import type { ActivityQuestion, CalorificValue, FuelActivity, GasActivity, HeatActivity } from './activity.ts'
import { convert, convertEnergy, convertMass, convertVolume } from './measured.ts'
import type { Measured } from './measured.ts'

type Amounts = ActivityQuestion['amounts']

/** Units of figures per energy with the unit that the amount takes, best first. */
const GROSS_UNITS = [
  ['kWh-gross', 'kWh'],
  ['mmBtu', 'mmBtu'],
] as const satisfies readonly (readonly [ActivityUnit, EnergyUnit])[]
const NET_UNITS = [['kWh-net', 'kWh']] as const
/** Units of heat, and of fuels whose publisher does not say which calorific value a figure is per. */
const PLAIN_UNITS = [
  ['kWh', 'kWh'],
  ['GJ', 'GJ'],
  ['mmBtu', 'mmBtu'],
] as const

/**
 * Natural gas; never by the publisher's figure per volume, since the heat of a cubic metre differs from place to place.
 *
 * @throws {AuditError} ERR_HEAT_CONTENT_MISSING.
 */
export function askGas(activity: GasActivity): ActivityQuestion {
  const energy = 'energy' in activity ? measure(activity.energy) : energyOfVolume(activity)
  return {
    what: 'natural gas',
    names: ['Natural gas'],
    // The UK puts it under `Fuels`, with bottled and liquefied gases beside it; the EPA has a category for it.
    isMeant: ({ category }) => category === 'Fuels' || category === 'Stationary combustion: Natural Gas',
    amounts: energyAmounts(energy, activity.calorificValue === 'net' ? NET_UNITS : GROSS_UNITS),
    hasWellToTank: true,
  }
}

/** District heat; the steam of the EPA's factor comes from a gas boiler of 80 % efficiency. */
export function askHeat({ energy }: HeatActivity): ActivityQuestion {
  return {
    what: 'heat',
    names: ['District heat and steam', 'Steam and heat'],
    isMeant: ({ scope }) => scope === '2',
    amounts: energyAmounts(measure(energy), PLAIN_UNITS),
    hasWellToTank: true,
  }
}

/** Fuel by name, and by category where several have one name. */
export function askFuel(activity: FuelActivity): ActivityQuestion {
  const { name: fuelName, category: fuelCategory } = activity.fuel
  return {
    what: `fuel ${JSON.stringify(fuelName)}`,
    names: [fuelName],
    isMeant: ({ scope, category }) =>
      scope === '1' && (fuelCategory === undefined || isSameText(category, fuelCategory)),
    amounts: fuelAmounts(activity),
    hasWellToTank: true,
  }
}

function fuelAmounts(activity: FuelActivity): Amounts {
  if ('energy' in activity) return energyAmounts(measure(activity.energy), fuelUnits(activity.calorificValue))
  if ('volume' in activity) {
    const volume = measure(activity.volume)
    const units = preferring(volume.unit, ['litre', 'm3', 'gallon-us', 'scf'] as const)
    return units.map((per) => ({ per, measured: () => convertVolume(volume, per) }))
  }
  const mass = measure(activity.mass)
  const units = preferring(mass.unit, ['tonne', 'kg', 'short-ton'] as const)
  return units.map((per) => ({ per, measured: () => convertMass(mass, per) }))
}

function fuelUnits(calorificValue: CalorificValue | undefined): readonly (readonly [ActivityUnit, EnergyUnit])[] {
  return calorificValue === 'net' ? NET_UNITS : [...GROSS_UNITS, ...PLAIN_UNITS]
}

function energyAmounts(energy: Measured<EnergyUnit>, units: readonly (readonly [ActivityUnit, EnergyUnit])[]): Amounts {
  return units.map(([per, unit]) => ({ per, measured: () => convertEnergy(energy, unit) }))
}

/** Volume x correction x heat content, in the units that the bill prints. */
function energyOfVolume(activity: Extract<GasActivity, { readonly volume: unknown }>): Measured<EnergyUnit> {
  const { volume, heatContent, volumeCorrection } = activity
  if (heatContent === undefined) {
    const message = 'gas by volume has no energy without the heat content that the bill prints'
    throw new AuditError(message, { code: 'ERR_HEAT_CONTENT_MISSING' })
  }
  const { value, energy, per } = heatContent
  const metered = measure(volume)
  const corrected =
    volumeCorrection === undefined
      ? metered
      : convert(metered, { why: 'volume-correction', by: rationalOfDecimal(volumeCorrection), unit: volume.unit })
  return convert(convertVolume(corrected, per), {
    why: 'heat-content',
    by: rationalOfDecimal(value),
    unit: energy,
  })
}

function measure<U extends string>({
  value,
  unit,
}: {
  readonly value: Quantity['value']
  readonly unit: U
}): Measured<U> {
  return { amount: rationalOfDecimal(value), unit, conversions: [] }
}

/** The given unit first, if it is one of these: its figure is the publisher's own, not ours by conversion. */
function preferring<U extends string>(given: string, units: readonly U[]): readonly U[] {
  return [...units.filter((unit) => unit === given), ...units.filter((unit) => unit !== given)]
}
