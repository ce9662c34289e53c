import type { Gas, GridLoss } from '#protocol'
import type {
  GridLossFigures,
  GwpFigures,
  UtilityFigures,
  UtilitySubregionFigures,
  ZipSubregionFigures,
} from './reference-figures.ts'

/** What a postal code says: its states, and its subregions with the predominant one first. */
export type ZipPlace = { readonly states: readonly string[]; readonly subregions: readonly string[] }

/** Who a utility is. */
export type Utility = {
  readonly name: string
  /** As EIA-861 calls it: `Cooperative`, `Investor Owned`, `Municipal`, … */
  readonly ownership: string
  /** Acronym of its NERC region; absent where the source is blank or ambiguous, or lists another state. */
  readonly nerc?: string
}

/** Grid gross losses, found by region and year. */
export class GridLossTable {
  readonly #losses = new Map<string, Map<number, GridLoss>>()

  constructor(cid: string, figures: GridLossFigures) {
    const versions = new Map(figures.editions.map(({ year, version }) => [year, version]))
    for (const [regionType, region, firstYear, values] of figures.rows) {
      const losses = new Map<number, GridLoss>()
      for (const [i, fraction] of values.entries()) {
        const year = firstYear + i
        const version = versions.get(year)
        if (fraction === null || version === undefined) continue
        losses.set(year, { dataset: figures.dataset, version, regionType, region, year, fraction, cid })
      }
      this.#losses.set(`${regionType}|${region}`, losses)
    }
  }

  /** Loss of exactly that year. */
  findGridLoss(regionType: string, region: string, year: number): GridLoss | undefined {
    return this.#losses.get(`${regionType}|${region}`)?.get(year)
  }

  /** Years with a loss, ascending. */
  listYears(regionType: string, region: string): readonly number[] {
    return [...(this.#losses.get(`${regionType}|${region}`)?.keys() ?? [])]
  }
}

/** Postal codes, found by their five digits. */
export class ZipTable {
  readonly #places = new Map<string, ZipPlace>()

  constructor(figures: ZipSubregionFigures) {
    for (const [prefix, states, subregions, endings] of figures.rows) {
      const place = { states, subregions }
      for (let i = 0; i < endings.length; i += 2) this.#places.set(prefix + endings.slice(i, i + 2), place)
    }
  }

  /** What a code says; `undefined` when the source does not have it. */
  findZip(zip: string): ZipPlace | undefined {
    return this.#places.get(zip)
  }
}

/** Utilities, found by EIA number and state. */
export class UtilityTable {
  readonly #utilities = new Map<string, Utility>()
  readonly #subregions: ReadonlyMap<string, string>

  constructor(utilities: UtilityFigures, subregions: UtilitySubregionFigures) {
    for (const [eia, state, , name, ownershipIndex, nerc] of utilities.rows) {
      const ownership = utilities.ownerships[ownershipIndex] ?? ''
      this.#utilities.set(`${eia}|${state}`, { name, ownership, ...(nerc === '' ? {} : { nerc }) })
      // The source lists a utility under its head office: elsewhere it has the same name, and maybe another NERC region.
      this.#utilities.set(`${eia}`, { name, ownership })
    }
    this.#subregions = new Map(subregions.rows.map(([eia, state, subregion]) => [`${eia}|${state}`, subregion]))
  }

  /** Who a utility is, wherever its head office is. */
  findUtility(eia: number, state: string): Utility | undefined {
    return this.#utilities.get(`${eia}|${state}`) ?? this.#utilities.get(`${eia}`)
  }

  /** eGRID subregion that a utility serves in a state. */
  findSubregion(eia: number, state: string): string | undefined {
    return this.#subregions.get(`${eia}|${state}`)
  }
}

/** Global warming potentials, found by assessment and gas. */
export class GwpTable {
  readonly #values: ReadonlyMap<string, string>

  constructor(figures: GwpFigures) {
    this.#values = new Map(figures.rows.map(([assessment, gas, value]) => [`${assessment}|${gas}`, value]))
  }

  /** Potential of a gas in a set whose name begins with the assessment: `AR5`, `AR5 (CH4 28, N2O 265)`. */
  findGwp(gwpSet: string, gas: Gas): string | undefined {
    return this.#values.get(`${gwpSet.split(' ', 1)[0] ?? ''}|${gas}`)
  }
}
