import type { EnergyUnit, FilePlace } from '#protocol'
import { rejection, review } from '../refusal.ts'

/**
 * What a data stream counts, by the first letter of its suffix (MSATS Procedures: National Metering Identifier, table of data stream suffixes).
 *
 * The market's "export" is energy out of the market, which the customer imports. `secondary` streams are energy, but not
 * the one that is settled: averages, check meters, net.
 */
export type StreamRole = 'import' | 'export' | 'secondary' | 'not-energy'

/** Units of energy by their lower-case spelling, with their power of ten over Wh: the format ignores case. */
const ENERGY_UNITS: ReadonlyMap<string, { readonly unit: EnergyUnit; readonly power: number }> = new Map([
  ['wh', { unit: 'Wh', power: 0 }],
  ['kwh', { unit: 'kWh', power: 3 }],
  ['mwh', { unit: 'MWh', power: 6 }],
  ['gwh', { unit: 'GWh', power: 9 }],
])

/** Unit of a stream of energy. */
export type StreamUnit = { readonly unit: EnergyUnit; readonly power: number }

/**
 * Role of an interval data stream.
 *
 * @throws {Refusal} ERR_BILL_FIELD for a suffix that the procedures do not know.
 */
export function roleOfSuffix(suffix: string, place: FilePlace): StreamRole {
  if (!/^[A-Z][A-Z\d]$/.test(suffix)) {
    throw rejection('ERR_BILL_FIELD', `not a suffix of interval data: ${JSON.stringify(suffix)}`, place)
  }
  const [letter = ''] = suffix
  if (letter === 'E') return 'import'
  if (letter === 'B') return 'export'
  return 'ACDFN'.includes(letter) ? 'secondary' : 'not-energy'
}

/**
 * Unit of a stream of energy.
 *
 * @throws {Refusal} ERR_BILL_UNIT: review when the file leaves it out, else rejection.
 */
export function unitOfEnergy(uom: string, suffix: string, place: FilePlace): StreamUnit {
  const known = ENERGY_UNITS.get(uom.toLowerCase())
  if (known !== undefined) return known
  if (uom === '') throw review('ERR_BILL_UNIT', `energy stream ${suffix} has no unit`, place)
  throw rejection('ERR_BILL_UNIT', `unit of energy stream ${suffix} is ${JSON.stringify(uom.slice(0, 16))}`, place)
}

/** True for a spelling of a unit of active energy. */
export function isEnergyUnit(uom: string): boolean {
  return ENERGY_UNITS.has(uom.toLowerCase())
}

/** Suffixes of an `NMIConfiguration`, or `undefined` when it cannot be cut into pairs. */
export function splitConfiguration(configuration: string): string[] | undefined {
  const text = configuration.toUpperCase()
  if (!/^(?:[A-Z\d]{2}){1,120}$/.test(text)) return undefined
  return text.match(/../g) ?? []
}
