import type { Facts, Place } from '#protocol'
import type { EspiDocument, ServiceAddress } from './document.ts'
import { selfOf } from './links.ts'
import type { ThermEvidence } from './units.ts'
import { findUtilityHost } from './utility-hosts.ts'

/** Where a file says that the energy was used, and which utility's it is. */
export type PlaceFinding = {
  readonly place?: Place
  readonly utility?: NonNullable<Facts['utility']>
  readonly source?: string
  readonly flags: readonly string[]
}

/**
 * Place from the service address (retail customer schema), the utility's own host, or both if they agree.
 *
 * Titles are not read: they are free text. Without either the holder declares the place.
 */
export function findPlace(document: EspiDocument): PlaceFinding {
  const host = findUtilityHost(linksOf(document))
  const places = document.addresses.map(placeOfAddress)
  const [address] = places
  const isOne = places.every((place) => JSON.stringify(place) === JSON.stringify(address))
  const utility = host === undefined ? {} : { utility: { id: host.id, name: host.name, role: 'unknown' as const } }
  if (!isOne) return { ...utility, flags: ['place-ambiguous'] }
  if (address === undefined) {
    const flags = places.length > 0 ? ['address-not-read'] : []
    return { ...utility, ...(host === undefined ? {} : { place: host.place, source: 'utility host' }), flags }
  }
  if (host === undefined) return { place: address, source: 'ServiceLocation/mainAddress', flags: [] }
  const isSame = address.country === host.place.country && (address.state ?? host.place.state) === host.place.state
  if (!isSame) return { ...utility, flags: ['place-ambiguous'] }
  return {
    ...utility,
    place: { ...address, ...host.place },
    source: 'ServiceLocation/mainAddress, utility host',
    flags: [],
  }
}

/** What a file says of the country whose therm it means: its addresses, the host of its links, and its currencies (840 is USD). */
export function findThermEvidence(document: EspiDocument, finding: PlaceFinding): ThermEvidence {
  const countries = document.addresses.map((address) => placeOfAddress(address)?.country)
  const currencies = [...document.readingTypes, ...document.summaries]
    .map(({ currency }) => currency)
    .filter((code) => code !== undefined && code !== '0')
  const said = [
    ...countries.filter((country) => country !== undefined).map((country) => country === 'US'),
    ...currencies.map((code) => code === '840'),
    ...(finding.utility === undefined ? [] : [true]),
  ]
  if (said.includes(false)) return 'elsewhere'
  return said.includes(true) ? 'us' : 'unstated'
}

/** Only a country code and US codes are understood; anything else stays with the holder. */
function placeOfAddress(address: ServiceAddress): Place | undefined {
  const country = address.country?.toUpperCase()
  if (country === undefined || !/^[A-Z]{2}$/.test(country)) return undefined
  if (country !== 'US') return { country }
  const state = address.state?.toUpperCase()
  const zip = /^(\d{5})(?:-\d{4})?$/.exec(address.postalCode ?? '')?.[1]
  if (state !== undefined && !/^[A-Z]{2}$/.test(state)) return undefined
  return { country, ...(state === undefined ? {} : { state }), ...(zip === undefined ? {} : { zip }) }
}

function linksOf(document: EspiDocument): string[] {
  const payloads = [...document.usagePoints, ...document.meterReadings, ...document.summaries, ...document.blocks]
  return payloads.flatMap(({ links }) => [...selfOf(links), ...links.ups, ...links.related])
}
