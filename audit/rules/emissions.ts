import { roundHalfEven, toKWh } from '#protocol'
import type { Derivation, MarketResult, Place, Quantity } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { spanOf } from './apportion.ts'
import type { ReadingWeight, When } from './apportion.ts'
import { chooseDatasets } from './dataset-choice.ts'
import type { FactorSource } from './factor-source.ts'
import { orderInstruments } from './instrument.ts'
import type { Instrument } from './instrument.ts'
import { computeLocation } from './location.ts'
import type { LocationResult } from './location.ts'
import { computeMarket, findResidualMix } from './market.ts'
import { normalizePlace } from './place.ts'
import { listCandidates } from './regions.ts'
import { computeUpstream } from './upstream.ts'

/** Version of the rules; another version is another network (DESIGN 3). */
export const RULES_VERSION = 'rules-1'

/** Input of {@link computeEmissions}. */
export type EmissionsInput = When & {
  readonly place: Place
  readonly energy: Quantity
  readonly source: FactorSource
  /** Name or edition of a data set to use instead of the one for the place. */
  readonly dataset?: string
  /** `market` asks for the market-based result beside the location-based one. @default 'location' */
  readonly method?: string
  /** What readings show for each calendar year of the period; better than counting days. */
  readonly readings?: readonly ReadingWeight[]
  readonly instruments?: readonly Instrument[]
  /** The bill calls its electricity green. */
  readonly isGreenTariff?: boolean
}

/**
 * Emissions of an amount of electricity, exactly (DESIGN 7): location-based always, market-based where there is
 * something to decide on, and the Scope 3 lines that the data sets have.
 *
 * The energy is spread over the years of the period by readings, else by civil days; each part takes its own year's
 * factor, or the latest earlier year's; all parts take one level of region and one data set. Each figure is rounded
 * once, half to even.
 *
 * @throws {AuditError} ERR_FACTOR_NOT_AVAILABLE, ERR_FACTOR_SUPERSEDED, ERR_FACTOR_INVALID, ERR_FACTOR_DATASET_UNKNOWN,
 * ERR_FACTOR_METHOD_NOT_AVAILABLE, ERR_PLACE_UNKNOWN, ERR_PLACE_CONFLICT, ERR_ENERGY_NEGATIVE, ERR_INSTRUMENT.
 * @throws {ValueError} ERR_VALUE_DATE, ERR_VALUE_PERIOD.
 */
export function computeEmissions(input: EmissionsInput): Derivation {
  const { source, energy, readings } = input
  checkMethod(input.method)
  if (energy.value.u < 0n || readings?.some(({ weight }) => weight.n < 0n) === true) {
    throw new AuditError('consumption is negative', { code: 'ERR_ENERGY_NEGATIVE' })
  }
  const place = normalizePlace(input.place, source)
  const { levels, flags } = listCandidates(place, chooseDatasets(place.country, input.dataset, source), source)
  const kWh = toKWh(energy)
  const location = computeLocation(kWh, { span: spanOf(input), levels, readings, source })
  const { candidate, parts, apportioned, exact } = location
  const market = findMarket(input, place, location)
  return {
    rules: RULES_VERSION,
    place,
    kWh,
    apportioned,
    parts,
    level: candidate.series.regionType,
    foundBy: candidate.foundBy,
    flags: listFlags([...flags, ...candidate.flags], location),
    exact,
    gramsCO2e: roundHalfEven(exact),
    upstream: computeUpstream(candidate.series, parts, source),
    ...(market === undefined ? {} : { market }),
  }
}

/** Marginal rates (non-baseload, operating and build margin) are for avoided emissions, never for a footprint. */
function checkMethod(method = 'location'): void {
  if (method === 'location' || method === 'market') return
  const message = `method ${JSON.stringify(method)} is not for footprints of ${RULES_VERSION}; use "location" or "market"`
  throw new AuditError(message, { code: 'ERR_FACTOR_METHOD_NOT_AVAILABLE', method })
}

function listFlags(flags: readonly string[], { candidate, parts }: LocationResult): readonly string[] {
  const all = new Set(flags)
  if (candidate.series.gas === 'CO2') all.add('co2-only')
  if (parts.some(({ factor }) => factor.trust === 'secondary')) all.add('factor-secondary')
  return [...all].sort()
}

/** The market-based result; `undefined` when nothing could make it differ from the location-based one. */
function findMarket(input: EmissionsInput, place: Place, location: LocationResult): MarketResult | undefined {
  const { source, instruments = [], isGreenTariff = false } = input
  const { series } = location.candidate
  const covers = orderInstruments(instruments, source)
  const isAsked = covers.length > 0 || isGreenTariff || input.method === 'market'
  // A mix that serves any part was published by the last one.
  const year = location.parts.at(-1)?.year ?? 0
  if (!isAsked && findResidualMix(series, place.country, { year, source }) === undefined) return undefined
  return computeMarket({ country: place.country, series, parts: location.parts, covers, isGreenTariff, source })
}
