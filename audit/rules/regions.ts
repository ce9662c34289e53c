import type { Place, RegionType } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { FactorSource } from './factor-source.ts'

/** Short names of the data sets that version 1 knows: the US by eGRID, all other countries by OWID. */
const US_DATASET = 'egrid'
const WORLD_DATASET = 'owid'

/** A region whose factors may serve a place. */
export type Candidate = { readonly dataset: string; readonly regionType: RegionType; readonly region: string }

/**
 * Regions for a place, most specific first: the utility's subregion, subregion, state, country.
 *
 * OWID is never used for the US unless `dataset` asks for it: its figures count a life cycle, eGRID's do not.
 *
 * @throws {AuditError} ERR_PLACE_UNKNOWN, ERR_PLACE_CONFLICT, ERR_FACTOR_NOT_AVAILABLE (postal code alone).
 */
export function listCandidates(place: Place, source: FactorSource, dataset: string | undefined): Candidate[] {
  if (place.country !== 'US') {
    if (place.utility !== undefined || place.subregion !== undefined) {
      throw conflict(`utility numbers and subregions are of the US, the country is ${place.country}`, place.country)
    }
    return [{ dataset: dataset ?? WORLD_DATASET, regionType: 'country', region: place.country }]
  }
  const regions = listUnitedStatesRegions(place, source)
  if (dataset !== undefined && dataset !== US_DATASET) return [{ dataset, regionType: 'country', region: 'US' }]
  return regions
}

function listUnitedStatesRegions(place: Place, source: FactorSource): Candidate[] {
  const { utility, subregion, zip } = place
  if (utility !== undefined && place.state !== undefined && utility.state !== place.state) {
    throw conflict(`the utility's state is ${utility.state}, the place's is ${place.state}`, place.state)
  }
  const state = place.state ?? utility?.state
  const served = utility === undefined ? undefined : source.findSubregion(utility.eia, utility.state)
  if (served !== undefined && subregion !== undefined && served !== subregion) {
    throw conflict(`the utility lies in subregion ${served}, the place names ${subregion}`, subregion)
  }
  const candidates: Candidate[] = []
  const add = (regionType: RegionType, region: string): void => {
    const candidate = { dataset: US_DATASET, regionType, region }
    if (source.listYears(candidate).length === 0) {
      throw new AuditError(`no ${regionType} ${JSON.stringify(region)} in the US`, {
        code: 'ERR_PLACE_UNKNOWN',
        found: region,
      })
    }
    candidates.push(candidate)
  }
  if ((served ?? subregion) !== undefined) add('subregion', served ?? subregion ?? '')
  if (state !== undefined) add('state', state)
  if (candidates.length === 0 && zip !== undefined) {
    throw new AuditError('rules-1 does not look up postal codes; name the state, the subregion or the utility', {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
      place: zip,
    })
  }
  add('country', 'US')
  return candidates
}

function conflict(message: string, found: string): AuditError {
  return new AuditError(`place contradicts itself: ${message}`, { code: 'ERR_PLACE_CONFLICT', found })
}
