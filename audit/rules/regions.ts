import type { FoundBy, Place, RegionType } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { gasOf, US_DATASET } from './dataset-choice.ts'
import type { DatasetChoice } from './dataset-choice.ts'
import type { FactorSeries, FactorSource, ZipArea } from './factor-source.ts'

/** A region whose factors may serve a place. */
export type Candidate = {
  readonly series: FactorSeries
  readonly foundBy: FoundBy
  /** What a reader must know when this region is the one that is used. */
  readonly flags: readonly string[]
}

/** Regions for a place, and what a reader must know whichever is used. */
export type Candidates = { readonly levels: readonly Candidate[]; readonly flags: readonly string[] }

/** Where in the US: a region with what named it. */
type Level = Pick<FactorSeries, 'regionType' | 'region'> & Pick<Candidate, 'foundBy' | 'flags'>

/** Regions of eGRID that are Puerto Rico and nothing else. */
const PUERTO_RICO: ReadonlySet<string> = new Set(['state|PR', 'subregion|PRMS', 'nerc|PR'])

/**
 * Regions of the given data sets for a place, the most specific one first. In the US: the utility's subregion, the
 * postal code's, the named one, then state, NERC region, country; elsewhere a province or grid, where the set has it,
 * then the country. All regions of one set come before those of the next.
 *
 * @throws {AuditError} ERR_PLACE_UNKNOWN, ERR_PLACE_CONFLICT.
 */
export function listCandidates(place: Place, datasets: readonly DatasetChoice[], source: FactorSource): Candidates {
  if (place.country !== 'US') {
    checkForeign(place)
    return { levels: datasets.flatMap((choice) => listForeignLevels(place, choice)), flags: [] }
  }
  const { levels, flags } = listUnitedStatesLevels(place, source)
  const country = countryLevelOf(levels)
  // eGRID has no country PR; its US is another place, and has Puerto Rico only from 2019 on.
  const ofEgrid = country.region === 'US' ? [...levels, country] : levels
  return {
    levels: datasets.flatMap((choice) =>
      // Other sets have no regions of the US; naming one must not hide a mistake in the place.
      (choice.dataset === US_DATASET ? ofEgrid : [country]).map(({ regionType, region, ...rest }) => ({
        series: seriesOf(choice, regionType, region),
        ...rest,
      })),
    ),
    flags,
  }
}

/** The country of a place of the US; Puerto Rico is one of its own in sets of countries, and no part of the US. */
function countryLevelOf(levels: readonly Level[]): Level {
  const isPuertoRico = levels.some(({ regionType, region }) => PUERTO_RICO.has(`${regionType}|${region}`))
  return { regionType: 'country', region: isPuertoRico ? 'PR' : 'US', foundBy: 'country', flags: [] }
}

/** Key of the location-based factors of a region. */
function seriesOf(choice: DatasetChoice, regionType: RegionType, region: string): FactorSeries {
  return { ...choice, regionType, region, method: 'location', use: 'generation', gas: gasOf(choice.dataset) }
}

function checkForeign({ country, utility, subregion, nerc }: Place): void {
  if (utility !== undefined || subregion !== undefined || nerc !== undefined) {
    throw conflict(`utility numbers, subregions and NERC regions are of the US, the country is ${country}`, country)
  }
}

function listForeignLevels({ country, state }: Place, choice: DatasetChoice): Candidate[] {
  const levels: Candidate[] = []
  if (state !== undefined) {
    for (const regionType of ['province', 'grid'] as const) {
      // Also where a set has no such region: one that it has in superseded rows alone explains the refusal.
      levels.push({ series: seriesOf(choice, regionType, `${country}-${state}`), foundBy: 'state', flags: [] })
    }
  }
  levels.push({ series: seriesOf(choice, 'country', country), foundBy: 'country', flags: [] })
  return levels
}

