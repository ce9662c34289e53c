import { formatRational } from '#protocol'
import type { ActivityDerivation, ActivityFactor, ActivityItem, ActivityTerm, Vintage } from '#protocol'
import { withoutAbsent } from './absent.ts'
import { computeActivity } from './activity/compute-activity.ts'
import { activityOf } from './estimate-activity-request.ts'
import type { ActivityRequest } from './estimate-activity-request.ts'
import { placeOf, whenOf } from './estimate-request.ts'
import { formatExact } from './exact-text.ts'
import type { FactorSource } from './factor-source.ts'

/** One gas in an answer: grams = amount x value (in `mass`) x gwp; where CO2 is biogenic it is in `biogenicCO2` only. */
type TermJson = Pick<ActivityFactor, 'dataset' | 'version' | 'year' | 'gas' | 'value' | 'mass' | 'per'> & {
  readonly item: Omit<ActivityItem, 'scope'>
  readonly gwp: string
}

/** An amount in an answer: exact decimal text, or `p/q` where the expansion does not end. */
type AmountJson = { readonly amount: string; readonly unit: string }

/** Answer for gas, heat, fuel or travel. */
export type ActivityAnswer = {
  readonly gramsCO2e: string
  /** Grams before rounding, `p/q` in lowest terms. */
  readonly exact: string
  readonly parts: readonly (AmountJson & {
    readonly year: number
    readonly terms: readonly TermJson[]
    readonly vintage: Vintage
  })[]
  readonly conversions: readonly {
    readonly why: string
    readonly from: AmountJson
    readonly by: string
    readonly to: AmountJson
  }[]
  readonly flags: readonly string[]
  readonly biogenicCO2?: { readonly grams: string; readonly exact: string }
  readonly wellToTank?: { readonly gramsCO2e: string; readonly exact: string }
}

/**
 * Answer to a request for gas, heat, fuel or travel.
 *
 * @throws {AuditError} as `computeActivity`, and ERR_ESTIMATE_REQUEST.
 * @throws {ValueError} as `computeActivity`, and ERR_VALUE_DECIMAL, ERR_VALUE_UNIT, ERR_VALUE_UNIT_AMBIGUOUS.
 */
export function answerActivity(request: ActivityRequest, source: FactorSource): ActivityAnswer {
  const when = whenOf(request)
  const place = placeOf(request.place)
  const options = withoutAbsent({ dataset: request.dataset })
  return answerOf(computeActivity({ ...when, ...options, place, activity: activityOf(request), source }))
}

function answerOf({ parts, unit, conversions, flags, ...figures }: ActivityDerivation): ActivityAnswer {
  const { gramsCO2e, exact, biogenicCO2: biogenic, wellToTank: tank } = figures
  return {
    gramsCO2e: gramsCO2e.toString(),
    exact: formatRational(exact),
    parts: parts.map(({ year, amount, terms, vintage }) => {
      return { year, amount: formatExact(amount), unit, terms: terms.map(termOf), vintage }
    }),
    conversions: conversions.map(({ why, from, by, to }) => {
      return { why, from: amountOf(from), by: formatExact(by), to: amountOf(to) }
    }),
    flags,
    ...(biogenic && { biogenicCO2: { grams: biogenic.grams.toString(), exact: formatRational(biogenic.exact) } }),
    ...(tank && { wellToTank: { gramsCO2e: tank.gramsCO2e.toString(), exact: formatRational(tank.exact) } }),
  }
}

function amountOf({ amount, unit }: ActivityDerivation['conversions'][number]['from']): AmountJson {
  return { amount: formatExact(amount), unit }
}

function termOf({ factor, gwp }: ActivityTerm): TermJson {
  const { dataset, version, item, year, gas, value, mass, per } = factor
  const { category, group, name, detail, variant } = item
  return { dataset, version, item: { category, group, name, detail, variant }, year, gas, value, mass, per, gwp }
}
