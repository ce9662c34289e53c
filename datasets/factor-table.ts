import type { Factor, RegionType } from '#protocol'
import type { FactorFigures } from './figures.ts'

/** One series of a set: the factors of one region over the years. */
export type Series = { readonly regionType: RegionType; readonly region: string }

/** The factors of one data set, found by region type, region and year. */
export class FactorTable {
  /** Short name, also the folder's. */
  readonly name: string
  readonly #figures: FactorFigures
  readonly #series = new Map<string, Map<number, Factor>>()

  constructor(name: string, cid: string, figures: FactorFigures) {
    this.name = name
    this.#figures = figures
    for (const [editionIndex, regionType, region, year, value] of figures.rows) {
      const { dataset, unit, method, gas, boundary } = figures
      const version = figures.editions[editionIndex]?.version ?? ''
      const key = keyOf({ regionType, region })
      const byYear = this.#series.get(key) ?? new Map<number, Factor>()
      byYear.set(year, { dataset, version, regionType, region, year, value, unit, method, gas, boundary, cid })
      this.#series.set(key, byYear)
    }
  }

  /** Years of a series, ascending; empty when the set does not have the region. */
  listYears(series: Series): readonly number[] {
    return [...(this.#series.get(keyOf(series))?.keys() ?? [])]
  }

  /** The factor of exactly that year; `undefined` when the set has none: missing is not zero. */
  findFactor(series: Series, year: number): Factor | undefined {
    return this.#series.get(keyOf(series))?.get(year)
  }

  /** ISO 3166-1 alpha-2 code of an alpha-3 code of the set's countries. */
  findCountry(alpha3: string): string | undefined {
    return this.#figures.countries[alpha3]
  }

  /** True if `text` names this set: its short name, title or one of its editions, in any case. */
  isNamed(text: string): boolean {
    const wanted = text.toLowerCase()
    return [this.name, this.#figures.dataset].some((name) => name.toLowerCase() === wanted)
  }

  /** Why an edition of this set must not be used; `undefined` when `text` names no refused edition. */
  findRefusal(text: string): string | undefined {
    const wanted = text.toLowerCase()
    const refused = Object.entries(this.#figures.refused)
    return refused.find(
      ([edition]) => edition.toLowerCase().startsWith(wanted) && wanted.length >= MIN_EDITION_CHARS,
    )?.[1]
  }
}

/** `eGRID2023 v1` names the refused edition although its full name carries a date; `eGRID2023` alone does not. */
const MIN_EDITION_CHARS = 'eGRID2023 v1'.length

function keyOf(series: Series): string {
  return `${series.regionType}|${series.region}`
}