/** Levels below the country. */
function listUnitedStatesLevels(place: Place, source: FactorSource): { levels: Level[]; flags: string[] } {
  const { utility, zip, nerc } = place
  const area = zip === undefined ? undefined : source.findZip(zip)
  checkStates(place, area)
  checkNercAlone(place)
  const state = place.state ?? utility?.state
  const flags: string[] = []
  const levels: Level[] = []
  const add = (level: Level): void => {
    checkKnown(level, source)
    levels.push(level)
  }
  const subregion = chooseSubregion(place, area, source)
  if (subregion !== undefined) {
    add(subregion)
    if (area !== undefined && !area.subregions.includes(subregion.region)) flags.push('zip-differs-from-utility')
  }
  if (state !== undefined) add({ regionType: 'state', region: state, foundBy: 'state', flags: [] })
  if (nerc !== undefined) add({ regionType: 'nerc', region: nerc, foundBy: 'nerc', flags: [] })
  checkSubregionOfState(subregion, state, area, source)
  if (zip !== undefined && area === undefined) {
    if (levels.length === 0) throw unknownPlace(`no postal code ${zip} in the US`, zip)
    flags.push('zip-unknown')
  }
  return { levels, flags }
}

function checkStates({ state, utility, zip }: Place, area: ZipArea | undefined): void {
  if (utility !== undefined && state !== undefined && utility.state !== state) {
    throw conflict(`the utility's state is ${utility.state}, the place's is ${state}`, state)
  }
  const named = state ?? utility?.state
  if (area !== undefined && named !== undefined && !area.states.includes(named)) {
    throw conflict(`postal code ${zip ?? ''} lies in ${area.states.join(', ')}, the place names ${named}`, named)
  }
}

/** Nothing here says which NERC region anything else lies in: neither may be silently left out. */
function checkNercAlone({ nerc, utility, zip, subregion, state }: Place): void {
  if (nerc === undefined || [utility, zip, subregion, state].every((field) => field === undefined)) return
  throw conflict(`NERC region ${nerc} cannot be compared with the rest; name it alone`, nerc)
}

/** A subregion that somebody named, and that nothing but the state can confirm, must have a postal code of that state. */
function checkSubregionOfState(
  found: Level | undefined,
  state: string | undefined,
  area: ZipArea | undefined,
  source: FactorSource,
): void {
  if (found?.foundBy !== 'subregion' || state === undefined || area !== undefined) return
  const { region } = found
  const known = source.listSubregionsOfState(state)
  if (known.length === 0 || known.includes(region)) return
  throw conflict(`no part of ${state} lies in subregion ${region}, only in ${known.join(', ')}`, region)
}

/** The one subregion of a place, with what decided it; a utility knows better than a postal code. */
function chooseSubregion(place: Place, area: ZipArea | undefined, source: FactorSource): Level | undefined {
  const { utility, subregion, zip } = place
  const served = utility === undefined ? undefined : source.findSubregion(utility.eia, utility.state)
  if (subregion !== undefined && served !== undefined && served !== subregion) {
    throw conflict(`the utility lies in subregion ${served}, the place names ${subregion}`, subregion)
  }
  if (subregion !== undefined && area !== undefined && !area.subregions.includes(subregion)) {
    const found = area.subregions.join(', ')
    throw conflict(`postal code ${zip ?? ''} lies in ${found}, the place names ${subregion}`, subregion)
  }
  const level = (region: string, foundBy: FoundBy, ...flags: string[]): Level => {
    return { regionType: 'subregion', region, foundBy, flags }
  }
  if (served !== undefined) return level(served, 'utility')
  const [predominant, ...others] = area?.subregions ?? []
  // Somebody who names one of a postal code's several subregions has settled which one it is.
  if (subregion !== undefined && others.length > 0) return level(subregion, 'subregion')
  if (predominant !== undefined) {
    return level(predominant, 'zip', ...(others.length === 0 ? [] : ['zip-several-subregions']))
  }
  return subregion === undefined ? undefined : level(subregion, 'subregion')
}

function checkKnown({ regionType, region }: Level, source: FactorSource): void {
  if (source.listYears(seriesOf({ dataset: US_DATASET }, regionType, region)).length > 0) return
  throw unknownPlace(`no ${regionType} ${JSON.stringify(region)} in the US`, region)
}

function unknownPlace(message: string, found: string): AuditError {
  return new AuditError(message, { code: 'ERR_PLACE_UNKNOWN', found })
}

function conflict(message: string, found: string): AuditError {
  return new AuditError(`place contradicts itself: ${message}`, { code: 'ERR_PLACE_CONFLICT', found })
}
