import { z } from 'zod'
import { ACTIVITY_UNITS, FACTOR_TRUSTS, GASES } from '#protocol'
import type { ActivityUnit, Gas } from '#protocol'
import { isSeries, isText, isYear, rowShape } from './row-shape.ts'
import { textShape } from './text-shape.ts'

/**
 * What is done, in the publisher's words; what the figures are per; gas and unit of its mass; first year, and the published
 * texts from that year on, `null` where there is none. An item is written out in each of its rows, so that a new one changes
 * no line but its own.
 */
export type ActivityRow = readonly [
  scope: '1' | '2' | '3',
  category: string,
  group: string,
  name: string,
  detail: string,
  variant: string,
  per: ActivityUnit,
  gas: Gas,
  mass: 'kg' | 'g',
  firstYear: number,
  values: readonly (string | null)[],
]

function isActivityRow(row: readonly unknown[]): boolean {
  const [scope, category, group, name, detail, variant, per, gas, mass, firstYear, values] = row
  return (
    isText(scope, /^[123]$/) &&
    isText(category, /^[^\p{Cc}\p{Cf}]{1,120}$/u) &&
    [group, name, detail, variant].every((text) => isText(text, /^[^\p{Cc}\p{Cf}]{0,120}$/u)) &&
    ACTIVITY_UNITS.some((unit) => unit === per) &&
    GASES.some((known) => known === gas) &&
    (mass === 'kg' || mass === 'g') &&
    isYear(firstYear) &&
    isSeries(values, /^\d{1,16}(?:\.\d{1,24})?$/)
  )
}

/** Emission factors of fuel, heat, gas and travel; `figures.json` and the set's IPLD block have exactly this shape. */
export const activityFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('activities'),
  /** Name as the publisher writes it. */
  dataset: textShape,
  /** ISO 3166-1 alpha-2 of the country for which the publisher made the set. */
  country: z.string().regex(/^[A-Z]{2}$/),
  /** One edition a year; `gwpSet` is the one that the publisher's own sums use. */
  editions: z
    .array(
      z.strictObject({
        year: z.number().int().min(1990).max(2100),
        version: textShape,
        gwpSet: textShape,
        trust: z.enum(FACTOR_TRUSTS),
      }),
    )
    .min(1),
  columns: z.tuple([
    z.literal('scope'),
    z.literal('category'),
    z.literal('group'),
    z.literal('name'),
    z.literal('detail'),
    z.literal('variant'),
    z.literal('per'),
    z.literal('gas'),
    z.literal('mass'),
    z.literal('firstYear'),
    z.literal('values'),
  ]),
  rows: z.array(rowShape<ActivityRow>(isActivityRow, 11)).min(1),
})

/** Emission factors of activities beyond electricity. */
export type ActivityFigures = z.infer<typeof activityFiguresShape>
