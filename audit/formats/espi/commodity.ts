import type { Commodity, FilePlace } from '#protocol'
import { rejection, review, unsupported } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { quote } from './numbers.ts'

/** ESPI ServiceKind: 3 is time, 5 to 9 are refuse, sewerage, rates, television and internet. */
const COMMODITY_OF_KIND: ReadonlyMap<string, Commodity> = new Map([
  ['0', 'electricity'],
  ['1', 'gas'],
  ['2', 'water'],
  ['4', 'heat'],
])

/**
 * ESPI CommodityKind. Electricity: secondary, primary and transmission metered; natural gas; potable and reclaimed
 * water; steam and heating fluid. 0 says nothing.
 */
const COMMODITY_OF_CODE: ReadonlyMap<string, Commodity> = new Map([
  ['1', 'electricity'],
  ['2', 'electricity'],
  ['26', 'electricity'],
  ['7', 'gas'],
  ['9', 'water'],
  ['14', 'water'],
  ['10', 'heat'],
  ['12', 'heat'],
])

/** Codes near a commodity of ours that are not it: propane burns differently, waste water is not consumed, cold is no heat. */
const NEARLY: ReadonlyMap<string, string> = new Map([
  ['8', 'propane'],
  ['11', 'waste water'],
  ['13', 'cooling fluid'],
])

/** What a point or summary is for, and `service-kind-assumed` when only the commodity code says so. */
export type CommodityFinding = { readonly commodity: Commodity; readonly flags: readonly string[] }

/**
 * Commodity of a service category and a commodity code; they must agree (ESPI 4.0, ServiceKind and CommodityKind).
 *
 * Returns the refusal instead of throwing it, since a series beside others may be left to a person.
 */
export function findCommodity(
  kind: string | undefined,
  code: string | undefined,
  place: FilePlace,
): CommodityFinding | Refusal {
  const stated = code === '0' ? undefined : code
  const nearly = stated === undefined ? undefined : NEARLY.get(stated)
  const byCode = stated === undefined ? undefined : COMMODITY_OF_CODE.get(stated)
  if (kind === undefined) {
    if (nearly !== undefined) return review('ERR_BILL_COMMODITY', `commodity is ${nearly}`, place)
    if (stated !== undefined && byCode === undefined) {
      return unsupported('ERR_BILL_COMMODITY', `commodity ${quote(stated)} is not one of a utility bill`, place)
    }
    if (byCode === undefined) {
      return rejection('ERR_BILL_SERVICE_KIND', 'neither service category nor commodity is stated', place)
    }
    return { commodity: byCode, flags: ['service-kind-assumed'] }
  }
  const byKind = COMMODITY_OF_KIND.get(kind)
  if (byKind === undefined) {
    return rejection('ERR_BILL_SERVICE_KIND', `service category is not one that is read: ${quote(kind)}`, place)
  }
  if (nearly !== undefined) return review('ERR_BILL_COMMODITY', `service is ${byKind}, commodity is ${nearly}`, place)
  if (stated !== undefined && byCode !== byKind) {
    const message = `service is ${byKind}, commodity is ${quote(stated)}`
    return rejection('ERR_BILL_COMMODITY_CONFLICT', message, place)
  }
  return { commodity: byKind, flags: [] }
}
