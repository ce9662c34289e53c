import type { Commodity } from '#protocol'
import type { LineClass } from '../model.ts'

/**
 * Article codes of the Standaard Energie eFactuur (SEeF): `LEVD` and `LEVP` are the two registers of what was delivered,
 * `EB` and `ODE` levies on it. Only read in files that have a SEeF profile or extension.
 */
export const SEEF_ARTICLES: readonly {
  readonly prefix: string
  readonly is: Exclude<LineClass, 'unknown'>
  readonly register?: string
  readonly commodity?: Commodity
}[] = [
  { prefix: 'LEVD', is: 'energy', register: 'low', commodity: 'electricity' },
  { prefix: 'LEVP', is: 'energy', register: 'high', commodity: 'electricity' },
  { prefix: 'EB', is: 'levy' },
  { prefix: 'ODE', is: 'levy' },
]

/** Who is paid by a line, by SEeF's item classification (list `CG` since 3.0). */
export const SEEF_GROUPS: ReadonlyMap<string, 'supply' | 'grid'> = new Map([
  ['SUPPLY', 'supply'],
  ['NETMNGT', 'grid'],
])
/** Names of the list of {@link SEEF_GROUPS}. */
export const SEEF_GROUP_LISTS: ReadonlySet<string> = new Set(['CG', 'SEeF:ItemClassificationCodes'])

/** Fuels of SEeF's fuel mix that a bill may call green; `FOSSIL` and `NUCLEAR` are read and are not. */
export const GREEN_FUELS: ReadonlySet<string> = new Set([
  'SOLAR',
  'WIND',
  'HYDRO',
  'WATER',
  'BIOMASS',
  'BIOGAS',
  'GEOTHERMAL',
  'RENEWABLE',
  'GREEN',
])
/** Fuels that no bill may call green. */
export const OTHER_FUELS: ReadonlySet<string> = new Set([
  'FOSSIL',
  'NUCLEAR',
  'COAL',
  'GAS',
  'OIL',
  'OTHER',
  'UNKNOWN',
  'GREY',
])

/** Registers of meters that count what leaves the customer, by words of their normalised name. */
export const EXPORT_REGISTERS = 'terug*|*terug|*teruglever*|invoed*|produ*|export*|injec*|einspeis*|feed in'

/**
 * Registers whose words leave open whether they count what was made, used on site, or fed in: a person must say. Words of
 * {@link EXPORT_REGISTERS} come first.
 */
export const PLANT_REGISTERS =
  'egenprodu*|*produktion|*produksjon|solcelle*|solceller|zonnepanelen|opwek*|*erzeugung|erzeugt*|generation|generated|pv|' +
  'photovoltai*|eigenverbrauch*|eigenbedarf*|zelfverbruik|autoconsum*|autoconsomm*|autoprodu*|self consumption|self use'

/** What a document type (UNTDID 1001, Peppol subset; the types of FatturaPA and Turkey) does to earlier documents. */
export type DocumentRole =
  /** States new consumption. */
  | 'bill'
  /** Takes figures back. */
  | 'credit'
  /** States figures anew, or takes them back by their sign. */
  | 'correction'
  /** Asks for money in advance: nothing was consumed yet. */
  | 'advance'
  /** Written by the customer for the supplier: what was delivered went the other way. */
  | 'self-billed'
  /** Energy for a vehicle at a public station: no metering point of the customer. */
  | 'charging'

/** Types that are not bills; every other type is. */
export const DOCUMENT_ROLES: ReadonlyMap<string, DocumentRole> = new Map([
  ...rolesOf('credit', ['81', '83', '296', '308', '381', '396', '420', '458', '532', 'TD04', 'TD08', 'IADE']),
  ...rolesOf('correction', ['383', '384', 'TD05']),
  ...rolesOf('advance', ['71', '325', '386', 'TD02', 'TD03']),
  ...rolesOf('self-billed', ['261', '262', '389', '500', '501', '502', '503', '527']),
  ...rolesOf('self-billed', ['TD16', 'TD17', 'TD18', 'TD19', 'TD20', 'TD21', 'TD22', 'TD23', 'TD27', 'TD28', 'TD29']),
  ...rolesOf('charging', ['SARJ', 'SARJANLIK']),
])

function rolesOf(role: DocumentRole, codes: readonly string[]): readonly (readonly [string, DocumentRole])[] {
  return codes.map((code) => [code, role])
}
