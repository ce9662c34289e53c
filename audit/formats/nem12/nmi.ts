import { parseInteger } from '#protocol'
import { rejection, review } from '../refusal.ts'
import type { FilePlace } from '#protocol'

/** National Metering Identifier: ten capital letters and digits, without I and O (AEMO, MSATS Procedures: National Metering Identifier). */
const REGULAR_NMI = /^[A-HJ-NP-Z\d]{10}$/

const HOUR_S = 3_600
/** NEM standard time, all year (MDFF: Eastern Standard Time, never daylight saving). */
const NEM_OFFSET_S = 10 * HOUR_S
/** Western Australia's standard time, all year. */
const AWST_OFFSET_S = 8 * HOUR_S

/** Participants whose files are in Western Australia's time. */
const WESTERN_PARTICIPANTS: ReadonlySet<string> = new Set(['WPNTKS'])

type Area = 'nem' | 'western' | 'northern'

/** Whose time a point has, by the first characters of its NMI (AEMO, NMI Allocation List). */
const ALLOCATIONS: readonly { readonly pattern: RegExp; readonly area: Area }[] = [
  // Western Power, Horizon Power
  { pattern: /^(?:WAAA|800[1-9]|801\d|802[01])/, area: 'western' },
  // Northern Territory, whose standard time is UTC+9:30: no file of its own was seen
  { pattern: /^250/, area: 'northern' },
  // New South Wales and ACT, Queensland, South Australia, Tasmania, Victoria
  { pattern: /^[NQSTV]/, area: 'nem' },
  { pattern: /^(?:20|21|3[0-2]|4[0-7]|6[0-5]|7001|7102|8000|8590)/, area: 'nem' },
]

/** Metering point of a file. */
export type Nmi = { readonly nmi: string; readonly flags: readonly string[] }

/**
 * Normalised NMI: upper case, without blanks, checksum verified and dropped.
 *
 * An identifier that no market has (shorter, or with an I or O) is kept and flagged `nmi-irregular`.
 *
 * @throws {Refusal} ERR_BILL_FIELD when it is empty, too long, or its eleventh character is not its checksum.
 */
export function readNmi(text: string, place: FilePlace): Nmi {
  const nmi = text
    .toUpperCase()
    .replace(/^NMI +/, '')
    .replaceAll(' ', '')
  if (/^[A-Z\d]{1,10}$/.test(nmi)) return { nmi, flags: REGULAR_NMI.test(nmi) ? [] : ['nmi-irregular'] }
  if (!/^[A-Z\d]{10}\d$/.test(nmi)) {
    throw rejection('ERR_BILL_FIELD', `not an NMI: ${JSON.stringify(text.slice(0, 40))}`, place)
  }
  const base = nmi.slice(0, 10)
  if (nmi.slice(10) !== String(nmiChecksum(base))) {
    throw rejection('ERR_BILL_FIELD', `checksum of the NMI is wrong: ${JSON.stringify(nmi)}`, place)
  }
  return { nmi: base, flags: REGULAR_NMI.test(base) ? [] : ['nmi-irregular'] }
}

/** Checksum digit: ASCII codes, each second one from the right doubled, all their digits added (MSATS Procedures: National Metering Identifier, checksum). */
export function nmiChecksum(nmi: string): number {
  let sum = 0
  for (let at = nmi.length - 1, isDoubled = true; at >= 0; at -= 1, isDoubled = !isDoubled) {
    const code = nmi.charCodeAt(at) * (isDoubled ? 2 : 1)
    for (const digit of String(code)) sum += parseInteger(digit)
  }
  return (10 - (sum % 10)) % 10
}

/** Offset of a file's standard time from UTC. */
export type StandardTime = { readonly offsetS: number; readonly flags: readonly string[] }

/**
 * Standard time of a point: the market's, or Western Australia's by its participant or its NMI.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED for the Northern Territory, and where participant and NMI contradict each other.
 */
export function standardTimeOf(nmi: string, participants: readonly string[], place: FilePlace): StandardTime {
  const area = REGULAR_NMI.test(nmi) ? ALLOCATIONS.find(({ pattern }) => pattern.test(nmi))?.area : undefined
  const isWestern = participants.some((participant) => WESTERN_PARTICIPANTS.has(participant.toUpperCase()))
  if (area === 'northern') {
    throw review('ERR_BILL_UNSTATED', `time of the Northern Territory's NMI ${nmi} is not known`, place)
  }
  if (isWestern && area === 'nem') {
    throw review('ERR_BILL_UNSTATED', `participant is of Western Australia, NMI ${nmi} is not`, place)
  }
  if (isWestern || area === 'western') return { offsetS: AWST_OFFSET_S, flags: ['time-awst'] }
  return { offsetS: NEM_OFFSET_S, flags: area === undefined ? ['nem-time-assumed'] : [] }
}
