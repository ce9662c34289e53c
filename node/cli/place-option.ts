import type { Command } from 'commander'
import type { Place } from '#protocol'
import { usageError } from './cli-error.ts'

/** Options that say where energy was used. */
export type PlaceOptions = {
  readonly place?: string
  readonly utility?: string
  readonly country?: string
  readonly zip?: string
  readonly subregion?: string
  readonly nerc?: string
}

/** Adds the options that say where energy was used. */
export function addPlaceOptions(command: Command): Command {
  return command
    .option('--place <place>', 'country, or country and state: DE, US-CA')
    .option('--utility <eia:state>', 'EIA number of a US utility and the state it serves there: 14328:CA')
    .option('--country <code>', 'country, ISO 3166-1 alpha-2: DE')
    .option('--zip <code>', 'US postal code, five digits')
    .option('--subregion <code>', 'eGRID subregion of the US: CAMX')
    .option('--nerc <code>', 'NERC region of the US: WECC')
}

/**
 * The place that the options name, if any; several options describe one place together.
 *
 * @param allowed `provinces`: states of other countries than the US too, for data sets that have them.
 * @throws {CliError} ERR_CLI_USAGE
 */
export function placeOf(options: PlaceOptions, allowed: { readonly provinces?: boolean } = {}): Place | undefined {
  const { place, utility, country, zip, subregion, nerc } = options
  if (place !== undefined && country !== undefined) throw usageError('give --place or --country, not both')
  const named = [
    ...(place === undefined ? [] : [parsePlace(place, allowed.provinces === true)]),
    ...(country === undefined ? [] : [parseCountry(country)]),
    ...(utility === undefined ? [] : [parseUtility(utility)]),
    ...(zip === undefined ? [] : [parseUnitedStates('zip', zip, /^[0-9]{5}$/, 'five digits')]),
    ...(subregion === undefined ? [] : [parseUnitedStates('subregion', subregion, /^[A-Z]{4}$/, 'four capitals')]),
    ...(nerc === undefined ? [] : [parseUnitedStates('nerc', nerc, /^[A-Z]{2,4}$/, 'two to four capitals')]),
  ]
  const countries = new Set(named.map((it) => it.country))
  if (countries.size > 1) {
    throw usageError('utilities, postal codes, subregions and NERC regions are of the US, and another country is named')
  }
  return named.length === 0 ? undefined : named.reduce((all, part) => ({ ...all, ...part }))
}

/**
 * A place from `CC` or `US-SS`.
 *
 * @throws {CliError} ERR_CLI_USAGE
 */
function parsePlace(text: string, hasProvinces: boolean): Place {
  const [, country, state] = /^([A-Z]{2})(?:-([A-Z]{2,3}))?$/.exec(text) ?? []
  const isKnown = state === undefined || (country === 'US' ? state.length === 2 : hasProvinces)
  if (country === undefined || !isKnown) {
    throw usageError(`place ${text}: expected a country such as DE, or US and a state such as US-CA`)
  }
  return { country, ...(state === undefined ? {} : { state }) }
}

function parseUtility(text: string): Place {
  const [, eia, state] = /^([1-9][0-9]{0,5}):([A-Z]{2})$/.exec(text) ?? []
  if (eia === undefined || state === undefined) {
    throw usageError(`utility ${text}: expected an EIA number and a state such as 14328:CA`)
  }
  return { country: 'US', utility: { eia: Number(eia), state } }
}

function parseCountry(text: string): Place {
  if (!/^[A-Z]{2}$/.test(text)) throw usageError(`country ${text}: expected two capital letters such as DE`)
  return { country: text }
}

function parseUnitedStates(
  field: 'zip' | 'subregion' | 'nerc',
  text: string,
  pattern: RegExp,
  expected: string,
): Place {
  if (!pattern.test(text)) throw usageError(`${field} ${text}: expected ${expected}`)
  return { country: 'US', [field]: text }
}
