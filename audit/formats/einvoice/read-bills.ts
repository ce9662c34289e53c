import { formatDecimal, isEnergy } from '#protocol'
import type { Commodity, Facts, PartialReading, Quantity } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { rejection, review, unclaimable } from '../refusal.ts'
import { checkArithmetic, requireArithmetic } from './arithmetic.ts'
import { fillBuckets } from './buckets.ts'
import type { Bucket } from './buckets.ts'
import { buildFacts } from './build-facts.ts'
import type { Extractor } from './build-facts.ts'
import { checkCommodities } from './check-commodities.ts'
import { checkRepeats } from './check-repeats.ts'
import { checkRole, findCorrection } from './corrections.ts'
import type { Correction } from './corrections.ts'
import { countPeriods } from './count-periods.ts'
import type { PeriodSum } from './count-periods.ts'
import { findEndDate } from './end-dates.ts'
import { meetReadings } from './meet-readings.ts'
import type { MeteredLine } from './metered-lines.ts'
import { readMeteredLines } from './metered-lines.ts'
import { readRegisters, sumOf } from './meter-registers.ts'
import type { PointRegisters, Register } from './meter-registers.ts'
import type { EndDate, Invoice } from './model.ts'
import { billsOfReadings } from './reading-bills.ts'
import { compareMetered, magnitudeOf, signOf, sumMetered } from './sums.ts'
import { readWhole } from './whole-reading.ts'

/** Bills of one document. */
export type DocumentBills = { readonly bills: readonly Facts[]; readonly isCorrection: boolean }

/** One bucket with its periods and what was found on the way. */
type CountedBucket = {
  readonly bucket: Bucket
  readonly sums: readonly PeriodSum[]
  readonly flags: readonly string[]
}

/**
 * Facts of one document: the lines that state energy, by point, commodity and period, checked against every other line,
 * their own arithmetic and the meter readings.
 *
 * @throws {Refusal} with code and place.
 */
