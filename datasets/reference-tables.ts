import type { Gas, GridLoss } from '#protocol'
import type {
  GridLossFigures,
  GwpFigures,
  UtilityFigures,
  UtilityRow,
  UtilitySubregionFigures,
  ZipSubregionFigures,
  ZipSubregionRow,
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
  readonly #byPrefix = new Map<string, ZipSubregionRow[]>()
  /** Made when it is first asked for: few requests name both a subregion and a state. */
  readonly #ofStates = new Map<string, readonly string[]>()

  constructor(figures: ZipSubregionFigures) {
    for (const row of figures.rows) {
      const rows = this.#byPrefix.get(row[0])
      if (rows === undefined) this.#byPrefix.set(row[0], [row])
      else rows.push(row)
    }
  }

  /** Subregions in which any code of a state lies, ascending; empty when the source has none of it. */
  listSubregionsOfState(state: string): readonly string[] {
    if (this.#ofStates.size === 0) {
      for (const [, states, subregions] of [...this.#byPrefix.values()].flat()) {
        for (const it of states) this.#ofStates.set(it, [...(this.#ofStates.get(it) ?? []), ...subregions])
      }
      for (const [it, subregions] of this.#ofStates) this.#ofStates.set(it, [...new Set(subregions)].sort())
    }
    return this.#ofStates.get(state) ?? []
  }

  /** What a code says; `undefined` when the source does not have it. */
  findZip(zip: string): ZipPlace | undefined {
    // A table of all 41,588 codes would take longer to make than a node's life of look-ups in the packed texts.
    for (const [, states, subregions, endings] of this.#byPrefix.get(zip.slice(0, 3)) ?? []) {
      for (let i = 0; i < endings.length; i += 2) {
        if (zip[3] === endings[i] && zip[4] === endings[i + 1] && zip.length === 5) return { states, subregions }
      }
    }
    return undefined
  }
}

/** Utilities, found by EIA number and state. */
export class UtilityTable {
  readonly #figures: UtilityFigures
  readonly #utilities = new Map<number, UtilityRow[]>()
  readonly #subregions: ReadonlyMap<string, string>

  constructor(utilities: UtilityFigures, subregions: UtilitySubregionFigures) {
    this.#figures = utilities
    for (const row of utilities.rows) {
      const rows = this.#utilities.get(row[0])
      if (rows === undefined) this.#utilities.set(row[0], [row])
      else rows.push(row)
    }
    this.#subregions = new Map(subregions.rows.map(([eia, state, subregion]) => [`${eia}|${state}`, subregion]))
  }

  /**
   * Who a utility is. The source lists it under its head office: asked for elsewhere it has the same name, and no NERC region,
   * which may be another one there.
   */
  findUtility(eia: number, state: string): Utility | undefined {
    const rows = this.#utilities.get(eia) ?? []
    const here = rows.find((row) => row[1] === state)
    const row = here ?? rows[0]
    if (row === undefined) return undefined
    const [, , , name, ownership, nerc] = row
    return {
      name,
      ownership: this.#figures.ownerships[ownership] ?? '',
      ...(here === undefined || nerc === '' ? {} : { nerc }),
    }
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
