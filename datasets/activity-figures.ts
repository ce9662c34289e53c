import { z } from 'zod'
import { ACTIVITY_UNITS, FACTOR_TRUSTS, GASES } from '#protocol'

/** Emission factors of fuel, heat, gas and travel; `figures.json` and the set's IPLD block have exactly this shape. */
export const activityFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('activities'),
  /** Name as the publisher writes it. */
  dataset: z.string().min(1),
  /** ISO 3166-1 alpha-2 of the country for which the publisher made the set. */
  country: z.string().regex(/^[A-Z]{2}$/),
  /** One edition a year; `gwpSet` is the one that the publisher's own sums use. */
  editions: z
    .array(
      z.strictObject({
        year: z.number().int().min(1990).max(2100),
        version: z.string().min(1),
        gwpSet: z.string().min(1),
        trust: z.enum(FACTOR_TRUSTS),
      }),
    )
    .min(1),
  itemColumns: z.tuple([
    z.literal('scope'),
    z.literal('category'),
    z.literal('group'),
    z.literal('name'),
    z.literal('detail'),
    z.literal('variant'),
    z.literal('per'),
  ]),
  /** What is done, in the publisher's words, and what the figures are per. */
  items: z
    .array(
      z.tuple([
        z.enum(['1', '2', '3']),
        z.string().min(1),
        z.string(),
        z.string(),
        z.string(),
        z.string(),
        z.enum(ACTIVITY_UNITS),
      ]),
    )
    .min(1),
  columns: z.tuple([
    z.literal('item'),
    z.literal('gas'),
    z.literal('mass'),
    z.literal('firstYear'),
    z.literal('values'),
  ]),
  /** Index of the item, gas, unit of its mass, first year, and the published texts from that year on. */
  rows: z
    .array(
      z.tuple([
        z.number().int().min(0),
        z.enum(GASES),
        z.enum(['kg', 'g']),
        z.number().int().min(1990).max(2100),
        z
          .array(
            z
              .string()
              .regex(/^\d+(\.\d+)?$/)
              .max(32)
              .nullable(),
          )
          .min(1)
          .max(64),
      ]),
    )
    .min(1),
})

/** Emission factors of activities beyond electricity. */
export type ActivityFigures = z.infer<typeof activityFiguresShape>
