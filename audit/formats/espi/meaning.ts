import type { Commodity, EnergyUnit, VolumeUnit } from '#protocol'
import { Refusal, review } from '../refusal.ts'
import { findCommodity } from './commodity.ts'
import type { ReadingType, UsagePoint } from './document.ts'
import { quote } from './numbers.ts'
import { isOtherQuantity, readUnit } from './units.ts'
import type { ThermEvidence } from './units.ts'

/** Where energy flows: to the customer, from it, the difference, the sum, or the file does not say. */
type Direction = 'import' | 'export' | 'net' | 'total' | 'unstated'

/** Whether readings add up (`delta`), or are a register's, whose difference counts. */
type Accumulation = 'delta' | 'register'

/** What the readings of a series are. */
export type SeriesMeaning = {
  readonly commodity: Commodity
  readonly unit: EnergyUnit | VolumeUnit
  /** Values x 10^power are in `unit`. */
  readonly power: number
  readonly direction: Direction
  readonly accumulation: Accumulation
  readonly isAccumulationStated: boolean
  /** Time of use, tier and critical peak that the series is limited to; empty when it is the whole. */
  readonly part: string
  readonly flags: readonly string[]
}

/** ESPI AccumulationKind of dial readings: bulkQuantity, cumulative, summation, latchingQuantity. */
const REGISTERS: ReadonlySet<string> = new Set(['1', '3', '9', '13'])
const DELTA = '4'

/** ESPI DataQualifierKind of ordinary values: none, normal, sum; others are averages, thresholds, extremes. */
const ORDINARY: ReadonlySet<string> = new Set(['0', '12', '26'])

/** What a series is that measures nothing to add up (demand, voltage, averages): left alone beside energy. */
export function isAside({ uom, qualifier }: ReadingType): boolean {
  return isOtherQuantity(uom) || (qualifier !== undefined && !ORDINARY.has(qualifier))
}

/**
 * Meaning of the reading type of a series, or the refusal that it earns when it stands alone.
 *
 * ESPI 4.0: ReadingType with UnitSymbolKind, UnitMultiplierKind, FlowDirectionKind, AccumulationKind, CommodityKind.
 */
export function readMeaning(
  type: ReadingType,
  point: UsagePoint | undefined,
  therm: ThermEvidence,
): SeriesMeaning | Refusal {
  try {
    return meaningOf(type, point, therm)
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown
    throw thrown
  }
}

function meaningOf(type: ReadingType, point: UsagePoint | undefined, therm: ThermEvidence): SeriesMeaning {
  const { place, accumulation, qualifier } = type
  const found = findCommodity(point?.kind, type.commodity, point?.place ?? place)
  if (found instanceof Refusal) throw found
  const unit = readUnit(found.commodity, type, therm)
  if (unit instanceof Refusal) throw unit
  if (isAside(type)) {
    throw review('ERR_BILL_UNIT', `data qualifier ${quote(qualifier)}: not values that add up`, place)
  }
  const direction = directionOf(type, found.commodity)
  if (accumulation !== undefined && accumulation !== DELTA && !REGISTERS.has(accumulation)) {
    const message = `accumulation behaviour ${quote(accumulation)} is neither a delta nor a register`
    throw review('ERR_BILL_ACCUMULATION', message, place)
  }
  return {
    commodity: found.commodity,
    unit: unit.unit,
    power: unit.power,
    direction,
    accumulation: accumulation !== undefined && REGISTERS.has(accumulation) ? 'register' : 'delta',
    isAccumulationStated: accumulation !== undefined,
    part: partOf(type),
    flags: [...found.flags, ...unit.flags, ...(accumulation === undefined ? ['accumulation-assumed'] : [])],
  }
}

/**
 * ESPI FlowDirectionKind: 1 forward, 19 reverse (a positive number by itself), 4 net, 20 total; the others are of
 * quadrants and power factors. 0 says nothing, which is how meters of gas, water and heat are described.
 */
function directionOf({ flowDirection, place }: ReadingType, commodity: Commodity): Direction {
  switch (flowDirection) {
    case undefined:
      return 'unstated'
    case '0':
      if (commodity !== 'electricity') return 'unstated'
      throw review('ERR_BILL_FLOW', 'flow direction 0 does not say where the energy went', place)
    case '1':
      return 'import'
    case '19':
      return 'export'
    case '4':
      return 'net'
    case '20':
      return 'total'
    default:
      throw review('ERR_BILL_FLOW', `flow direction ${quote(flowDirection)} is neither delivered nor received`, place)
  }
}

/** Code 0 means not applicable in each of the three. */
function partOf({ tou, tier, cpp }: ReadingType): string {
  const named = [
    ['tou', tou],
    ['tier', tier],
    ['cpp', cpp],
  ].filter(([, code]) => code !== undefined && code !== '0')
  return named.map((pair) => pair.join(':')).join(' ')
}
