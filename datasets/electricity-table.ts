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

/** A row of the figures with its group. */
type Run = { readonly group: ElectricityGroup; readonly firstYear: number; readonly values: readonly (string | null)[] }
type Runs = { readonly usable: Run[]; readonly unusable: Run[] }

/** Which refusal explains most, when a year has several unusable rows. */
const EXPLAINS: readonly RowStatus[] = ['superseded', 'invalid', 'preliminary', 'unofficial', 'not-available']

/** A figure that may be used; one that explains a refusal is as printed. */
const USABLE = /^\d+(?:\.\d+)?$/

/** The electricity factors of one data set, found by region, method, use, gas and year. */
export class ElectricityTable {
  /** Short name, also the folder's. */
  readonly name: string
  readonly figures: ElectricityFigures
  readonly #cid: string
  readonly #series = new Map<string, Runs>()

  /**
   * @throws {DatasetError} ERR_DATASET_SHAPE when a row names no group, two usable rows have one key, or a usable figure is
   * no plain number.
   */
  constructor(name: string, cid: string, figures: ElectricityFigures) {
    this.name = name
    this.figures = figures
    this.#cid = cid
    figures.rows.forEach(([index, regionType, region, firstYear, values], row) => {
      const group = figures.groups[index]
      if (group === undefined) throw misshapen(name, `rows.${row}.0`, `names group ${index}`)
      const key = keyOf({ ...group, regionType, region })
      const runs = this.#series.get(key) ?? { usable: [], unusable: [] }
      this.#series.set(key, runs)
      if (group.status === 'usable' && values.some((value) => value !== null && !USABLE.test(value))) {
        throw misshapen(name, `rows.${row}`, 'is for use, and has a figure that is negative or no plain number')
      }
      const run = { group, firstYear, values }
      if (group.status === 'usable' && runs.usable.some((known) => overlap(known, run))) {
        throw misshapen(name, `rows.${row}`, `repeats a year of ${key}`)
      }
      runs[group.status === 'usable' ? 'usable' : 'unusable'].push(run)
    })
  }

  /** The usable factor of exactly that year; `undefined` when the set has none: missing is not zero. */
  findFactor(series: ElectricitySeries, year: number): Factor | undefined {
    for (const run of this.#series.get(keyOf(series))?.usable ?? []) {
      const value = valueOf(run, year)
      if (value !== undefined && isOfEdition(run, series.version)) return this.#factorOf(series, year, run.group, value)
    }
    return undefined
  }

  /** Years with a usable factor, ascending; empty when the set does not have the region. */
  listYears(series: ElectricitySeries): readonly number[] {
    const runs = this.#series.get(keyOf(series))?.usable ?? []
    const years = runs.filter((run) => isOfEdition(run, series.version)).flatMap(yearsOf)
    return years.sort((a, b) => a - b)
  }

  /** Why rows of that year are not used: a superseded one before a wrong one; `undefined` when there is none. */
  findUnusable(series: ElectricitySeries, year: number): UnusableRow | undefined {
    const runs = this.#series.get(keyOf(series))?.unusable ?? []
    const ofYear = runs.filter((run) => valueOf(run, year) !== undefined && isOfEdition(run, series.version))
    for (const status of EXPLAINS) {
      const group = ofYear.find((run) => run.group.status === status)?.group
      if (group === undefined || status === 'usable') continue
      return { status, version: group.version, reason: group.reason ?? status }
    }
    return undefined
  }

  /** Month with which the years of a series begin; 1 when the set does not have it. */
  firstMonthOf(series: ElectricitySeries): number {
    const { usable = [], unusable = [] } = this.#series.get(keyOf(series)) ?? {}
    const runs = [...usable, ...unusable].filter((run) => isOfEdition(run, series.version))
    return runs[0]?.group.firstMonth ?? 1
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
        const factor = this.#factorOf(series, firstYear + i, group, value)
        yield { set: this.name, factor, status, ...(reason === undefined ? {} : { reason }) }
      }
    }
  }

  #factorOf(series: ElectricitySeries, year: number, group: ElectricityGroup, value: string): Factor {
    const { regionType, region, method, use, gas } = series
    const { version, unit, boundary, gwpSet, trust } = group
    const { dataset } = this.figures
    const cid = this.#cid
    return { dataset, version, regionType, region, year, value, unit, method, use, gas, boundary, gwpSet, trust, cid }
  }
}

/** Value of a year; `undefined` where the run has none. */
function valueOf(run: Run, year: number): string | undefined {
  return run.values[year - run.firstYear] ?? undefined
}

function yearsOf(run: Run): number[] {
  return run.values.flatMap((value, i) => (value === null ? [] : [run.firstYear + i]))
}

function overlap(a: Run, b: Run): boolean {
  return yearsOf(a).some((year) => valueOf(b, year) !== undefined)
}

function isOfEdition(run: Run, version: string | undefined): boolean {
  return version === undefined || run.group.version === version
}

function keyOf({ regionType, region, method, use, gas }: ElectricitySeries): string {
  return `${regionType}|${region}|${method}|${use}|${gas}`
}

function misshapen(dataset: string, place: string, what: string): DatasetError {
  return new DatasetError(`data set ${dataset}: ${place} ${what}`, { code: 'ERR_DATASET_SHAPE', dataset, place })
}
