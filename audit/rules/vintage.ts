import { parseDecimal, toGramsPerKWh } from '#protocol'
import type { Factor, Rational, Vintage } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { FactorSeries, FactorSource } from './factor-source.ts'

/** No set of electricity factors begins earlier; bounds the search for a reason when there is no factor. */
const FIRST_PUBLISHED_YEAR = 1990

/** Most figures that are kept converted: all shipped sets together have about 8,000. */
const MAX_CONVERTED_FIGURES = 16_384

/** Figures in grams per kWh by published value and unit; most bills of a batch share a few. */
const convertedFigures = new Map<string, Rational>()

/** Grams per kWh of a factor, exactly. */
export function gramsPerKWhOf({ value, unit }: Factor): Rational {
  const key = `${value} ${unit}`
  const known = convertedFigures.get(key)
  if (known !== undefined) return known
  const grams = toGramsPerKWh(parseDecimal(value), unit)
  if (convertedFigures.size >= MAX_CONVERTED_FIGURES) convertedFigures.clear()
  convertedFigures.set(key, grams)
  return grams
}

/** Latest year up to `year`; DESIGN 7: never a later year for an earlier bill. `years` ascend. */
export function findYearUpTo(years: readonly number[], year: number): number | undefined {
  return years.findLast((known) => known <= year)
}

/** Factor of the year of consumption, else of the latest earlier year. */
export function findFactorUpTo(series: FactorSeries, year: number, source: FactorSource): Factor | undefined {
  const exact = source.findFactor({ ...series, year })
  if (exact !== undefined) return exact
  const published = findYearUpTo(source.listYears(series), year)
  return published === undefined ? undefined : source.findFactor({ ...series, year: published })
}

/** Whether figures of these years are those of the year of consumption. */
export function vintageOf(year: number, ...published: readonly number[]): Vintage {
  return published.every((known) => known === year) ? 'exact' : 'fallback'
}

/**
 * Why no factor serves: a row of that very year is a published error, or all rows up to it are withdrawn, or there are
 * none.
 */
export function explainAbsence(
  wanted: readonly { readonly series: FactorSeries; readonly years: readonly number[] }[],
  source: FactorSource,
): AuditError {
  const absences = wanted.flatMap(({ series, years }) =>
    years.filter((year) => findFactorUpTo(series, year, source) === undefined).map((year) => ({ series, year })),
  )
  for (const { series, year } of absences) {
    const row = source.findUnusable({ ...series, year })
    if (row?.status === 'invalid') {
      const message = `${describe(series)} of ${year} in ${row.version} is a published error: ${row.reason}`
      return new AuditError(message, { code: 'ERR_FACTOR_INVALID', dataset: series.dataset, year })
    }
  }
  for (const { series, year } of absences) {
    for (let earlier = year; earlier >= FIRST_PUBLISHED_YEAR; earlier -= 1) {
      const row = source.findUnusable({ ...series, year: earlier })
      if (row?.status === 'superseded') {
        const message = `${describe(series)} has for ${year} only ${row.version}, which is withdrawn: ${row.reason}`
        return new AuditError(message, { code: 'ERR_FACTOR_SUPERSEDED', dataset: series.dataset })
      }
    }
  }
  return notAvailable(absences.at(-1), source)
}

function notAvailable(
  absence: { readonly series: FactorSeries; readonly year: number } | undefined,
  source: FactorSource,
): AuditError {
  if (absence === undefined) throw new Error('a factor that is there needs no explanation')
  const { series, year } = absence
  const row = source.findUnusable({ ...series, year })
  const hint = row === undefined ? '' : `; ${row.version} is ${row.status}: ${row.reason}`
  return new AuditError(`no factor for ${describe(series)} in ${year} or an earlier year${hint}`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: `${series.regionType} ${series.region}`,
    year,
  })
}

function describe({ regionType, region, dataset, version }: FactorSeries): string {
  return `${regionType} ${region} (${version ?? dataset})`
}
