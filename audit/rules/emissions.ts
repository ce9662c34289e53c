import {
  addRationals,
  countDaysByYear,
  makeRational,
  multiplyRationals,
  parseCivilDate,
  parseDecimal,
  roundHalfEven,
  spanOfYear,
  toGramsPerKWh,
  toKWh,
} from '#protocol'
import type { DaySpan, Derivation, DerivationPart, Factor, Place, Quantity, Rational, YearDays } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { FactorSource } from './factor-source.ts'
import { listCandidates } from './regions.ts'
import type { Candidate } from './regions.ts'

/** Version of the rules; another version is another network (DESIGN 3). */
export const RULES_VERSION = 'rules-1'

/** When energy was used: civil days `YYYY-MM-DD`, half-open, or a whole calendar year. */
export type When = { readonly service: { readonly start: string; readonly end: string } } | { readonly year: number }

/** Input of {@link computeEmissions}. */
export type EmissionsInput = When & {
  readonly place: Place
  readonly energy: Quantity
  readonly source: FactorSource
  /** Name of a data set to use instead of the one for the place. */
  readonly dataset?: string
  /** @default 'location' */
  readonly method?: string
}

/**
 * Location-based emissions of an amount of energy, exactly (DESIGN 7).
 *
 * The energy is spread over the calendar years of the period by civil days; each part takes its own year's factor, or
 * the latest earlier year's; all parts take the same level of region. Grams are rounded once, half to even.
 *
 * @throws {AuditError} ERR_FACTOR_NOT_AVAILABLE, ERR_FACTOR_SUPERSEDED, ERR_FACTOR_DATASET_UNKNOWN,
 * ERR_FACTOR_METHOD_NOT_AVAILABLE, ERR_PLACE_UNKNOWN, ERR_PLACE_CONFLICT, ERR_ENERGY_NEGATIVE.
 * @throws {ValueError} ERR_VALUE_DATE, ERR_VALUE_PERIOD.
 */
export function computeEmissions(input: EmissionsInput): Derivation {
  const { source, energy, method = 'location' } = input
  if (method !== 'location') {
    throw new AuditError(`method ${JSON.stringify(method)} is not for footprints of ${RULES_VERSION}; use "location"`, {
      code: 'ERR_FACTOR_METHOD_NOT_AVAILABLE',
      method,
    })
  }
  if (energy.value.u < 0n) throw new AuditError('consumption is negative', { code: 'ERR_ENERGY_NEGATIVE' })
  const place = normalizePlace(input.place, source)
  const dataset = input.dataset === undefined ? undefined : getDatasetName(input.dataset, source)
  const years = listYearDays(input)
  const { candidate, factors } = chooseLevel(listCandidates(place, source, dataset), years, source)
  const kWh = toKWh(energy)
  const allDays = years.reduce((sum, { days }) => sum + days, 0)
  const parts = factors.map((factor, index): DerivationPart => {
    const { year, days } = years[index] ?? { year: factor.year, days: 0 }
    const share = makeRational(BigInt(days), BigInt(allDays))
    const vintage = factor.year === year ? 'exact' : 'fallback'
    return { year, days, kWh: multiplyRationals(kWh, share), factor, vintage }
  })
  const exact = parts.map(gramsOf).reduce(addRationals, makeRational(0n))
  const level = candidate.regionType
  return { rules: RULES_VERSION, place, kWh, parts, level, exact, gramsCO2e: roundHalfEven(exact) }
}

function gramsOf(part: DerivationPart): Rational {
  return multiplyRationals(part.kWh, toGramsPerKWh(parseDecimal(part.factor.value), part.factor.unit))
}

function listYearDays(when: When): YearDays[] {
  return countDaysByYear('year' in when ? spanOfYear(when.year) : spanOf(when.service))
}

function spanOf(service: { readonly start: string; readonly end: string }): DaySpan {
  return { start: parseCivilDate(service.start), end: parseCivilDate(service.end) }
}

/** The most specific level at which every part has a factor, and those factors. */
function chooseLevel(
  candidates: readonly Candidate[],
  years: readonly YearDays[],
  source: FactorSource,
): { candidate: Candidate; factors: Factor[] } {
  for (const candidate of candidates) {
    const factors = years.map(({ year }) => findFactorUpTo(candidate, year, source)).filter((f) => f !== undefined)
    if (factors.length === years.length) return { candidate, factors }
  }
  const last = candidates.at(-1)
  const year = years[0]?.year ?? 0
  const found = last === undefined ? '' : `${last.regionType} ${last.region}`
  throw new AuditError(`no factor for ${found} in ${year} or an earlier year (${last?.dataset ?? ''})`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: found,
    year,
  })
}

/** DESIGN 7: the year of consumption, else the latest earlier year; never a later year for an earlier bill. */
function findFactorUpTo(candidate: Candidate, year: number, source: FactorSource): Factor | undefined {
  const published = source.listYears(candidate).findLast((known) => known <= year)
  return published === undefined ? undefined : source.findFactor({ ...candidate, year: published })
}

function getDatasetName(text: string, source: FactorSource): string {
  const found = source.findDataset(text)
  if (found === undefined) {
    const dataset = text.slice(0, 64)
    throw new AuditError(`unknown data set ${JSON.stringify(dataset)}`, { code: 'ERR_FACTOR_DATASET_UNKNOWN', dataset })
  }
  if ('refused' in found) {
    throw new AuditError(`${text} must not be used: ${found.refused}`, { code: 'ERR_FACTOR_SUPERSEDED', dataset: text })
  }
  return found.name
}

/**
 * One spelling for one place: upper case, alpha-2 country, state without country; Puerto Rico is a state of the US
 * (ISO 3166 lists it as a country too, and one place must not have two figures).
 */
function normalizePlace(place: Place, source: FactorSource): Place {
  const given = place.country.toUpperCase()
  const alpha2 = given.length === 3 ? source.findCountry(given) : given
  if (alpha2 === undefined || !/^[A-Z]{2}$/.test(alpha2)) {
    throw new AuditError(`unknown country ${JSON.stringify(given)}`, { code: 'ERR_PLACE_UNKNOWN', found: given })
  }
  if (alpha2 === 'PR') return normalizePlace({ ...place, country: 'US', state: 'PR' }, source)
  const { state, utility, subregion, zip } = place
  return {
    country: alpha2,
    ...(state === undefined ? {} : { state: withoutCountry(state, alpha2) }),
    ...(utility === undefined ? {} : { utility: { eia: utility.eia, state: withoutCountry(utility.state, alpha2) } }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion: subregion.toUpperCase() }),
  }
}

function withoutCountry(state: string, country: string): string {
  const upper = state.toUpperCase()
  return upper.startsWith(`${country}-`) ? upper.slice(country.length + 1) : upper
}
