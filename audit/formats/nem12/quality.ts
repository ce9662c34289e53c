import type { FactsKind, FilePlace } from '#protocol'
import { review } from '../refusal.ts'

/**
 * Quality flag with method digits (MDFF, quality flags): A actual, S substituted, F finally substituted, E forward estimate,
 * N no value; V (variable) stands in 300 records only, and sends the reader to the 400 records.
 */
const QUALITY = /^(?:[AN]|[EFS](?:\d\d)?)$/

/** True for a quality of one interval or one reading. */
export function isQuality(text: string): boolean {
  return QUALITY.test(text)
}

/** How many intervals or readings have which quality. */
export type QualityCounts = ReadonlyMap<string, number>

/** Kind of a bill, and one flag for each substitution method. */
export type QualityFinding = { readonly kind: FactsKind; readonly flags: readonly string[] }

/**
 * Stops a bill for which a person must decide: no value, or a value for time that had not passed.
 *
 * @throws {Refusal} ERR_BILL_GAP for N, ERR_BILL_FORECAST for E.
 */
export function checkQuality(quality: string, place: FilePlace): void {
  if (quality === 'N') throw review('ERR_BILL_GAP', 'quality N: there is no value', place)
  if (quality.startsWith('E')) {
    throw review('ERR_BILL_FORECAST', `quality ${quality} is a forward estimate, not consumption`, place)
  }
}

/** Worst class of the qualities of a bill: substitutes are estimates, whatever their method. */
export function findKind(counts: QualityCounts): QualityFinding {
  const qualities = [...counts.keys()]
  const substituted = qualities.filter((quality) => quality !== 'A')
  const kind = substituted.length === 0 ? 'actual' : substituted.length === qualities.length ? 'estimated' : 'mixed'
  return { kind, flags: substituted.map((quality) => `quality-${quality.toLowerCase()}`) }
}
