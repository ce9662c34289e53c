import type { ActivitySeries, FactorKey, FactorSeries, FactorSource, Unusable, ZipArea } from '#audit'
import type { ActivityFactor, ActivityItem, ActivityUnit, Factor, Gas, GridLoss } from '#protocol'

/** One row of {@link FixedFactors}: what differs from a plain location-based factor in g/kWh. */
export type FactorRow = Pick<Factor, 'dataset' | 'regionType' | 'region' | 'year' | 'value'> & Partial<Factor>

/** A published row that must not be used. */
export type UnusableRow = FactorRow & Pick<Unusable, 'status'>

/** One row of activities; fields of the item that are left out are empty. */
export type ActivityRow = Pick<ActivityFactor, 'dataset' | 'year' | 'value' | 'per'> &
  Partial<Omit<ActivityFactor, 'item'>> & { readonly item: Partial<ActivityItem> }

/** What {@link FixedFactors} is made from; what is left out is empty. */
export type FixedFactorsInit = {
  readonly rows: readonly FactorRow[]
  readonly unusable?: readonly UnusableRow[]
  readonly losses?: readonly Pick<GridLoss, 'regionType' | 'region' | 'year' | 'fraction'>[]
  readonly activities?: readonly ActivityRow[]
  /** Region served, by `EIA number|state`. */
  readonly utilities?: Readonly<Record<string, string>>
  readonly zips?: Readonly<Record<string, ZipArea>>
  /** First month of the years of a set; January for the others. */
  readonly firstMonths?: Readonly<Record<string, number>>
  /** Editions that are withdrawn, with the reason. */
  readonly refused?: Readonly<Record<string, string>>
}

const CID = 'bafytest'
const COUNTRIES = new Map([
  ['IND', 'IN'],
  ['DEU', 'DE'],
  ['USA', 'US'],
])
const GWPS = new Map([
  ['AR5|CH4', '28'],
  ['AR5|N2O', '265'],
])

/** Factors for tests: a few rows, chosen so that a person can compute with them; found by reading them one by one. */
export class FixedFactors implements FactorSource {
  readonly #init: FixedFactorsInit
  readonly #factors: readonly Factor[]
  readonly #unusable: readonly { readonly factor: Factor; readonly status: Unusable['status'] }[]
  readonly #losses: readonly GridLoss[]
  readonly #activities: readonly ActivityFactor[]

