import type { Factor, FactorMethod, FactorUse, Gas, RegionType } from '#protocol'
import { DatasetError } from './dataset-error.ts'
import type { ElectricityFigures, ElectricityGroup, RowStatus } from './electricity-figures.ts'

/** Factors of one region over the years. */
export type ElectricitySeries = {
  readonly regionType: RegionType
  readonly region: string
  readonly method: FactorMethod
  readonly use: FactorUse
  readonly gas: Gas
  /** Only this edition. */
  readonly version?: string
}

/** Why a row that a publisher once printed must not be used. */
export type UnusableRow = {
  readonly status: Exclude<RowStatus, 'usable'>
  readonly version: string
  readonly reason: string
}

/** A row of a set with what may be done with it. Only a `usable` row is a factor that a result may name. */
export type ListedFactor = {
  /** Short name of the data set. */
  readonly set: string
  readonly factor: Factor
  readonly status: RowStatus
  readonly reason?: string
}

type Entry = { readonly year: number; readonly group: ElectricityGroup; readonly value: string }
type Entries = { readonly usable: Entry[]; readonly unusable: Entry[] }

/** Which refusal explains most, when a year has several unusable rows. */
const EXPLAINS: readonly RowStatus[] = ['superseded', 'invalid', 'preliminary', 'unofficial', 'not-available']

/** The electricity factors of one data set, found by region, method, use, gas and year. */
export class ElectricityTable {
  /** Short name, also the folder's. */
  readonly name: string
  readonly figures: ElectricityFigures
  readonly #cid: string
  readonly #series = new Map<string, Entries>()

  /** @throws {DatasetError} ERR_DATASET_SHAPE when a row names no group, or two usable rows have one key. */
  constructor(name: string, cid: string, figures: ElectricityFigures) {
    this.name = name
    this.figures = figures
    this.#cid = cid
    figures.rows.forEach(([index, regionType, region, firstYear, values], row) => {
      const group = figures.groups[index]
      if (group === undefined) throw misshapen(name, `rows.${row}.0`, `names group ${index}`)
      const entries = this.#entriesOf({ ...group, regionType, region })
      values.forEach((value, i) => {
        if (value === null) return
        const entry = { year: firstYear + i, group, value }
        if (group.status === 'usable' && entries.usable.some(({ year }) => year === entry.year)) {
          throw misshapen(name, `rows.${row}`, `repeats ${keyOf({ ...group, regionType, region })}|${entry.year}`)
        }
        entries[group.status === 'usable' ? 'usable' : 'unusable'].push(entry)
      })
    })
    for (const { usable } of this.#series.values()) usable.sort((a, b) => a.year - b.year)
  }

  /** The usable factor of exactly that year; `undefined` when the set has none: missing is not zero. */
  findFactor(series: ElectricitySeries, year: number): Factor | undefined {
    const entries = this.#series.get(keyOf(series))?.usable
    const entry = entries?.find((candidate) => candidate.year === year && isOfEdition(candidate, series.version))
    return entry === undefined ? undefined : this.#factorOf(series, entry)
  }

  /** Years with a usable factor, ascending; empty when the set does not have the region. */
  listYears(series: ElectricitySeries): readonly number[] {
    const entries = this.#series.get(keyOf(series))?.usable ?? []
    return entries.filter((entry) => isOfEdition(entry, series.version)).map(({ year }) => year)
  }

  /** Why rows of that year are not used: a superseded one before a wrong one; `undefined` when there is none. */
  findUnusable(series: ElectricitySeries, year: number): UnusableRow | undefined {
    const entries = this.#series.get(keyOf(series))?.unusable ?? []
    const ofYear = entries.filter((entry) => entry.year === year && isOfEdition(entry, series.version))
    for (const status of EXPLAINS) {
      const entry = ofYear.find(({ group }) => group.status === status)
      if (entry === undefined || status === 'usable') continue
      return { status, version: entry.group.version, reason: entry.group.reason ?? status }
    }
    return undefined
  }

  /** Month with which the years of a series begin; 1 when the set does not have it. */
  firstMonthOf(series: ElectricitySeries): number {
    const entries = this.#series.get(keyOf(series))
    const entry = [...(entries?.usable ?? []), ...(entries?.unusable ?? [])].find((candidate) =>
      isOfEdition(candidate, series.version),
    )
    return entry?.group.firstMonth ?? 1
  }

  /** All rows in the order of the set, unusable ones too. */
  *listAll(): Generator<ListedFactor> {
    for (const [index, regionType, region, firstYear, values] of this.figures.rows) {
      const group = this.figures.groups[index]
      if (group === undefined) continue
      const { method, use, gas, status, reason } = group
      const series = { regionType, region, method, use, gas }
      for (const [i, value] of values.entries()) {
        if (value === null) continue
        const factor = this.#factorOf(series, { year: firstYear + i, group, value })
        yield { set: this.name, factor, status, ...(reason === undefined ? {} : { reason }) }
      }
    }
  }

  #entriesOf(series: ElectricitySeries): Entries {
    const key = keyOf(series)
    const entries = this.#series.get(key) ?? { usable: [], unusable: [] }
    this.#series.set(key, entries)
    return entries
  }

  #factorOf(series: ElectricitySeries, { year, group, value }: Entry): Factor {
    const { regionType, region, method, use, gas } = series
    const { version, unit, boundary, gwpSet, trust } = group
    const { dataset } = this.figures
    const cid = this.#cid
    return { dataset, version, regionType, region, year, value, unit, method, use, gas, boundary, gwpSet, trust, cid }
  }
}

function isOfEdition(entry: Entry, version: string | undefined): boolean {
  return version === undefined || entry.group.version === version
}

function keyOf({ regionType, region, method, use, gas }: ElectricitySeries): string {
  return `${regionType}|${region}|${method}|${use}|${gas}`
}

function misshapen(dataset: string, place: string, what: string): DatasetError {
  return new DatasetError(`data set ${dataset}: ${place} ${what}`, { code: 'ERR_DATASET_SHAPE', dataset, place })
}
