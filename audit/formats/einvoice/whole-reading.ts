import { formatCivilDate, isEnergy } from '#protocol'
import type { PartialReading, Quantity } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { Refusal } from '../refusal.ts'
import { checkArithmetic, requireArithmetic } from './arithmetic.ts'
import { moneyOf } from './build-facts.ts'
import type { Bucket, Buckets } from './buckets.ts'
import { checkRepeats } from './check-repeats.ts'
import { documentRoleOf } from './corrections.ts'
import { countPeriods } from './count-periods.ts'
import { normaliseNumber } from './identifiers.ts'
import type { MeteredLine } from './metered-lines.ts'
import type { EndDate, Invoice } from './model.ts'
import { sumCharges } from './sum-charges.ts'
import type { ChargeSum } from './sum-charges.ts'
import { compareMetered, magnitudeOf, signOf } from './sums.ts'

/** Lines that a reading names; more would only make it long. */
const MAX_NAMED_LINES = 64
/** No line has days, so that none is compared with these. */
const NO_DAYS = { start: 0, end: 0 } as const

/**
 * What a document states of which no claim can be made: consumption without any service period, or nothing but what was
 * fed in. Every line is read and checked as for bills.
 *
 * @returns undefined where a claim could be made, a line or reading would be left out, or a figure would be a guess.
 */
export function readWhole(
  invoice: Invoice,
  { buckets, loose }: Buckets,
  end: EndDate,
): readonly PartialReading[] | undefined {
  // Meters that are read beside the lines have dates and figures of their own, which would be left out.
  if (documentRoleOf(invoice) !== 'bill' || invoice.metered.length > 0 || loose.length > 0) return undefined
  if (invoice.hasUnreadPeriod === true) return undefined
  try {
    const readings = isUndated(invoice)
      ? buckets.map((bucket) => readUndated(bucket, invoice))
      : buckets.flatMap((bucket) => readFeedIn(bucket, invoice, end))
    const whole = readings.filter((reading) => reading !== undefined)
    const isWhole = whole.length > 0 && whole.length === readings.length && whole.length <= EXTRACTION_LIMITS.bills
    return isWhole && !whole.some((reading, index) => isOneEnergy(reading, whole.slice(0, index))) ? whole : undefined
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return undefined
  }
}

/** As `checkCommodities` for bills: two commodities never have the same energy at one point. */
function isOneEnergy(
  { commodity, point, import: imported }: PartialReading,
  others: readonly PartialReading[],
): boolean {
  if (imported === undefined || signOf(imported) === 0) return false
  return others.some((other) => {
    if (other.commodity === commodity || other.point !== point || other.import === undefined) return false
    return compareMetered(other.import, imported) === 0
  })
}

/** Not even a line without energy has a period: it may be that of the others. */
function isUndated({ period, lines }: Invoice): boolean {
  return period === undefined && lines.every((line) => line.period === undefined)
}

/** Without any period: consumption, what was fed in, or both. */
function readUndated(bucket: Bucket, invoice: Invoice): PartialReading | undefined {
  const { counted, feedIn, others } = bucket
  const own = [...counted, ...feedIn]
  const findings = own.map(({ line }) => requireArithmetic(line))
  if (own.length === 0 || (counted.length === 0 && others.length > 0)) return undefined
  const sum = counted.length === 0 ? undefined : sumCharges(counted)
  const given = feedIn.length === 0 ? undefined : sumCharges(feedIn)
  // A flag here is a guess about a line, or a line that contradicts itself.
  if (sum !== undefined && checkRepeats(others, [{ ...sum, days: NO_DAYS }]).length > 0) return undefined
  if (others.some(({ line }) => checkArithmetic(line) === 'conflict')) return undefined
  return {
    ...commonOf(bucket, invoice),
    ...(sum === undefined ? {} : { import: magnitudeOf(sum.metered) }),
    ...(given === undefined ? {} : { export: exportOf(given) }),
    lines: namesOf(sum ?? given),
    missing: sum === undefined ? ['import', 'service'] : ['service'],
    flags: flagsOf(findings, bucket),
  }
}

/** What was fed in, period by period, where nothing else is billed. */
function readFeedIn(bucket: Bucket, invoice: Invoice, end: EndDate): readonly (PartialReading | undefined)[] {
  const { counted, feedIn, others } = bucket
  if (counted.length > 0 || others.length > 0 || feedIn.length === 0) return [undefined]
  const findings = feedIn.map(({ line }) => requireArithmetic(line))
  return countPeriods(feedIn).map((sum): PartialReading => ({
    ...commonOf(bucket, invoice),
    service: { start: formatCivilDate(sum.days.start), end: formatCivilDate(sum.days.end), basis: end.basis },
    export: exportOf(sum),
    lines: namesOf(sum),
    missing: ['import'],
    flags: [...flagsOf(findings, bucket), ...(end.isAssumed === true ? ['end-date-assumed'] : [])].sort(orderTexts),
  }))
}

function commonOf({ commodity, point }: Bucket, invoice: Invoice): Omit<PartialReading, 'missing'> {
  return {
    commodity,
    ...(point === undefined ? {} : { point }),
    ...(invoice.account === undefined ? {} : { account: normaliseNumber(invoice.account, invoice) }),
    ...moneyOf(invoice, { isCredit: false }),
  }
}

function flagsOf(findings: readonly ReturnType<typeof requireArithmetic>[], bucket: Bucket): readonly string[] {
  return [
    ...(findings.includes('unchecked') ? ['arithmetic-unchecked'] : []),
    ...(findings.includes('price-rounded') ? ['price-rounded'] : []),
    ...(bucket.hasVolumeBeside ? ['volume-beside-energy'] : []),
  ]
}

function exportOf({ metered, counted }: ChargeSum): Quantity {
  const exported = magnitudeOf(metered)
  if (isEnergy(exported)) return exported
  throw new TypeError(`line ${counted[0]?.line.id ?? ''} feeds a volume into the grid`)
}

function namesOf(sum: ChargeSum | undefined): readonly string[] {
  const counted: readonly MeteredLine[] = sum?.counted ?? []
  return counted.slice(0, MAX_NAMED_LINES).map(({ line }) => line.id.slice(0, 40))
}
