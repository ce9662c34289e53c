import type { Factor } from '#protocol'
import type { FactorTable, Series } from './factor-table.ts'
import type { CrosswalkFigures, DatasetManifest } from './figures.ts'

/** What {@link Datasets} is made from. */
export type DatasetsInit = {
  readonly manifests: readonly DatasetManifest[]
  readonly tables: readonly FactorTable[]
  readonly crosswalk: CrosswalkFigures
}

/** Key of one factor: a data set's short name, a region and a year. */
export type FactorQuery = Series & { readonly dataset: string; readonly year: number }

/** All shipped data sets. Missing is `undefined`, never zero; a published zero is a factor. */
export class Datasets {
  readonly manifests: readonly DatasetManifest[]
  readonly #tables: ReadonlyMap<string, FactorTable>
  readonly #subregions: ReadonlyMap<string, string>

  constructor(init: DatasetsInit) {
    this.manifests = init.manifests
    this.#tables = new Map(init.tables.map((table) => [table.name, table]))
    this.#subregions = new Map(init.crosswalk.rows.map(([eia, state, subregion]) => [`${eia}|${state}`, subregion]))
  }

  /** The factor of exactly that year. */
  findFactor(query: FactorQuery): Factor | undefined {
    return this.#tables.get(query.dataset)?.findFactor(query, query.year)
  }

  /** Years that a region has, ascending. */
  listYears(query: Omit<FactorQuery, 'year'>): readonly number[] {
    return this.#tables.get(query.dataset)?.listYears(query) ?? []
  }

  /** eGRID subregion that a utility serves in a state. */
  findSubregion(eia: number, state: string): string | undefined {
    return this.#subregions.get(`${eia}|${state}`)
  }

  /** ISO 3166-1 alpha-2 code of an alpha-3 code. */
  findCountry(alpha3: string): string | undefined {
    return [...this.#tables.values()].map((table) => table.findCountry(alpha3)).find((code) => code !== undefined)
  }

  /** Short name of the set that a text names, or why the edition it names is refused; `undefined` when unknown. */
  findDataset(text: string): { readonly name: string } | { readonly refused: string } | undefined {
    for (const table of this.#tables.values()) {
      const refused = table.findRefusal(text)
      if (refused !== undefined) return { refused }
      if (table.isNamed(text)) return { name: table.name }
    }
    return undefined
  }
}