export function readBills(invoice: Invoice, extractor: Extractor): DocumentBills {
  const isSeef = invoice.profile.includes('energie-efactuur') || invoice.metered.length > 0
  const end = findEndDate(invoice)
  const { lines, volumesNotRead } = readMeteredLines(invoice, end, isSeef)
  const isBilled = lines.some(({ meaning }) => meaning.is !== 'aside')
  if (isBilled) checkRole(invoice)
  const filled = fillBuckets(invoice, lines)
  const { buckets, loose } = filled
  const counting = buckets.flatMap((bucket) => bucket.counted)
  const correction = counting.length === 0 ? { isCredit: false } : findCorrection(invoice, counting)
  const isWhole = correction.corrects === undefined && volumesNotRead === 0
  const stated = isWhole ? readWhole(invoice, filled, end) : undefined
  const counted = buckets.map((bucket) => countBucket(bucket, stated)).filter((one) => one !== undefined)
  checkCommodities(counted)
  checkLoose(loose, counted)
  const billed = showSums(counted.flatMap(({ sums }) => sums))
  const points = invoice.metered.map((source) => readRegisters(source, { end, billed }))
  const context = { invoice, extractor, end, correction, volumesNotRead, points }
  const bills = counted.flatMap((one) => factsOfBucket(one, context))
  if (bills.length > 0) checkUnbilled(points, counted)
  if (bills.length === 0 && points.some(({ registers }) => registers.length > 0)) {
    return shareMoney(billsOfReadings(invoice, points, { end, extractor }))
  }
  if (bills.length === 0) refuseEmpty(invoice, lines)
  if (bills.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} points and periods`, invoice.place)
  }
  return shareMoney({ bills, isCorrection: correction.corrects !== undefined })
}

/** The amount to pay is that of the document: several bills of it must not be taken for several amounts. */
function shareMoney(found: DocumentBills): DocumentBills {
  if (found.bills.length < 2) return found
  const bills = found.bills.map((bill) =>
    bill.money === undefined ? bill : { ...bill, flags: [...bill.flags, 'shared-amount'].sort(orderTexts) },
  )
  return { ...found, bills }
}

type Context = {
  readonly invoice: Invoice
  readonly extractor: Extractor
  readonly end: EndDate
  readonly correction: Correction
  readonly volumesNotRead: number
  readonly points: readonly PointRegisters[]
}

/** @param stated what the document states as a whole, where no claim can be made of it. */
function countBucket(bucket: Bucket, stated: readonly PartialReading[] | undefined): CountedBucket | undefined {
  const [first] = [...bucket.counted, ...bucket.feedIn]
  if (first === undefined) return refuseRepeats(bucket)
  if (bucket.counted.length === 0) {
    const message = 'the document states what was fed in, and not what was used: a bill of consumption is needed'
    throw stated === undefined
      ? review('ERR_BILL_UNSTATED', message, first.line.place)
      : unclaimable('ERR_BILL_UNSTATED', message, { read: stated, place: first.line.place })
  }
  const findings = [...bucket.counted, ...bucket.feedIn].map(({ line }) => requireArithmetic(line))
  const sums = countPeriods(bucket.counted, stated)
  const flags = [
    ...checkRepeats(bucket.others, sums),
    ...(findings.includes('unchecked') ? ['arithmetic-unchecked'] : []),
    ...(findings.includes('price-rounded') ? ['price-rounded'] : []),
    ...(bucket.others.some(({ line }) => checkArithmetic(line) === 'conflict') ? ['arithmetic-conflict'] : []),
    ...(bucket.hasVolumeBeside ? ['volume-beside-energy'] : []),
  ]
  return { bucket, sums, flags }
}

/** All counted quantities in one text, for a person. */
function showSums(sums: readonly PeriodSum[]): string {
  const parts = sums.slice(0, 4).map(({ metered }) => `${formatDecimal(metered.value)} ${metered.unit}`)
  const [first] = sums
  const isOne = sums.every(({ metered }) => metered.unit === first?.metered.unit)
  if (first === undefined) return 'nothing'
  const place = first.counted[0]?.line.place ?? {}
  const total = isOne
    ? sumMetered(
        sums.map(({ metered }) => metered),
        place,
      )
    : undefined
  return total === undefined ? parts.join(', ') : `${formatDecimal(total.value)} ${total.unit}`
}

/** Levies alone, or lines nobody knows; sewage without fresh water is no consumption of water and no reason to stop. */
function refuseRepeats({ others, commodity }: Bucket): undefined {
  const [first] = others
  if (first === undefined || commodity === 'water') return undefined
  const quantity = `${first.line.quantity?.text.slice(0, 40) ?? ''} ${first.line.quantity?.unitCode ?? ''}`
  const message = `no rule of this version knows a line that states the energy itself; line ${first.line.id.slice(0, 40)} says ${quantity}`
  throw review('ERR_BILL_LINES', message, first.line.place)
}

/** Lines without a point or commodity of their own must repeat the energy of one commodity as a whole. */
function checkLoose(loose: readonly MeteredLine[], counted: readonly CountedBucket[]): void {
  for (const line of loose) {
    const commodities = new Set<Commodity>(counted.map(({ bucket }) => bucket.commodity))
    const refusals: unknown[] = []
    for (const commodity of commodities) {
      const sums = counted.filter(({ bucket }) => bucket.commodity === commodity).flatMap((one) => one.sums)
      try {
        checkRepeats([line], sums)
      } catch (thrown) {
        refusals.push(thrown)
      }
    }
    if (refusals.length === commodities.size) {
      throw (
        refusals[0] ?? review('ERR_BILL_LINES', 'no rule of this version knows what this line counts', line.line.place)
      )
    }
  }
}

function factsOfBucket({ bucket, sums, flags }: CountedBucket, context: Context): readonly Facts[] {
  const { invoice, extractor, end, correction, volumesNotRead, points } = context
  const own = registersOf(bucket, points)
  const measured = meetReadings(
    sums,
    own.flatMap(({ registers }) => registers),
  )
  const fedIn = bucket.feedIn.length === 0 ? [] : countPeriods(bucket.feedIn)
  for (const one of fedIn) {
    if (!sums.some((sum) => holds(sum, one, sums))) {
      const message = 'what was fed in has other dates than what was used'
      throw review('ERR_BILL_UNSTATED', message, one.counted[0]?.line.place)
    }
  }
  return sums.map((sum) => {
    const registers = measured.get(sum) ?? []
    const exported = exportOf(
      fedIn.filter((one) => holds(sum, one, sums)),
      exportRegisters(own, sum, sums),
    )
    return buildFacts(
      {
        commodity: bucket.commodity,
        ...(bucket.point === undefined ? {} : { point: bucket.point }),
        days: sum.days,
        end,
        imported: magnitudeOf(sum.metered),
        ...(exported === undefined ? {} : { exported }),
        counted: sum.counted,
        repeated: bucket.others,
        registers: registers.length > 0 ? registers : own.flatMap((one) => one.registers),
        isMeasured: registers.length > 0,
        correction,
        country: own.map(({ source }) => source.country).find((country) => country !== undefined),
        flags: [...flags, ...(volumesNotRead > 0 ? ['lines-not-read'] : [])],
      },
      invoice,
      extractor,
    )
  })
}

/** Readings belong to the point they name, and to the only point of the document where they name none. */
function registersOf(bucket: Bucket, points: readonly PointRegisters[]): readonly PointRegisters[] {
  return points.filter(({ point, source }) => {
    const isCommodity = source.commodity === undefined || source.commodity === bucket.commodity
    return (
      isCommodity &&
      (point === bucket.point || point === undefined || (bucket.point === undefined && points.length === 1))
    )
  })
}

/**
 * Readings of a point that no line names must be what the lines of some bucket without a point bill.
 *
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT: meters counted energy that would be lost.
 */
function checkUnbilled(points: readonly PointRegisters[], counted: readonly CountedBucket[]): void {
  const used = new Set(counted.flatMap(({ bucket }) => registersOf(bucket, points)))
  for (const one of points) {
    const measured = sumOf(one.registers.filter(({ isExport }) => !isExport))
    if (used.has(one) || measured === undefined || signOf(measured) === 0) continue
    const isBilled = counted.some(({ bucket, sums }) => {
      if (bucket.point !== undefined) return false
      const billed = sums.map(({ metered }) => metered)
      return compareMetered(sumMetered(billed, one.source.place), measured) === 0
    })
    if (isBilled) continue
    const message = 'meter readings of a point that no line bills: what they counted would be lost'
    throw review('ERR_BILL_READINGS_CONFLICT', message, one.source.place)
  }
}

function holds(sum: PeriodSum, fedIn: PeriodSum, sums: readonly PeriodSum[]): boolean {
  const isSame = sum.days.start === fedIn.days.start && sum.days.end === fedIn.days.end
  const isInside = sum.days.start <= fedIn.days.start && fedIn.days.end <= sum.days.end
  return isSame || (sums.length === 1 && isInside)
}

function exportRegisters(
  own: readonly PointRegisters[],
  sum: PeriodSum,
  sums: readonly PeriodSum[],
): readonly Register[] {
  return own
    .flatMap(({ registers }) => registers)
    .filter(
      ({ isExport, days }) =>
        isExport && (sums.length === 1 || (days.start >= sum.days.start && days.end <= sum.days.end)),
    )
}

/** Energy fed in: what lines pay for, else what registers counted; both must agree. */
function exportOf(fedIn: readonly PeriodSum[], registers: readonly Register[]): Quantity | undefined {
  const place = fedIn[0]?.counted[0]?.line.place ?? registers[0]?.reading.place ?? {}
  const paid = fedIn.map(({ metered }) => metered)
  const counted = registers.map(({ metered }) => metered)
  const [billed, measured] = [paid, counted].map((parts) => (parts.length === 0 ? undefined : sumMetered(parts, place)))
  if (billed !== undefined && measured !== undefined && compareMetered(billed, measured) !== 0) {
    throw review(
      'ERR_BILL_READINGS_CONFLICT',
      'meter readings of what was fed in are not what the lines pay for',
      place,
    )
  }
  const exported = billed ?? measured
  return exported !== undefined && isEnergy(exported) ? exported : undefined
}

function refuseEmpty(invoice: Invoice, lines: readonly MeteredLine[]): never {
  const [first] = lines
  if (first !== undefined) {
    const message = `the only quantities of energy are no consumption: line ${first.line.id.slice(0, 40)}`
    throw review('ERR_BILL_LINES', message, first.line.place)
  }
  throw rejection(
    'ERR_BILL_NO_CONSUMPTION',
    `<${invoice.element}> has no line with energy, gas, heat or water`,
    invoice.place,
  )
}
