import type { GreenClaim } from '#protocol'
import type { UsageSummary } from './document.ts'

/** Longest evidence that facts carry. */
const MAX_EVIDENCE_CHARS = 200

/**
 * Names of tariff riders by which a customer buys green electricity. Net metering, storage, efficiency and low-income riders
 * are none, although many have `solar` or `eco` in their names: what a customer feeds in is not what it is delivered.
 */
const GREEN =
  /green|renewable|wind[ -]?(power|energy)|clean[ -]?(power|energy)|(solar|wind)[ -]?choice|community[ -]?solar|carbon[ -]?(free|neutral)|zero[ -]?carbon/i
const NET_METERING = /net[ -]?(energy[ -]?)?(meter|billing)|\bNEM\d?\b/i
const NOT_GREEN = /green[ -]?button|net[ -]?(energy[ -]?)?(meter|billing)|\bNEM\d?\b|feed[ -]?in/i

/**
 * Green claim of a bill by the riders of its tariff (ESPI 4.0, TariffRiderRef). Says what the bill calls itself; nothing is
 * covered by it.
 */
export function findGreenClaim(summary: UsageSummary): GreenClaim | undefined {
  const names = ridersOf(summary).filter((name) => GREEN.test(name) && !NOT_GREEN.test(name))
  if (names.length === 0) return undefined
  return { source: 'rider', evidence: [...new Set(names)].join('; ').slice(0, MAX_EVIDENCE_CHARS) }
}

/** True if a rider nets what is fed in: a consumption without readings beside it may then be the difference. */
export function isNetMetered(summary: UsageSummary): boolean {
  return ridersOf(summary).some((name) => NET_METERING.test(name))
}

/** Names of the riders that the customer is enrolled in, and that take effect before the end of the billing period. */
function ridersOf({ riders, start, durationS }: UsageSummary): string[] {
  const end = isSeconds(start) && isSeconds(durationS) ? BigInt(start) + BigInt(durationS) : undefined
  return riders
    .filter(({ enrollment }) => enrollment === undefined || enrollment === 'enrolled')
    .filter(({ effectiveDate }) => end === undefined || !isSeconds(effectiveDate) || BigInt(effectiveDate) < end)
    .map(({ riderType }) => riderType ?? '')
}

function isSeconds(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,12}$/.test(text)
}
