import type { FilePlace } from '#protocol'
import { Refusal, review } from '../refusal.ts'
import { findFigure, parseDay } from './figures.ts'
import type { EndDate, Invoice, PrintedPeriod } from './model.ts'

const INCLUSIVE: EndDate = { isInclusive: true, basis: 'printed-inclusive' }
const EXCLUSIVE: EndDate = { isInclusive: false, basis: 'printed-exclusive' }
/** Days on which meters were read: the reading that ends one period begins the next (OIOUBL UtilityStatement). */
export const READING_DATES: EndDate = { isInclusive: false, basis: 'reading-dates' }

/**
 * Profiles whose end dates are the first day that is not billed any more. EN 16931 (BT-74, BT-135) and everything built
 * on it without another rule counts the last day.
 */
const EXCLUSIVE_PROFILES: readonly string[] = ['urn:fdc:anskaffelser.no:2019:ehf:']

/**
 * Profiles that count the last day, or build on EN 16931: Peppol, PINT, XRechnung, Factur-X, NLCIUS, SEeF and its
 * predecessors. Any other is taken the same way, and facts say that it was assumed.
 */
const INCLUSIVE_PROFILES: readonly string[] = [
  'urn:cen.eu:en16931',
  'urn:peppol:pint:',
  'urn:fdc:peppol.eu:',
  'peppol.eu:bis',
  'energie-efactuur',
  'urn:ferd:',
  'factur-x',
]

/**
 * How a document means its end dates: by its syntax, else by its profile, and never against the days that it bills itself.
 *
 * @throws {Refusal} ERR_BILL_PERIOD when lines with a number of days contradict the profile or each other.
 */
export function findEndDate(invoice: Invoice): EndDate {
  if (invoice.endDate !== undefined) return invoice.endDate
  const end = endOfProfile(invoice.profile)
  const { inclusive, exclusive } = countDayLines(invoice)
  const against = end.isInclusive ? exclusive : inclusive
  if (against === undefined) return end
  const meaning = end.isInclusive ? 'the first day after it' : 'its last day'
  const message = `a line bills as many days as if the end of a period were ${meaning}; the profile says the opposite`
  throw review('ERR_BILL_PERIOD', message, against)
}

function endOfProfile(profile: string): EndDate {
  if (EXCLUSIVE_PROFILES.some((part) => profile.includes(part))) return EXCLUSIVE
  const isKnown = INCLUSIVE_PROFILES.some((part) => profile.includes(part))
  return isKnown ? INCLUSIVE : { ...INCLUSIVE, isAssumed: true }
}

/** Places of lines whose days count the last date in, or out; other numbers of days prove nothing. */
function countDayLines(invoice: Invoice): { readonly inclusive?: FilePlace; readonly exclusive?: FilePlace } {
  let inclusive: FilePlace | undefined
  let exclusive: FilePlace | undefined
  for (const { quantity, period = invoice.period } of invoice.lines) {
    if (quantity?.unitCode !== 'DAY' || period === undefined) continue
    const days = findFigure(quantity)?.value
    const span = findSpan(period)
    if (days === undefined || span === undefined || days.e < 0) continue
    const billed = days.u * 10n ** BigInt(days.e)
    const magnitude = billed < 0n ? -billed : billed
    if (magnitude === BigInt(span) + 1n) inclusive ??= quantity.place
    if (magnitude === BigInt(span) && span > 0) exclusive ??= quantity.place
  }
  return { ...(inclusive === undefined ? {} : { inclusive }), ...(exclusive === undefined ? {} : { exclusive }) }
}

function findSpan(period: PrintedPeriod): number | undefined {
  try {
    return parseDay(period.end) - parseDay(period.start)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return undefined
  }
}
