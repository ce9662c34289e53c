import type { FilePlace, Place } from '#protocol'
import { review } from '../refusal.ts'
import type { ZoneName } from './zones.ts'

/**
 * States that lie in one time zone and change clocks with the country, also their smallest places (15 USC 260a to 263;
 * 49 CFR 71). States of two zones, or without daylight saving time, are left out: a person must say.
 */
const STATES: readonly { readonly zone: ZoneName; readonly states: string }[] = [
  { zone: 'America/New_York', states: 'CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV' },
  { zone: 'America/Chicago', states: 'AR IA IL LA MN MO MS OK WI' },
  { zone: 'America/Denver', states: 'CO MT NM UT WY' },
  { zone: 'America/Los_Angeles', states: 'CA WA' },
]

/**
 * Place and zone of an address that ends with state and postal code.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED when it does not, or the state has no one zone.
 */
export function readUsAddress(text: string, place: FilePlace): { zone: ZoneName; place: Place } {
  const [, state, zip] = /(?:^|[ ,])([A-Z]{2}),? (\d{5})(?:-\d{4})?$/.exec(text.slice(-64)) ?? []
  const zone = STATES.find(({ states }) => state !== undefined && states.split(' ').includes(state))?.zone
  if (state === undefined || zip === undefined || zone === undefined) {
    throw review('ERR_BILL_UNSTATED', 'address does not end with a state of one time zone and a postal code', place)
  }
  return { zone, place: { country: 'US', state, zip } }
}
