import type { Command } from 'commander'
import type { Place } from '#protocol'
import { usageError } from './cli-error.ts'

/** Options that say where energy was used. */
export type PlaceOptions = {
  readonly place?: string
  readonly utility?: string
  readonly country?: string
  readonly zip?: string
}

/** Adds the options that say where energy was used. */
export function addPlaceOptions(command: Command): Command {
  return command
    .option('--place <place>', 'country, or country and state: DE, US-CA')
    .option('--utility <eia:state>', 'EIA number of a US utility and the state it serves there: 14328:CA')
    .option('--country <code>', 'country, ISO 3166-1 alpha-2: DE')
    .option('--zip <code>', 'US postal code, five digits')
}

/**
 * The place that the options name, if any.
 *
 * @throws {CliError} ERR_CLI_USAGE
 */
export function placeOf(options: PlaceOptions): Place | undefined {
  const given = [options.place, options.utility, options.country, options.zip].filter((text) => text !== undefined)
  if (given.length > 1) throw usageError('give one of --place, --utility, --country and --zip')
  if (options.place !== undefined) return parsePlace(options.place)
  if (options.utility !== undefined) return parseUtility(options.utility)
  if (options.zip !== undefined) return parseZip(options.zip)
  return options.country === undefined ? undefined : parseCountry(options.country)
}

/**
 * A place from `CC` or `US-SS`.
 *
 * @throws {CliError} ERR_CLI_USAGE
 */
function parsePlace(text: string): Place {
  const [, country, state] = /^([A-Z]{2})(?:-([A-Z]{2}))?$/.exec(text) ?? []
  if (country === undefined || (state !== undefined && country !== 'US')) {
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

function parseZip(text: string): Place {
  if (!/^[0-9]{5}$/.test(text)) throw usageError(`zip ${text}: expected five digits`)
  return { country: 'US', zip: text }
}
