import type { Place } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { FactorSource } from './factor-source.ts'

/**
 * One spelling for one place: upper case, alpha-2 country, state without country; Puerto Rico is a state of the US
 * (ISO 3166 lists it as a country too, and one place must not have two figures).
 *
 * @throws {AuditError} ERR_PLACE_UNKNOWN.
 */
export function normalizePlace(place: Place, source: FactorSource): Place {
  const country = normalizeCountry(place.country, source)
  if (country === 'PR') {
    // Its NERC region says the same; any other contradicts the state, and is refused with it.
    const named = place.nerc?.toUpperCase() === 'PR' && place.state === undefined ? {} : { state: 'PR' }
    return normalizePlace({ ...place, country: 'US', ...named }, source)
  }
  const { state, utility, subregion, zip, nerc } = place
  return {
    country,
    ...(state === undefined ? {} : { state: withoutCountry(state, country) }),
    ...(utility === undefined ? {} : { utility: { eia: utility.eia, state: withoutCountry(utility.state, country) } }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion: subregion.toUpperCase() }),
    ...(nerc === undefined ? {} : { nerc: nerc.toUpperCase() }),
  }
}

/**
 * ISO 3166-1 alpha-2 code of an alpha-2 or alpha-3 code in any case.
 *
 * @throws {AuditError} ERR_PLACE_UNKNOWN when it is neither, or `UK`, which ISO 3166 only reserves.
 */
export function normalizeCountry(text: string, source: FactorSource): string {
  const given = text.toUpperCase()
  const alpha2 = given.length === 3 ? source.findCountry(given) : given
  if (alpha2 !== undefined && alpha2 !== 'UK' && /^[A-Z]{2}$/.test(alpha2)) return alpha2
  const hint = alpha2 === 'UK' ? '; the United Kingdom is GB' : ''
  throw new AuditError(`unknown country ${JSON.stringify(given)}${hint}`, { code: 'ERR_PLACE_UNKNOWN', found: given })
}

function withoutCountry(state: string, country: string): string {
  const upper = state.toUpperCase()
  return upper.startsWith(`${country}-`) ? upper.slice(country.length + 1) : upper
}
