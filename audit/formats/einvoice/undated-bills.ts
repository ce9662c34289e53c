import { isEnergy } from '#protocol'
import type { PartialReading, Quantity } from '#protocol'
import { Refusal } from '../refusal.ts'
import { moneyOf } from './build-facts.ts'
import type { Bucket, Buckets } from './buckets.ts'
import { checkRepeats } from './check-repeats.ts'
import { normaliseNumber } from './identifiers.ts'
import type { MeteredLine } from './metered-lines.ts'
import type { Invoice } from './model.ts'
import { sumCharges } from './sum-charges.ts'
import { magnitudeOf } from './sums.ts'

/** Lines that a reading names; more would only make it long. */
const MAX_NAMED_LINES = 64
/** No line has days, so that none is compared with these. */
const NO_DAYS = { start: 0, end: 0 } as const

/**
 * What a document bills that states no service period anywhere: all else is read and checked as for facts.
 *
 * @returns undefined where a line has days, nothing is consumed, or the figures contradict each other.
 */
export function readUndated(invoice: Invoice, { buckets, loose }: Buckets): readonly PartialReading[] | undefined {
  const lines = [...loose, ...buckets.flatMap(({ counted, feedIn, others }) => [...counted, ...feedIn, ...others])]
  if (loose.length > 0 || lines.some(({ days }) => days !== undefined)) return undefined
  if (buckets.some(({ counted }) => counted.length === 0)) return undefined
  try {
    return buckets.map((bucket) => readBucket(bucket, invoice))
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return undefined
  }
}

function readBucket(bucket: Bucket, invoice: Invoice): PartialReading {
  const sum = sumCharges(bucket.counted)
  checkRepeats(bucket.others, [{ ...sum, days: NO_DAYS }])
  const exported = exportOf(bucket.feedIn)
  const { commodity, point } = bucket
  return {
    commodity,
    ...(point === undefined ? {} : { point }),
    ...(invoice.account === undefined ? {} : { account: normaliseNumber(invoice.account, invoice) }),
    import: magnitudeOf(sum.metered),
    ...(exported === undefined ? {} : { export: exported }),
    ...moneyOf(invoice, { isCredit: false }),
    lines: sum.counted.slice(0, MAX_NAMED_LINES).map(({ line }) => line.id.slice(0, 40)),
    missing: ['service'],
  }
}

function exportOf(feedIn: readonly MeteredLine[]): Quantity | undefined {
  if (feedIn.length === 0) return undefined
  const exported = magnitudeOf(sumCharges(feedIn).metered)
  return isEnergy(exported) ? exported : undefined
}
