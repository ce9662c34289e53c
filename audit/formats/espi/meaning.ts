import type { FilePlace } from '#protocol'
import { rejection, review, unsupported } from '../refusal.ts'
import type { ReadingType } from './document.ts'
import { parsePowerOfTen, quote } from './numbers.ts'

/** What the readings of a series are. */
export type SeriesMeaning = {
  readonly direction: 'import' | 'export'
  readonly powerOfTen: number
  readonly isAccumulationStated: boolean
  readonly flags: readonly string[]
}

/** ESPI commodity codes of electricity: secondary metered, primary metered, any. */
const ELECTRIC_COMMODITIES: ReadonlySet<string> = new Set(['0', '1', '2', '26'])
/** ESPI uom codes of electrical demand and reactive or apparent energy: not energy that emissions follow from. */
const NOT_ACTIVE_ENERGY: ReadonlySet<string> = new Set(['38', '61', '63', '71', '73'])
const UOM_WH = '72'

/**
 * Checks that a service category is electricity; `commodity` speaks where the category is missing.
 *
 * @throws {Refusal} ERR_BILL_COMMODITY (gas, water, heat), ERR_BILL_SERVICE_KIND, ERR_BILL_COMMODITY_CONFLICT.
 */
export function checkElectricity(kind: string | undefined, commodity: string | undefined, place: FilePlace): string[] {
  const isElectricCommodity = commodity !== undefined && commodity !== '0' && ELECTRIC_COMMODITIES.has(commodity)
  if (kind === '1' || kind === '2' || kind === '4') {
    throw unsupported('ERR_BILL_COMMODITY', 'gas, water and heat are not read by this version', place)
  }
  if (kind === undefined && commodity !== undefined && !ELECTRIC_COMMODITIES.has(commodity)) {
    throw unsupported('ERR_BILL_COMMODITY', `commodity ${quote(commodity)} is not read by this version`, place)
  }
  if (kind !== '0' && !(kind === undefined && isElectricCommodity)) {
    throw rejection('ERR_BILL_SERVICE_KIND', `service category is not one of a utility: ${quote(kind)}`, place)
  }
  if (commodity !== undefined && !ELECTRIC_COMMODITIES.has(commodity)) {
    const message = `service is electricity, commodity is ${quote(commodity)}`
    throw rejection('ERR_BILL_COMMODITY_CONFLICT', message, place)
  }
  return kind === undefined ? ['service-kind-assumed'] : []
}

/**
 * Power of ten of a value in Wh.
 *
 * @throws {Refusal} ERR_BILL_UNIT, ERR_BILL_NUMBER.
 */
export function readWhPower(uom: string | undefined, multiplier: string | undefined, place: FilePlace): number {
  if (uom !== undefined && NOT_ACTIVE_ENERGY.has(uom)) {
    throw review('ERR_BILL_UNIT', `unit code ${uom} is demand, reactive or apparent energy`, place)
  }
  if (uom !== UOM_WH)
    throw rejection('ERR_BILL_UNIT', `unit code of electricity must be 72 (Wh), not ${quote(uom)}`, place)
  return parsePowerOfTen(multiplier, place)
}

/**
 * Meaning of a reading type of an electricity series.
 *
 * @throws {Refusal} ERR_BILL_UNIT, ERR_BILL_FLOW, ERR_BILL_ACCUMULATION, ERR_BILL_NUMBER.
 */
export function readMeaning(type: ReadingType): SeriesMeaning {
  const { place, accumulation, flowDirection } = type
  const powerOfTen = readWhPower(type.uom, type.multiplier, place)
  if (flowDirection !== undefined && flowDirection !== '1' && flowDirection !== '19') {
    throw review('ERR_BILL_FLOW', `flow direction ${quote(flowDirection)} is neither delivered nor received`, place)
  }
  // ESPI accumulationBehaviour 4 = deltaData: the only one whose readings add up to consumption.
  if (accumulation !== undefined && accumulation !== '4') {
    throw review('ERR_BILL_ACCUMULATION', `accumulation behaviour ${quote(accumulation)} is not a sum of deltas`, place)
  }
  return {
    direction: flowDirection === '19' ? 'export' : 'import',
    powerOfTen,
    isAccumulationStated: accumulation !== undefined,
    flags: [
      ...(flowDirection === undefined ? ['direction-assumed'] : []),
      ...(accumulation === undefined ? ['accumulation-assumed'] : []),
    ],
  }
}
