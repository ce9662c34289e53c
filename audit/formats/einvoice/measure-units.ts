import { compareRationals, isEnergy, makeRational, scaleDecimal, toVolume, toWh } from '#protocol'
import type { EnergyUnit, Metered, VolumeUnit } from '#protocol'
import { MAX_BILL_LITRES, MAX_BILL_WH } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { parseFigure } from './figures.ts'
import type { PrintedQuantity } from './model.ts'

/** Unit of a code and the power of ten between the two. */
type UnitRow = { readonly unit: EnergyUnit | VolumeUnit; readonly power?: number }

/**
 * Codes of UN/ECE Recommendation 20 for energy and volume. Letter case is part of a code, and some codes mislead: `KW`
 * is no kilowatt, `N71` and `N72` are two therms. Power (`KWT`) and reactive energy (`K3`) are absent on purpose.
 */
const UNIT_CODES: ReadonlyMap<string, UnitRow> = new Map([
  ['WHR', { unit: 'Wh' }],
  ['KWH', { unit: 'kWh' }],
  ['MWH', { unit: 'MWh' }],
  ['GWH', { unit: 'GWh' }],
  ['D32', { unit: 'GWh', power: 3 }],
  ['JOU', { unit: 'J' }],
  ['KJO', { unit: 'kJ' }],
  ['3B', { unit: 'MJ' }],
  ['GV', { unit: 'GJ' }],
  ['BTU', { unit: 'mmBtu', power: -6 }],
  ['N71', { unit: 'therm-ec' }],
  ['N72', { unit: 'therm-us' }],
  ['MTQ', { unit: 'm3' }],
  ['SM3', { unit: 'm3' }],
  ['NM3', { unit: 'm3' }],
  ['LTR', { unit: 'litre' }],
  ['HLT', { unit: 'litre', power: 2 }],
  ['FTQ', { unit: 'scf' }],
  ['GLL', { unit: 'gallon-us' }],
  ['GLI', { unit: 'gallon-imperial' }],
] as const)

/** Spellings of units of energy that are no codes: a reader that guesses would read most of them right, and some wrong. */
const NEAR_MISSES: ReadonlySet<string> = new Set(['wh', 'kwh', 'mwh', 'gwh', 'twh', 'mj', 'gj', 'therm', 'thm'])

/** True if a quantity is energy or a volume by its code. */
export function isMetered(quantity: PrintedQuantity): boolean {
  return UNIT_CODES.has(quantity.unitCode)
}

/** True if a unit is energy for a person and no code for a machine. */
export function isNearMiss(quantity: PrintedQuantity): boolean {
  const { unitCode } = quantity
  return !UNIT_CODES.has(unitCode) && NEAR_MISSES.has(unitCode.toLowerCase().replaceAll(/[^a-z]/g, ''))
}

/**
 * Energy or volume of a printed quantity, with its sign.
 *
 * @throws {Refusal} ERR_BILL_NUMBER, ERR_BILL_ABSURD, ERR_BILL_UNIT for a unit that is no code of energy or volume.
 */
export function parseMetered(quantity: PrintedQuantity): Metered {
  const row = UNIT_CODES.get(quantity.unitCode)
  if (row === undefined) {
    const message = `unit code ${JSON.stringify(quantity.unitCode.slice(0, 16))} is not one of energy or volume`
    throw review('ERR_BILL_UNIT', message, quantity.place)
  }
  const figure = parseFigure(quantity)
  const value = scaleDecimal(figure.value, row.power ?? 0)
  const metered = { value, unit: row.unit } as Metered
  const size = isEnergy(metered) ? toWh(metered) : toVolume(metered, 'litre')
  const limit = isEnergy(metered) ? MAX_BILL_WH : MAX_BILL_LITRES
  const magnitude = size.n < 0n ? { n: -size.n, d: size.d } : size
  if (compareRationals(magnitude, makeRational(limit)) > 0) {
    throw rejection('ERR_BILL_ABSURD', 'quantity is beyond 100 GWh or 10^9 m3', quantity.place)
  }
  return metered
}
