import type { FactsKind, FilePlace } from '#protocol'
import { review } from '../refusal.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'

/** What a quality code of a reading says (ESPI 4.0, QualityOfReading). */
type Meaning = 'measured' | 'estimated' | 'mixed' | 'forecast' | 'normalized'

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['0', 'measured'],
  ['7', 'measured'],
  ['8', 'estimated'],
  ['9', 'estimated'],
  ['10', 'measured'],
  ['11', 'measured'],
  ['12', 'forecast'],
  ['13', 'mixed'],
  ['14', 'measured'],
  ['15', 'normalized'],
  ['16', 'measured'],
  ['17', 'measured'],
  ['18', 'measured'],
  ['19', 'measured'],
])

/** Codes that leave a mark on the facts; 0, 17, 18 and 19 are good values, 8, 9 and 13 are the kind. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['7', 'quality-edited'],
  ['10', 'quality-questionable'],
  ['11', 'quality-derived'],
  ['14', 'quality-raw'],
  ['16', 'quality-other'],
])

/** Kind of a series, and what else its qualities say. */
export type QualityFinding = { readonly kind: FactsKind; readonly flags: readonly string[] }

/**
 * Kind of a series by its quality codes; a reading without one has the default of the reading type.
 *
 * @throws {Refusal} ERR_BILL_FORECAST for forecasts, ERR_BILL_UNSTATED for values corrected for weather: neither was consumed.
 */
export function findKind(readings: readonly Reading[], defaultQuality: string | undefined): QualityFinding {
  const counts = new Map<string, { count: number; first: Reading }>()
  for (const reading of readings) {
    const known = counts.get(reading.quality)
    if (known === undefined) counts.set(reading.quality, { count: 1, first: reading })
    else known.count += 1
  }
  const flags = new Set<string>()
  let [estimated, mixed] = [0, 0]
  for (const [quality, { count, first }] of counts) {
    const codes = (quality === '' ? (defaultQuality ?? '') : quality).split('+').filter((code) => code !== '')
    const meanings = codes.map((code) => MEANINGS.get(code))
    if (meanings.includes('forecast')) {
      throw review('ERR_BILL_FORECAST', 'reading is a forecast, not consumption', placeOfReading(first))
    }
    if (meanings.includes('normalized')) {
      throw review(
        'ERR_BILL_UNSTATED',
        'reading was adjusted for weather: not what was consumed',
        placeOfReading(first),
      )
    }
    if (meanings.includes('mixed')) mixed += count
    else if (meanings.includes('estimated')) estimated += count
    for (const code of codes) {
      const flag = MEANINGS.has(code) ? FLAGS.get(code) : 'quality-unknown'
      if (flag !== undefined) flags.add(flag)
    }
  }
  if (estimated > 0 && estimated === readings.length) return { kind: 'estimated', flags: [...flags] }
  return { kind: estimated > 0 || mixed > 0 ? 'mixed' : 'actual', flags: [...flags] }
}

/**
 * Kind of a usage summary by its single code.
 *
 * @throws {Refusal} ERR_BILL_FORECAST, ERR_BILL_UNSTATED as {@link findKind}.
 */
export function kindOfCode(code: string | undefined, place: FilePlace): FactsKind {
  const meaning = code === undefined ? 'measured' : MEANINGS.get(code)
  if (meaning === 'forecast') {
    throw review('ERR_BILL_FORECAST', 'summary is a forecast, not consumption', place)
  }
  if (meaning === 'normalized') {
    throw review('ERR_BILL_UNSTATED', 'summary was adjusted for weather: not what was consumed', place)
  }
  return meaning === 'estimated' || meaning === 'mixed' ? meaning : 'actual'
}
