import { compareRationals, isEnergy, makeDecimal, makeRational, toVolume, toWh } from '#protocol'
import type { EnergyUnit, Metered, VolumeUnit } from '#protocol'
import { MAX_BILL_LITRES, MAX_BILL_WH, MAX_READING_LITRES, MAX_READING_WH } from '../limits.ts'

/** `value` x 10^`power` in a unit, as a typed amount. */
export function amountOf(value: bigint, power: number, unit: EnergyUnit | VolumeUnit): Metered {
  return { value: makeDecimal(value, power), unit }
}

/** True for an amount beyond any customer's bill. */
export function isAbsurdBill(amount: Metered): boolean {
  return isAbove(amount, MAX_BILL_WH, MAX_BILL_LITRES)
}

/** True for an amount beyond any interval reading. */
export function isAbsurdReading(amount: Metered): boolean {
  return isAbove(amount, MAX_READING_WH, MAX_READING_LITRES)
}

function isAbove(amount: Metered, limitWh: bigint, limitLitres: bigint): boolean {
  return isEnergy(amount)
    ? compareRationals(toWh(amount), makeRational(limitWh)) > 0
    : compareRationals(toVolume(amount, 'litre'), makeRational(limitLitres)) > 0
}
