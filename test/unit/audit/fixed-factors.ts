import type { FactorKey, FactorSource } from '#audit'
import type { Factor } from '#protocol'

/** Factors for tests: a few rows, chosen so that a person can compute with them. */
export class FixedFactors implements FactorSource {
  readonly #rows: readonly FactorKeyAndValue[]

  constructor(rows: readonly FactorKeyAndValue[]) {
    this.#rows = rows
  }

  findFactor(key: FactorKey): Factor | undefined {
    const row = this.#rows.find((one) => isSameSeries(one, key) && one.year === key.year)
    if (row === undefined) return undefined
    const { dataset, regionType, region, year, value } = row
    const head = { dataset, version: `${dataset} ${year}`, regionType, region, year, value, unit: 'g/kWh' } as const
    return { ...head, method: 'location', gas: 'CO2e', boundary: 'test', cid: 'bafytest' }
  }

  listYears(series: Omit<FactorKey, 'year'>): readonly number[] {
    const rows = this.#rows.filter((one) => isSameSeries(one, series))
    return rows.map(({ year }) => year).sort((a, b) => a - b)
  }

  findSubregion(eia: number, state: string): string | undefined {
    return eia === 1 && state === 'CA' ? 'CAMX' : undefined
  }

  findCountry(alpha3: string): string | undefined {
    return alpha3 === 'IND' ? 'IN' : undefined
  }

  findDataset(text: string): { readonly name: string } | undefined {
    return text === 'egrid' || text === 'owid' ? { name: text } : undefined
  }
}

/** One row of {@link FixedFactors}; the value is in g/kWh. */
export type FactorKeyAndValue = FactorKey & { readonly value: string }

function isSameSeries(a: Omit<FactorKey, 'year'>, b: Omit<FactorKey, 'year'>): boolean {
  return a.dataset === b.dataset && a.regionType === b.regionType && a.region === b.region
}