  constructor(init: FixedFactorsInit) {
    this.#init = init
    this.#factors = init.rows.map(factorOf)
    this.#unusable = (init.unusable ?? []).map(({ status, ...row }) => ({ factor: factorOf(row), status }))
    this.#losses = (init.losses ?? []).map((row) => {
      return { dataset: 'eGRID grid gross loss', version: `eGRID${row.year}`, cid: CID, ...row }
    })
    this.#activities = (init.activities ?? []).map(activityOf)
  }

  findFactor(key: FactorKey): Factor | undefined {
    return this.#factors.find((factor) => isOfSeries(factor, key) && factor.year === key.year)
  }

  listYears(series: FactorSeries): readonly number[] {
    return ascending(this.#factors.filter((factor) => isOfSeries(factor, series)))
  }

  findUnusable(key: FactorKey): Unusable | undefined {
    const rows = this.#unusable.filter(({ factor }) => isOfSeries(factor, key) && factor.year === key.year)
    const row = rows.find(({ status }) => status === 'superseded') ?? rows[0]
    if (row === undefined) return undefined
    return { status: row.status, version: row.factor.version, reason: 'as a test says' }
  }

  firstMonthOf(series: FactorSeries): number {
    return this.#init.firstMonths?.[series.dataset] ?? 1
  }

  findGridLoss(regionType: 'subregion' | 'country', region: string, year: number): GridLoss | undefined {
    return this.#losses.find((loss) => isOfArea(loss, regionType, region) && loss.year === year)
  }

  listGridLossYears(regionType: 'subregion' | 'country', region: string): readonly number[] {
    return ascending(this.#losses.filter((loss) => isOfArea(loss, regionType, region)))
  }

  findActivity(series: ActivitySeries, year: number): ActivityFactor | undefined {
    return this.#activities.find((factor) => isOfActivity(factor, series) && factor.year === year)
  }

  listActivityYears(series: ActivitySeries): readonly number[] {
    return ascending(this.#activities.filter((factor) => isOfActivity(factor, series)))
  }

  listActivities(
    dataset: string,
    like: Partial<ActivityItem>,
  ): readonly { item: ActivityItem; units: readonly ActivityUnit[] }[] {
    const found = new Map<string, { item: ActivityItem; units: ActivityUnit[] }>()
    for (const { dataset: ofSet, item, per } of this.#activities) {
      if (ofSet !== dataset || !isLike(item, like)) continue
      const entry = found.get(JSON.stringify(item)) ?? { item, units: [] }
      if (!entry.units.includes(per)) entry.units.push(per)
      found.set(JSON.stringify(item), entry)
    }
    return [...found.values()]
  }

  findSubregion(eia: number, state: string): string | undefined {
    return own(this.#init.utilities, `${eia}|${state}`)
  }

  findZip(zip: string): ZipArea | undefined {
    return own(this.#init.zips, zip)
  }

  listSubregionsOfState(state: string): readonly string[] {
    const areas = Object.values(this.#init.zips ?? {}).filter(({ states }) => states.includes(state))
    return [...new Set(areas.flatMap(({ subregions }) => subregions))]
  }

  findCountry(alpha3: string): string | undefined {
    return COUNTRIES.get(alpha3)
  }

  findDataset(
    text: string,
    kind?: 'electricity' | 'activities',
  ): { readonly name: string; readonly version?: string } | { readonly refused: string } | undefined {
    const refused = own(this.#init.refused, text)
    if (refused !== undefined) return { refused }
    const electricity = [...this.#factors, ...this.#unusable.map(({ factor }) => factor)]
    const rows = [...(kind === 'activities' ? [] : electricity), ...(kind === 'electricity' ? [] : this.#activities)]
    const wanted = text.toLowerCase()
    const set = rows.find(({ dataset }) => dataset.toLowerCase() === wanted)
    if (set !== undefined) return { name: set.dataset }
    const edition = rows.find(({ version }) => version.toLowerCase() === wanted)
    return edition === undefined ? undefined : { name: edition.dataset, version: edition.version }
  }

  findGwp(gwpSet: string, gas: Gas): string | undefined {
    return GWPS.get(`${gwpSet}|${gas}`)
  }
}

/** A source of electricity factors alone. */
export function fixedFactors(rows: readonly FactorRow[], more: Omit<FixedFactorsInit, 'rows'> = {}): FixedFactors {
  return new FixedFactors({ rows, ...more })
}

function factorOf(row: FactorRow): Factor {
  return {
    version: `${row.dataset} ${row.year}`,
    unit: 'g/kWh',
    method: 'location',
    use: 'generation',
    gas: 'CO2e',
    boundary: 'test',
    gwpSet: 'AR4',
    trust: 'primary',
    cid: CID,
    ...row,
  }
}

function activityOf(row: ActivityRow): ActivityFactor {
  const item = { scope: '1', category: '', group: '', name: '', detail: '', variant: '', ...row.item } as const
  const version = `${row.dataset} ${row.year}`
  return { version, mass: 'kg', gas: 'CO2e', gwpSet: 'AR5', trust: 'primary', cid: CID, ...row, item }
}

function isOfSeries(factor: Factor, series: FactorSeries): boolean {
  const isOfEdition = series.version === undefined || series.version === factor.version
  const fields = ['dataset', 'regionType', 'region', 'method', 'use', 'gas'] as const
  return isOfEdition && fields.every((field) => factor[field] === series[field])
}

function isOfArea(loss: GridLoss, regionType: string, region: string): boolean {
  return loss.regionType === regionType && loss.region === region
}

function isOfActivity(factor: ActivityFactor, series: ActivitySeries): boolean {
  const isSame = factor.dataset === series.dataset && factor.per === series.per && factor.gas === series.gas
  return isSame && isLike(factor.item, series.item)
}

function isLike(item: ActivityItem, like: Partial<ActivityItem>): boolean {
  return Object.entries(like).every(([field, text]) => item[field as keyof ActivityItem] === text)
}

function ascending(rows: readonly { readonly year: number }[]): readonly number[] {
  return rows.map(({ year }) => year).sort((a, b) => a - b)
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
