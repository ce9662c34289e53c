import type { Figures } from '../figures.ts'
import type { SourceRow, SourceTable } from './source-table.ts'

/** How one set is made from one source table. */
export type Recipe = {
  /** Short name, also the folder's. */
  readonly name: string
  readonly title: string
  readonly publisher: string
  /** SPDX identifier, or `LicenseRef-…`. */
  readonly licence: string
  /** File with the source table. */
  readonly file: string
  /** True for a set that is not shipped: its licence or its figures have to be looked at by whoever uses it. */
  readonly isOptional: boolean
  /** Decisions about figures that a reader might ask about. */
  readonly notes: readonly string[]
  /** Makes the figures; each row of the table has to be used or left out. */
  make(table: SourceTable, tally: Tally): Figures
}

/** Counts what becomes of each row of a source, so that none is lost silently. */
export class Tally {
  readonly #used = new Set<SourceRow>()
  readonly #leftOut = new Map<SourceRow, string>()
  readonly #origins = new Map<string, number>()

  /** The row is in the set; `origin` says where the collector found it. */
  use(row: SourceRow, origin: string): void {
    this.#refuseTwice(row)
    this.#used.add(row)
    this.#origins.set(origin, (this.#origins.get(origin) ?? 0) + 1)
  }

  /** The row is not in the set, for this reason. */
  leaveOut(row: SourceRow, reason: string): void {
    this.#refuseTwice(row)
    this.#leftOut.set(row, reason)
  }

  /** How many rows were used, and how many left out for each reason. @throws {DatasetError} for a row that is in neither. */
  count(table: SourceTable): {
    readonly used: number
    readonly leftOut: { rows: number; reason: string }[]
    readonly origins: { rows: number; origin: string }[]
  } {
    const lost = table.rows.find((row) => !this.#used.has(row) && !this.#leftOut.has(row))
    if (lost !== undefined) throw lost.error('is neither used nor left out')
    const reasons = new Map<string, number>()
    for (const reason of this.#leftOut.values()) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    return {
      used: this.#used.size,
      leftOut: [...reasons].map(([reason, rows]) => ({ rows, reason })),
      origins: [...this.#origins].map(([origin, rows]) => ({ rows, origin })),
    }
  }

  #refuseTwice(row: SourceRow): void {
    if (this.#used.has(row) || this.#leftOut.has(row)) throw row.error('was used or left out before')
  }
}

/** Order of texts by code unit: the same under every locale. */
export function orderTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
