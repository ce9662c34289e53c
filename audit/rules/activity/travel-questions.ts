import { makeRational, rationalOfDecimal } from '#protocol'
import type { ActivityItem, ActivityUnit, Distance, DistanceUnit } from '#protocol'
import { isSameText } from './activity.ts'
import type { ActivityQuestion, FlightActivity, TravelActivity } from './activity.ts'
import { convert, convertDistance } from './measured.ts'
import type { Measured } from './measured.ts'

type Amounts = ActivityQuestion['amounts']

/** Units of figures per vehicle and per passenger, with the unit of their distance. */
const VEHICLE_UNITS = [
  ['km', 'km'],
  ['mile', 'mile'],
  ['vehicle-mile', 'mile'],
] as const
const PASSENGER_UNITS = [
  ['passenger-km', 'km'],
  ['passenger-mile', 'mile'],
] as const satisfies readonly (readonly [ActivityUnit, DistanceUnit])[]

/** A flight, always per passenger. */
export function askFlight({ flight, distance, passengers = 1 }: FlightActivity): ActivityQuestion {
  return {
    what: `flight of haul ${JSON.stringify(flight.haul)}`,
    isMeant: (item) => isFlight(item) && isFlightMeant(item, flight),
    amounts: passengerAmounts(distance, passengers),
    hasWellToTank: true,
  }
}

/** Travel on land or sea, per passenger when passengers are counted, else per vehicle where the set has such a figure. */
export function askTravel({ travel, distance, passengers }: TravelActivity): ActivityQuestion {
  const vehicle: Amounts = preferring(distance.unit, VEHICLE_UNITS).map(([per, unit]) => {
    return { per, measured: () => convertDistance(measure(distance), unit) }
  })
  return {
    what: `travel ${JSON.stringify(travel.name)}`,
    names: [travel.name],
    isMeant: (item) => !isWellToTank(item) && isTravelMeant(item, travel),
    amounts:
      passengers === undefined
        ? [...vehicle, ...passengerAmounts(distance, 1)]
        : passengerAmounts(distance, passengers),
    hasWellToTank: false,
  }
}

/** True if the item is of the way of a fuel to the tank. */
export function isWellToTank({ category }: ActivityItem): boolean {
  return category.startsWith('WTT-')
}

function isFlight({ category, group, name }: ActivityItem): boolean {
  return (category === 'Business travel- air' && group === 'Flights') || name.startsWith('Air Travel - ')
}

/** Names begin with the haul: `Short-haul, to/from UK`, `Air Travel - Short Haul (< 300 miles)`. */
function isFlightMeant(item: ActivityItem, { haul, class: seat, radiativeForcing }: FlightActivity['flight']): boolean {
  const isEpa = item.name.startsWith('Air Travel - ')
  if (firstWord(item.name.replace('Air Travel - ', '')) !== firstWord(haul.replace('Air Travel - ', ''))) return false
  if (seat !== undefined && seatOf(item.detail) !== seatOf(seat)) return false
  // The EPA's figures leave radiative forcing out.
  return radiativeForcing === undefined || radiativeForcing === (!isEpa && isSameText(item.variant, 'With RF'))
}

function firstWord(text: string): string {
  return /^[a-z]*/.exec(text.toLowerCase())?.[0] ?? ''
}

/** `Premium economy class` and `premium-economy` are one; a set without classes is of the average passenger. */
function seatOf(text: string): string {
  const words = text.toLowerCase().replaceAll('-', ' ')
  return words === '' ? 'average' : words.replace(/ (class|passenger)$/, '')
}

function isTravelMeant(item: ActivityItem, travel: TravelActivity['travel']): boolean {
  const fields = ['category', 'group', 'detail', 'variant'] as const
  return fields.every((field) => travel[field] === undefined || isSameText(item[field], travel[field]))
}

function passengerAmounts(distance: Distance, passengers: number): Amounts {
  const by = makeRational(BigInt(passengers))
  return preferring(distance.unit, PASSENGER_UNITS).map(([per, unit]) => ({
    per,
    measured: () => convert(convertDistance(measure(distance), unit), { why: 'passengers', by, unit: per }),
  }))
}

function measure({ value, unit }: Distance): Measured<DistanceUnit> {
  return { amount: rationalOfDecimal(value), unit, conversions: [] }
}

/** Figures per the given unit first: they are the publisher's own, not ours by conversion. */
function preferring<P extends readonly [ActivityUnit, DistanceUnit]>(given: DistanceUnit, units: readonly P[]): P[] {
  return [...units.filter(([, unit]) => unit === given), ...units.filter(([, unit]) => unit !== given)]
}
