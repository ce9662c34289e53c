import {
  addDecimals,
  addRationals,
  compareRationals,
  decimalOfRational,
  isEnergy,
  makeRational,
  toEnergy,
  toVolume,
  toWh,
} from '#protocol'
import type { FilePlace, Metered, Rational } from '#protocol'
import { review } from '../refusal.ts'

/**
 * Sum of energies, or of volumes, in the unit that all have, else in kWh or m3.
 *
 * @throws {Refusal} ERR_BILL_UNIT when energy and volume are mixed, or the sum has no finite decimal in kWh.
 */
export function sumMetered(parts: readonly Metered[], place: FilePlace): Metered {
  const [first] = parts
  if (first === undefined) throw new TypeError('sum of nothing')
  if (parts.some((part) => isEnergy(part) !== isEnergy(first))) {
    throw review('ERR_BILL_UNIT', 'energy and volume cannot be added', place)
  }
  if (parts.every(({ unit }) => unit === first.unit)) {
    return { ...first, value: parts.slice(1).reduce((sum, { value }) => addDecimals(sum, value), first.value) }
  }
  const total = parts.map(toCommon).reduce(addRationals, makeRational(0n))
  const value = decimalOfRational(total)
  if (value === undefined) throw review('ERR_BILL_UNIT', 'units of the lines have no finite decimal sum', place)
  return isEnergy(first) ? { value, unit: 'kWh' } : { value, unit: 'm3' }
}

/** Negative, 0 or positive as `a` is below, equal to or above `b`; `undefined` for energy against volume. */
export function compareMetered(a: Metered, b: Metered): number | undefined {
  if (isEnergy(a) && isEnergy(b)) return compareRationals(toWh(a), toWh(b))
  if (!isEnergy(a) && !isEnergy(b)) return compareRationals(toVolume(a, 'litre'), toVolume(b, 'litre'))
  return undefined
}

/** The amount without its sign. */
export function magnitudeOf(metered: Metered): Metered {
  return metered.value.u < 0n ? { ...metered, value: { u: -metered.value.u, e: metered.value.e } } : metered
}

/** -1, 0 or 1. */
export function signOf({ value }: Metered): -1 | 0 | 1 {
  if (value.u === 0n) return 0
  return value.u < 0n ? -1 : 1
}

function toCommon(part: Metered): Rational {
  return isEnergy(part) ? toEnergy(part, 'kWh') : toVolume(part, 'm3')
}
