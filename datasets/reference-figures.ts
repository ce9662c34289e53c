import { z } from 'zod'
import { GASES } from '#protocol'

const stateShape = z.string().regex(/^[A-Z]{2}$/)
const subregionShape = z.string().regex(/^[A-Z]{4}$/)
const eiaShape = z.number().int().min(1)
const yearShape = z.number().int().min(1990).max(2100)
const fractionShape = z.string().regex(/^0\.\d{1,12}$/)

/** Share of generation that is lost on the grid, by place and year. */
export const gridLossFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('grid-loss'),
  /** Name as the publisher writes it. */
  dataset: z.string().min(1),
  /** One edition a year. */
  editions: z.array(z.strictObject({ year: yearShape, version: z.string().min(1) })).min(1),
  columns: z.tuple([z.literal('regionType'), z.literal('region'), z.literal('firstYear'), z.literal('values')]),
  rows: z
    .array(
      z.tuple([
        z.enum(['subregion', 'country']),
        z.string().regex(/^[A-Z]{2,4}$/),
        yearShape,
        z.array(fractionShape.nullable()).min(1).max(64),
      ]),
    )
    .min(1),
})

/** Which eGRID subregion a utility serves in a state. */
export const utilitySubregionFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('utility-subregion'),
  dataset: z.string().min(1),
  edition: z.string().min(1),
  columns: z.tuple([z.literal('eia'), z.literal('state'), z.literal('subregion')]),
  rows: z.array(z.tuple([eiaShape, stateShape, subregionShape])).min(1),
})

/**
 * In which states and subregions a postal code lies. A row has the first three digits, the states, the subregions with
 * the predominant one first, and the last two digits of all codes for which that holds, ascending, without separator.
 */
export const zipSubregionFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('zip-subregion'),
  dataset: z.string().min(1),
  edition: z.string().min(1),
  columns: z.tuple([z.literal('prefix'), z.literal('states'), z.literal('subregions'), z.literal('endings')]),
  rows: z
    .array(
      z.tuple([
        z.string().regex(/^\d{3}$/),
        z.array(stateShape).min(1),
        z.array(subregionShape).min(1),
        z.string().regex(/^(?:\d{2}){1,100}$/),
      ]),
    )
    .min(1),
})

/** Who a utility is; `nerc` is empty where the source is ambiguous or blank. */
export const utilityFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('utilities'),
  dataset: z.string().min(1),
  editions: z.array(z.string().min(1)).min(1),
  ownerships: z.array(z.string().min(1)).min(1),
  columns: z.tuple([
    z.literal('eia'),
    z.literal('state'),
    z.literal('edition'),
    z.literal('name'),
    z.literal('ownership'),
    z.literal('nerc'),
  ]),
  rows: z
    .array(
      z.tuple([
        eiaShape,
        stateShape,
        z.number().int().min(0),
        z.string().min(1),
        z.number().int().min(0),
        z.string().regex(/^[A-Z]{0,4}$/),
      ]),
    )
    .min(1),
})

/** Global warming potentials over 100 years, by assessment. */
export const gwpFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('gwp'),
  dataset: z.string().min(1),
  edition: z.string().min(1),
  columns: z.tuple([z.literal('assessment'), z.literal('gas'), z.literal('value')]),
  rows: z
    .array(z.tuple([z.string().regex(/^[A-Za-z0-9-]{3,16}$/), z.enum(GASES), z.string().regex(/^\d+(\.\d+)?$/)]))
    .min(1),
})

/** Grid gross loss. */
export type GridLossFigures = z.infer<typeof gridLossFiguresShape>
/** Utilities' subregions. */
export type UtilitySubregionFigures = z.infer<typeof utilitySubregionFiguresShape>
/** Postal codes' subregions. */
export type ZipSubregionFigures = z.infer<typeof zipSubregionFiguresShape>
/** Utilities. */
export type UtilityFigures = z.infer<typeof utilityFiguresShape>
/** Global warming potentials. */
export type GwpFigures = z.infer<typeof gwpFiguresShape>
