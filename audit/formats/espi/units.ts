import type { Commodity, EnergyUnit, FilePlace, VolumeUnit } from '#protocol'
import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { parsePowerOfTen, quote } from './numbers.ts'

/** Unit of a series or summary: values x 10^`power` are in `unit`. */
export type UnitFinding = {
  readonly unit: EnergyUnit | VolumeUnit
  readonly power: number
  readonly flags: readonly string[]
}

/** One uom code that can be a figure of a bill. */
type Uom = {
  readonly unit: EnergyUnit | VolumeUnit
  /** Power of ten between the code's unit and ours. */
  readonly shift: number
  readonly isEnergy: boolean
  readonly flags: readonly string[]
}

const energy = (unit: EnergyUnit, shift = 0, flags: readonly string[] = []): Uom => ({
  unit,
  shift,
  isEnergy: true,
  flags,
})
const volume = (unit: VolumeUnit, flags: readonly string[] = []): Uom => ({ unit, shift: 0, isEnergy: false, flags })

/**
 * ESPI UnitSymbolKind codes of energy and volume.
 *
 * BTU (132): the schema says no more than "British Thermal Units"; read as that of the International Table (1055.05585262 J,
 * the Btu of US energy statistics and of ISO 80000-5), flagged, and counted in millions, which is a unit of ours.
 * Therm (169): see {@link readUnit}. A volume stays a volume: its calorific value is not in the file.
 */
const UOMS: ReadonlyMap<string, Uom> = new Map([
  ['72', energy('Wh')],
  ['31', energy('J')],
  ['132', energy('mmBtu', -6, ['btu-international-table'])],
  ['169', energy('therm-us')],
  ['42', volume('m3')],
  ['166', volume('m3', ['volume-uncompensated'])],
  ['167', volume('m3', ['volume-compensated'])],
  ['119', volume('scf')],
  ['120', volume('scf', ['volume-compensated'])],
  ['128', volume('gallon-us')],
  ['130', volume('gallon-imperial')],
  ['134', volume('litre')],
  ['156', volume('litre', ['volume-uncompensated'])],
  ['157', volume('litre', ['volume-compensated'])],
])

const UOM_WH = '72'
const UOM_THERM = '169'

/**
 * ESPI codes of what a meter shows beside energy: power (38 W, 61 VA, 63 VAr), apparent and reactive energy (71 VAh,
 * 73 VArh), current, voltage, power factor, temperature, frequency, pressure, time, counts, flow rates: nothing to add up.
 */
const NO_CONSUMPTION: ReadonlySet<string> = new Set(
  '5 6 23 25 27 28 29 30 33 38 39 61 63 65 67 68 69 71 73 104 105 106 108 109 111 114 140 141 142 155 159 160'.split(
    ' ',
  ),
)

/** True for codes of demand, reactive energy and the like: such a series beside an energy series is left alone. */
export function isOtherQuantity(uom: string | undefined): boolean {
  return uom !== undefined && NO_CONSUMPTION.has(uom)
}

/** What decides whose therm a file means. */
export type ThermEvidence = 'us' | 'unstated' | 'elsewhere'

/**
 * Unit of figures of a commodity.
 *
 * Electricity is Wh (72) only. Gas, water and heat keep the unit of the file. A therm (169) is 100,000 Btu, but the US one
 * (33 FR 10756 of 1968: 105480400 J) and that of the UK and the EC differ by 0.024 %. ESPI is the standard of the *North
 * American* Energy Standards Board, and of North America's countries only US utilities bill in therms: so it is the US therm
 * when the file says US (currency 840, a US address, host of a US utility), the same with a flag when it says nothing, and
 * a question for a person when it says another country or currency.
 *
 * Returns refusals instead of throwing them, but for the multiplier's.
 *
 * @throws {Refusal} ERR_BILL_NUMBER for the multiplier.
 */
export function readUnit(
  commodity: Commodity,
  written: { readonly uom?: string; readonly multiplier?: string; readonly place: FilePlace },
  therm: ThermEvidence,
): UnitFinding | Refusal {
  const { uom, place } = written
  if (isOtherQuantity(uom)) {
    return review('ERR_BILL_UNIT', `unit code ${uom} is demand, reactive energy or no consumption`, place)
  }
  const known = uom === undefined ? undefined : UOMS.get(uom)
  if (known === undefined) return rejection('ERR_BILL_UNIT', `unit code is not one of a bill: ${quote(uom)}`, place)
  if (commodity === 'electricity' && uom !== UOM_WH) {
    const message = `unit code of electricity must be 72 (Wh), not ${uom}`
    return known.isEnergy ? review('ERR_BILL_UNIT', message, place) : rejection('ERR_BILL_UNIT', message, place)
  }
  if (commodity === 'water' && known.isEnergy) {
    return rejection('ERR_BILL_UNIT', `water is not counted in energy (unit code ${uom})`, place)
  }
  if (commodity === 'heat' && !known.isEnergy) {
    return review('ERR_BILL_UNIT', `heat in a volume (unit code ${uom}): its energy is not in the file`, place)
  }
  const power = parsePowerOfTen(written.multiplier, place)
  if (uom !== UOM_THERM) return { unit: known.unit, power: power + known.shift, flags: known.flags }
  if (therm === 'elsewhere') {
    return review('ERR_BILL_UNIT', 'therm outside of the US: which of two therms is meant is not stated', place)
  }
  return { unit: known.unit, power, flags: therm === 'us' ? [] : ['therm-us-assumed'] }
}
