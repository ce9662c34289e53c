import type { FilePlace } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import { review } from '../refusal.ts'
import { severalSeries } from './candidates.ts'
import type { Candidate } from './candidates.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'
import { IntegerSum } from './numbers.ts'

/** Times of use, tiers and critical peaks of one point; real tariffs have fewer than ten. */
const MAX_PARTS = 32

/** The readings that stand for several series of one direction. */
export type Merged = {
  readonly candidate: Candidate
  readonly readings: readonly Reading[]
  /** Quality of readings without one; parts may differ in it, so that their readings carry it themselves. */
  readonly defaultQuality: string | undefined
  readonly flags: readonly string[]
}

/**
 * Merges series that are limited to different times of use, tiers or critical peaks (ESPI 4.0, ReadingType.tou,
 * consumptionTier, cpp): together they are the whole. A series without such a limit beside them is their total: it is what
 * counts, and the parts must add up to it.
 *
 * @throws {Refusal} ERR_BILL_SEVERAL_SERIES for series that are not different parts; ERR_BILL_READINGS_CONFLICT when parts and
 * total differ, or a part contradicts itself.
 */
export function mergeParts(candidates: readonly Candidate[], place: FilePlace): Merged {
  const wholes = candidates.filter(({ meaning }) => meaning.part === '')
  const parts = candidates
    .filter(({ meaning }) => meaning.part !== '')
    .toSorted((a, b) => orderTexts(a.meaning.part, b.meaning.part))
  const [first] = candidates
  const isOneUnit = candidates.every(
    ({ meaning }) => meaning.unit === first?.meaning.unit && meaning.power === first.meaning.power,
  )
  const names = new Set(parts.map(({ meaning }) => meaning.part))
  const [firstPart] = parts
  if (wholes.length > 1 || names.size !== parts.length || parts.length > MAX_PARTS || !isOneUnit || !firstPart) {
    throw severalSeries(candidates.length, place)
  }
  const readings = addParts(parts.map(readingsOf))
  const [whole] = wholes
  if (whole === undefined) {
    return { candidate: firstPart, readings, defaultQuality: undefined, flags: ['parts-added'] }
  }
  checkWhole(distinct(whole.series.readings), readings, place)
  const { defaultQuality } = whole.series.readingType
  return { candidate: whole, readings: whole.series.readings, defaultQuality, flags: ['parts-agree'] }
}

/** Readings with the quality that their own reading type gives them. */
function readingsOf({ series }: Candidate): readonly Reading[] {
  const { defaultQuality: quality } = series.readingType
  if (quality === undefined) return series.readings
  return series.readings.map((reading) => (reading.quality === '' ? { ...reading, quality } : reading))
}

/** Values of equal intervals added; intervals that only one part has stay as they are. */
function addParts(parts: readonly (readonly Reading[])[]): Reading[] {
  const byInterval = new Map<string, Reading>()
  for (const part of parts) {
    for (const [key, reading] of distinct(part)) {
      const known = byInterval.get(key)
      const quality = known === undefined ? reading.quality : worseOf(known.quality, reading.quality)
      byInterval.set(key, { ...reading, quality, value: reading.value + (known?.value ?? 0) })
    }
  }
  return [...byInterval.values()]
}

function distinct(readings: readonly Reading[]): Map<string, Reading> {
  const found = new Map<string, Reading>()
  for (const reading of readings) {
    const key = `${reading.start} ${reading.durationS}`
    const known = found.get(key)
    if (known !== undefined && known.value !== reading.value) {
      throw review('ERR_BILL_READINGS_CONFLICT', 'one interval has two different readings', placeOfReading(reading))
    }
    found.set(key, known ?? reading)
  }
  return found
}

function worseOf(a: string, b: string): string {
  const codes = new Set([...a.split('+'), ...b.split('+')].filter((code) => code !== ''))
  return [...codes].sort(orderTexts).join('+')
}

function checkWhole(whole: ReadonlyMap<string, Reading>, parts: readonly Reading[], place: FilePlace): void {
  if (totalOf(whole.values()) !== totalOf(parts) || !isSamePeriod([...whole.values()], parts)) {
    throw review('ERR_BILL_READINGS_CONFLICT', 'times of use do not add up to the series beside them', place)
  }
}

function totalOf(readings: Iterable<Reading>): bigint {
  const sum = new IntegerSum()
  for (const { value } of readings) sum.add(value)
  return sum.total
}

function isSamePeriod(a: readonly Reading[], b: readonly Reading[]): boolean {
  const bounds = (readings: readonly Reading[]): [number, number] => {
    let [start, end] = [readings[0]?.start ?? 0, 0]
    for (const reading of readings) {
      start = Math.min(start, reading.start)
      end = Math.max(end, reading.start + reading.durationS)
    }
    return [start, end]
  }
  const [[startA, endA], [startB, endB]] = [bounds(a), bounds(b)]
  return startA === startB && endA === endB
}
