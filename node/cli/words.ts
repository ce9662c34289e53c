import type { FactorTrust, FactorUse, FoundBy, MarketSource, Place, RegionType, UpstreamLine } from '#protocol'

/** What flags of the rules mean; a flag that is not here is shown as it is. */
const RULE_FLAGS: Readonly<Record<string, string>> = {
  'co2-only': 'the figure counts CO2 alone: CH4 and N2O are not published for it',
  'factor-secondary':
    "a factor was copied out of the publisher's document by somebody else, and not yet compared with it",
  'zip-differs-from-utility': "the postal code lies in another subregion than the utility; the utility's was taken",
  'zip-several-subregions': 'the postal code lies in several subregions; the predominant one was taken',
  'zip-unknown': 'the postal code is in no list; what else the place says was taken',
}

/** What flags of extraction mean; a flag that is not here is shown as it is. */
const BILL_FLAGS: Readonly<Record<string, string>> = {
  'accumulation-assumed': 'the file does not say whether its readings are amounts; they were taken as amounts',
  'address-not-read': 'the address in the file could not be read as a place',
  'clock-change-gap': 'an hour is missing where the clock changes',
  'days-in-utc': 'the file does not say how its clock differs from UTC; days are those of UTC',
  'direction-assumed': 'the file does not say which way the energy flows; it was taken as delivered',
  'duplicates-dropped': 'readings that the file repeats were counted once',
  'link-fallback': 'parts of the file do not name each other; they were joined as there is only one of each',
  'not-whole-days': 'the period does not begin or end at midnight',
  'place-ambiguous': 'the file names several places',
  'quality-edited': 'some readings were edited by the utility',
  'quality-questionable': 'the utility marks some readings as questionable',
  'readings-not-by-year': 'the file does not show when its years begin; the energy was divided by days',
  'self-stated': 'a table that somebody wrote, not a file of the utility',
  'service-kind-assumed': 'the file does not say which service it is about; it was taken as electricity',
  'summary-agrees': "the readings add up to the utility's own summary",
  'summary-only': "the energy is that of the utility's summary; the file has no readings",
  'summary-other-period': "the file's summary is for another period than its readings",
}

/** A flag of the rules in words. */
export function ruleFlagInWords(flag: string): string {
  return withCode(flag, RULE_FLAGS[flag])
}

/** A flag of extraction in words. */
export function billFlagInWords(flag: string): string {
  return withCode(flag, BILL_FLAGS[flag])
}

/** Statements of the market-based method, by what stands before the colon. */
const STATEMENTS: Readonly<Record<string, string>> = {
  'certificate-not-retired': 'covers nothing: it is not retired, so that it can still be sold',
  'certificate-other-market': 'covers nothing: it is from another market than the electricity',
  'certificate-year': 'covers nothing: it is neither of the year of consumption nor of the year before',
  'instrument-earlier-year':
    'covers energy of a later year than its own: it is stated for an earlier one, and may have changed since',
  'instrument-unused': 'covers nothing: nothing was left for it to cover',
  'green-tariff-not-covered':
    'the bill calls its electricity green: that covers nothing by itself, and retired certificates do not cover all of it',
  'no-residual-mix': 'no residual mix is published here: what nothing covers takes the factor of the place',
}

/** A statement of the market-based method in words. */
export function statementInWords(statement: string): string {
  const [code = '', ...id] = statement.split(':')
  const words = STATEMENTS[code]
  return id.length === 0 ? withCode(statement, words) : withCode(code, words, `${id.join(':')} `)
}

function withCode(code: string, words: string | undefined, before = ''): string {
  return words === undefined ? before + code : `${before}${words} (${code})`
}

/** How far a figure can be trusted. */
export const TRUST_WORDS: Readonly<Record<FactorTrust, string>> = {
  primary: "from the publisher's own file",
  derived: "follows from the publisher's own file",
  secondary: "copied out of the publisher's document by somebody else, not yet compared with it",
}

/** What covers a part of the energy in the market-based method. */
export const MARKET_WORDS: Readonly<Record<MarketSource, string>> = {
  certificate: 'certificate',
  contract: 'contract',
  'supplier-rate': "supplier's rate",
  'residual-mix': 'residual mix',
  location: 'factor of the place',
}

/** Names of the Scope 3 lines. */
export const UPSTREAM_WORDS: Readonly<Record<UpstreamLine['name'], string>> = {
  losses: 'losses in transmission and distribution',
  'well-to-tank': 'fuel before the power plant (well to tank)',
  'well-to-tank-losses': 'fuel before the power plant, for the losses',
}

/** Why an amount was converted before a factor could apply. */
export const CONVERSION_WORDS: Readonly<Record<string, string>> = {
  definition: 'by definition of the units',
  'heat-content': 'by the heat content on the bill',
  'volume-correction': 'by the volume correction on the bill',
  passengers: 'for each passenger',
}

/** What a factor counts, where it is not the generation itself. */
export const USE_WORDS: Readonly<Record<FactorUse, string>> = { generation: 'generation', ...UPSTREAM_WORDS }

const REGION_WORDS: Readonly<Record<RegionType, string>> = {
  subregion: 'eGRID subregion',
  state: 'state',
  province: 'province',
  grid: 'grid',
  nerc: 'NERC region',
  country: 'country',
}

/** A region of a data set. */
export function regionInWords(regionType: RegionType, region: string): string {
  return `${REGION_WORDS[regionType]} ${region}`
}

const REGION_REASONS: Readonly<Record<FoundBy, (place: Place, region: string) => string>> = {
  utility: ({ utility }, region) =>
    `utility ${utility?.eia ?? ''} lies in ${region} where it serves ${utility?.state ?? ''}`,
  zip: ({ zip }, region) => `${region} is the predominant subregion of postal code ${zip ?? ''}`,
  subregion: (_place, region) => `the place names subregion ${region}`,
  state: (_place, region) => `the most precise region with factors for these years is the state, ${region}`,
  nerc: (_place, region) => `the place names NERC region ${region}`,
  country: (_place, region) => `the most precise region with factors for these years is the country, ${region}`,
}

/** Why a region was taken for a place. */
export function reasonOfRegion(foundBy: FoundBy, place: Place, region: string): string {
  return REGION_REASONS[foundBy](place, region)
}

/** A place as a person says it. */
export function placeInWords(place: Place): string {
  const { country, state, utility, zip, subregion, nerc } = place
  const parts = [
    state === undefined ? undefined : `state ${state}`,
    utility === undefined ? undefined : `utility ${utility.eia} in ${utility.state}`,
    zip === undefined ? undefined : `postal code ${zip}`,
    subregion === undefined ? undefined : `subregion ${subregion}`,
    nerc === undefined ? undefined : `NERC region ${nerc}`,
  ]
  return [country, ...parts.filter((part) => part !== undefined)].join(', ')
}

/** Edition of a data set; one that begins with the name of its set need not say it twice. */
export function editionOf(dataset: string, version: string): string {
  return version.startsWith(dataset) ? version : `${dataset} ${version}`
}
