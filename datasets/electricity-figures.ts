import { z } from 'zod'
import { FACTOR_METHODS, FACTOR_TRUSTS, FACTOR_UNITS, FACTOR_USES, GASES, REGION_TYPES } from '#protocol'
import type { FactorUnit, RegionType } from '#protocol'
import { isIndex, isSeries, isText, isYear, rowShape } from './row-shape.ts'
import { textShape } from './text-shape.ts'

/**
 * What may be done with a row. Only `usable` rows ever become factors; the others are there so that a refusal can be
 * explained: replaced by a later release, wrong in print, empty in print, not final, or not by the publisher.
 */
const ROW_STATUSES = ['usable', 'superseded', 'invalid', 'not-available', 'preliminary', 'unofficial'] as const
/** What may be done with a row. */
export type RowStatus = (typeof ROW_STATUSES)[number]

const groupShape = z.strictObject({
  /** Edition, as the publisher names it. */
  version: textShape,
  method: z.enum(FACTOR_METHODS),
  use: z.enum(FACTOR_USES),
  gas: z.enum(GASES),
  boundary: textShape,
  unit: z.custom<FactorUnit>((v) => FACTOR_UNITS.some((unit) => unit === v), 'expected a unit of factors'),
  /** As the publisher names it; empty for a single gas. */
  gwpSet: textShape.or(z.literal('')),
  status: z.enum(ROW_STATUSES),
  trust: z.enum(FACTOR_TRUSTS),
  /** Month with which the group's years begin: 1, 4 (India) or 7 (Australia). */
  firstMonth: z.number().int().min(1).max(12),
  /** Why the rows are not usable; absent when they are. */
  reason: textShape.optional(),
})

/** What rows of an electricity set share: all of their key but region and year. */
export type ElectricityGroup = z.infer<typeof groupShape>

/** Index of the group, region, first year, and the published texts from that year on; `null` where there is none. */
export type ElectricityRow = readonly [
  group: number,
  regionType: RegionType,
  region: string,
  firstYear: number,
  values: readonly (string | null)[],
]

function isElectricityRow([group, regionType, region, firstYear, values]: readonly unknown[]): boolean {
  return (
    isIndex(group) &&
    REGION_TYPES.some((type) => type === regionType) &&
    isText(region, /^[A-Z]{2,5}$|^[A-Z]{2}-[A-Z]{2,4}$/) &&
    isYear(firstYear) &&
    isSeries(values, /^[^\p{Cc}\p{Cf}]{0,32}$/u)
  )
}

/** Emission factors of electricity; `figures.json` and the set's IPLD block have exactly this shape. */
export const electricityFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('electricity'),
  /** Name as the publisher writes it. */
  dataset: textShape,
  /** ISO 3166-1 alpha-3 -> alpha-2 of the set's countries. */
  countries: z.record(z.string().regex(/^[A-Z]{3}$/), z.string().regex(/^[A-Z]{2}$/)),
  /** Editions that were withdrawn by their publisher: asking for one by name is an error, with this reason. */
  withdrawn: z.record(textShape, textShape),
  groups: z.array(groupShape).min(1),
  columns: z.tuple([
    z.literal('group'),
    z.literal('regionType'),
    z.literal('region'),
    z.literal('firstYear'),
    z.literal('values'),
  ]),
  rows: z.array(rowShape<ElectricityRow>(isElectricityRow)).min(1),
})

/** Emission factors of electricity. */
export type ElectricityFigures = z.infer<typeof electricityFiguresShape>
