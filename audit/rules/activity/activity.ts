import type { ActivityUnit, Decimal, Distance, EnergyUnit, Mass, Quantity, Volume, VolumeUnit } from '#protocol'
import type { ItemQuery } from './catalogue.ts'
import type { Measured } from './measured.ts'

/** Whether energy of fuel counts the heat of condensing its steam; bills count it (gross). */
export type CalorificValue = 'gross' | 'net'

/** Heat of a volume of gas, as a bill prints it. */
export type HeatContent = { readonly value: Decimal; readonly energy: EnergyUnit; readonly per: VolumeUnit }

/** Gas that was burnt, by energy or by volume. */
export type GasActivity = {
  readonly commodity: 'gas'
  /** @default 'gross' */
  readonly calorificValue?: CalorificValue
} & (
  | { readonly energy: Quantity }
  | {
      readonly volume: Volume
      /** Without it there is no energy: an average would be a guess. */
      readonly heatContent?: HeatContent
      /** Factor for temperature and pressure, such as 1.02264. @default 1 */
      readonly volumeCorrection?: Decimal
    }
)

/** Heat or steam that was bought. */
export type HeatActivity = { readonly commodity: 'heat'; readonly energy: Quantity }

/** Fuel that was burnt, by energy, volume or mass. */
export type FuelActivity = {
  readonly commodity: 'fuel'
  /** In the publisher's words, in any case. */
  readonly fuel: { readonly name: string; readonly category?: string }
  /** @default 'gross' */
  readonly calorificValue?: CalorificValue
} & ({ readonly energy: Quantity } | { readonly volume: Volume } | { readonly mass: Mass })

/** A flight; what the data set tells apart must be stated. */
export type FlightActivity = {
  readonly commodity: 'flight'
  readonly flight: {
    /** `domestic`, `short`, `medium`, `long` or `international`, also in the publisher's words. */
    readonly haul: string
    /** `average`, `economy`, `premium-economy`, `business` or `first`, also in the publisher's words. */
    readonly class?: string
    /** Whether effects of aviation beyond its CO2 count: contrails, NOx. */
    readonly radiativeForcing?: boolean
  }
  readonly distance: Distance
  /** @default 1 */
  readonly passengers?: number
}

/** Travel on land or sea; fields are the publisher's words, in any case, as many as it takes to name one item. */
export type TravelActivity = {
  readonly commodity: 'travel'
  readonly travel: {
    readonly name: string
    readonly category?: string
    readonly group?: string
    readonly detail?: string
    readonly variant?: string
  }
  readonly distance: Distance
  /** Given only where figures are per passenger. */
  readonly passengers?: number
}

/** What was done, and how much of it. */
export type Activity = GasActivity | HeatActivity | FuelActivity | FlightActivity | TravelActivity

/** How a data set answers for an activity: which items may be meant, and in which units the amount can be had. */
export type ActivityQuestion = ItemQuery & {
  /** For messages: what is looked for. */
  readonly what: string
  /** Best first. */
  readonly amounts: readonly { readonly per: ActivityUnit; readonly measured: () => Measured }[]
  /** Whether the fuel's way to the tank is a line of its own, where the set has one. */
  readonly hasWellToTank: boolean
}

/** Equal in any case; a publisher writes `Natural gas` and `Natural Gas`. */
export function isSameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
