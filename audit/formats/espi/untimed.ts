import { review } from '../refusal.ts'
import type { IntervalBlock, Reading, ReadingType } from './document.ts'
import { parseDuration, parseEpoch } from './numbers.ts'

/**
 * Readings of a block that have no time of their own: one for each interval length of the reading type, from the start of
 * the block (ESPI 4.0, IntervalReading.timePeriod: "If not specified, readings for each intervalLength in ReadingType are
 * present"). The block must state its whole period, so that a missing reading shows.
 *
 * @throws {Refusal} ERR_BILL_FIELD when the times do not follow without doubt; ERR_BILL_NUMBER, ERR_BILL_DATE,
 * ERR_BILL_PERIOD for the block's own.
 */
export function timeReadings(block: IntervalBlock, { intervalLength }: ReadingType): Reading[] {
  const { place, untimed, readings } = block
  if (readings.length > 0 || intervalLength === undefined || block.start === undefined) {
    throw review('ERR_BILL_FIELD', 'readings have no time, and the block does not give it to them', place)
  }
  const start = parseEpoch(block.start, place)
  const wholeS = parseDuration(block.durationS, place)
  const lengthS = parseDuration(intervalLength, place)
  if (lengthS === 0 || lengthS * untimed.length !== wholeS) {
    const message = `${untimed.length} readings of ${lengthS} s do not fill the ${wholeS} s of their block`
    throw review('ERR_BILL_FIELD', message, place)
  }
  return untimed.map((reading, index) => ({ ...reading, start: start + index * lengthS, durationS: lengthS }))
}
