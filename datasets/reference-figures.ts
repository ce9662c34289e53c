import { z } from 'zod'
import { GASES } from '#protocol'
import type { Gas } from '#protocol'
import { isIndex, isSeries, isText, isYear, rowShape } from './row-shape.ts'
import { textShape } from './text-shape.ts'

const STATE = /^[A-Z]{2}$/
const SUBREGION = /^[A-Z]{4}$/

/** Kind of region, region, first year, and fractions from that year on; `null` where there is none. */
export type GridLossRow = readonly [
  regionType: 'subregion' | 'country',
  region: string,
  firstYear: number,
  values: readonly (string | null)[],
]

/** EIA number, state where it serves, subregion. */
export type UtilitySubregionRow = readonly [eia: number, state: string, subregion: string]

/**
 * First three digits, states, subregions with the predominant one first, and the last two digits of all codes for which
 * that holds, ascending, without separator.
 */
export type ZipSubregionRow = readonly [
  prefix: string,
  states: readonly string[],
  subregions: readonly string[],
  endings: string,
]

/** EIA number, state of the head office, indexes of edition and ownership, and a NERC region or an empty text. */
export type UtilityRow = readonly [
  eia: number,
  state: string,
  edition: number,
  name: string,
  ownership: number,
  nerc: string,
]

/** Assessment report, gas, potential over 100 years. */
export type GwpRow = readonly [assessment: string, gas: Gas, value: string]

/** Share of generation that is lost on the grid, by place and year. */
export const gridLossFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('grid-loss'),
  /** Name as the publisher writes it. */
  dataset: textShape,
  /** One edition a year. */
  editions: z.array(z.strictObject({ year: z.number().int().refine(isYear), version: textShape })).min(1),
  columns: z.tuple([z.literal('regionType'), z.literal('region'), z.literal('firstYear'), z.literal('values')]),
  rows: z
    .array(
      rowShape<GridLossRow>(
        ([regionType, region, firstYear, values]) =>
          isText(regionType, /^(?:subregion|country)$/) &&
          isText(region, /^[A-Z]{2,4}$/) &&
          isYear(firstYear) &&
          isSeries(values, /^0\.\d{1,12}$/),
        4,
      ),
    )
    .min(1),
})

/** Which eGRID subregion a utility serves in a state. */
export const utilitySubregionFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('utility-subregion'),
  dataset: textShape,
  edition: textShape,
  columns: z.tuple([z.literal('eia'), z.literal('state'), z.literal('subregion')]),
  rows: z
    .array(
      rowShape<UtilitySubregionRow>(
        ([eia, state, subregion]) => isIndex(eia) && isText(state, STATE) && isText(subregion, SUBREGION),
        3,
      ),
    )
    .min(1),
})

/** In which states and subregions a postal code lies. */
export const zipSubregionFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('zip-subregion'),
  dataset: textShape,
  edition: textShape,
  columns: z.tuple([z.literal('prefix'), z.literal('states'), z.literal('subregions'), z.literal('endings')]),
  rows: z
    .array(
      rowShape<ZipSubregionRow>(
        ([prefix, states, subregions, endings]) =>
          isText(prefix, /^\d{3}$/) &&
          isListOf(states, STATE) &&
          isListOf(subregions, SUBREGION) &&
          isText(endings, /^(?:\d\d){1,100}$/),
        4,
      ),
    )
    .min(1),
})

/** Who a utility is; `nerc` is empty where the source is ambiguous or blank. */
export const utilityFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('utilities'),
  dataset: textShape,
  editions: z.array(textShape).min(1),
  ownerships: z.array(textShape).min(1),
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
      rowShape<UtilityRow>(
        ([eia, state, edition, name, ownership, nerc]) =>
          isIndex(eia) &&
          isText(state, STATE) &&
          isIndex(edition) &&
          isText(name, /^[^\p{Cc}\p{Cf}]{1,120}$/u) &&
          isIndex(ownership) &&
          isText(nerc, /^[A-Z]{0,4}$/),
        6,
      ),
    )
    .min(1),
})

/** Global warming potentials over 100 years, by assessment. */
export const gwpFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('gwp'),
  dataset: textShape,
  edition: textShape,
  columns: z.tuple([z.literal('assessment'), z.literal('gas'), z.literal('value')]),
  rows: z
    .array(
      rowShape<GwpRow>(
        ([assessment, gas, value]) =>
          isText(assessment, /^[A-Za-z0-9-]{3,16}$/) &&
          GASES.some((known) => known === gas) &&
          isText(value, /^\d{1,6}(?:\.\d{1,6})?$/),
        3,
      ),
    )
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

function isListOf(value: unknown, pattern: RegExp): boolean {
  return Array.isArray(value) && value.length >= 1 && value.every((text) => isText(text, pattern))
}
