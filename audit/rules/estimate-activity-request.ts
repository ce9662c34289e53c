import { z } from 'zod'
import { parseDecimal, parseDistanceUnit, parseFuelEnergyUnit, parseMassUnit, parseVolumeUnit } from '#protocol'
import type { Decimal, Distance, EnergyUnit, Mass, Quantity, Volume, VolumeUnit } from '#protocol'
import { withoutAbsent } from './absent.ts'
import type { Activity, HeatContent } from './activity/activity.ts'
import { badRequest, commonShape, quantityShape } from './estimate-request.ts'

/** Units of heat contents as bills print them. */
const HEAT_CONTENT_UNITS = {
  'MJ/m3': { energy: 'MJ', per: 'm3' },
  'kWh/m3': { energy: 'kWh', per: 'm3' },
  'therm-us/ccf': { energy: 'therm-us', per: 'ccf' },
  'therm-ec/m3': { energy: 'therm-ec', per: 'm3' },
  'mmBtu/mcf': { energy: 'mmBtu', per: 'mcf' },
  'mmBtu/scf': { energy: 'mmBtu', per: 'scf' },
} as const satisfies Record<string, { readonly energy: EnergyUnit; readonly per: VolumeUnit }>

/** Most passengers of one request: no vehicle has more. */
const MAX_PASSENGERS = 10_000

const nameShape = z.string().min(1).max(128)
const passengersShape = z.number().int().min(1).max(MAX_PASSENGERS).optional()
const calorificValueShape = z.enum(['gross', 'net']).optional()

/** Request for gas: by energy, or by volume with its heat content. */
export const gasShape = commonShape.extend({
  commodity: z.literal('gas'),
  energy: quantityShape.optional(),
  volume: quantityShape.optional(),
  heatContent: z
    .strictObject({ amount: z.string(), unit: z.enum(Object.keys(HEAT_CONTENT_UNITS) as HeatContentUnit[]) })
    .optional(),
  volumeCorrection: z.string().optional(),
  calorificValue: calorificValueShape,
})

type HeatContentUnit = keyof typeof HEAT_CONTENT_UNITS

/** Request for heat. */
export const heatShape = commonShape.extend({ commodity: z.literal('heat'), energy: quantityShape })

/** Request for fuel: by energy, volume or mass. */
export const fuelShape = commonShape.extend({
  commodity: z.literal('fuel'),
  fuel: z.strictObject({ name: nameShape, category: nameShape.optional() }),
  energy: quantityShape.optional(),
  volume: quantityShape.optional(),
  mass: quantityShape.optional(),
  calorificValue: calorificValueShape,
})

/** Request for a flight. */
export const flightShape = commonShape.extend({
  commodity: z.literal('flight'),
  flight: z.strictObject({
    haul: nameShape,
    class: nameShape.optional(),
    radiativeForcing: z.boolean().optional(),
  }),
  distance: quantityShape,
  passengers: passengersShape,
})

/** Request for travel on land or sea. */
export const travelShape = commonShape.extend({
  commodity: z.literal('travel'),
  travel: z.strictObject({
    name: nameShape,
    category: nameShape.optional(),
    group: nameShape.optional(),
    detail: z.string().max(128).optional(),
    variant: z.string().max(128).optional(),
  }),
  distance: quantityShape,
  passengers: passengersShape,
})

/** Request for anything but electricity. */
export type ActivityRequest =
  | z.infer<typeof gasShape>
  | z.infer<typeof heatShape>
  | z.infer<typeof fuelShape>
  | z.infer<typeof flightShape>
  | z.infer<typeof travelShape>

/**
 * What a request says was done, and how much.
 *
 * @throws {AuditError} ERR_ESTIMATE_REQUEST.
 * @throws {ValueError} ERR_VALUE_DECIMAL, ERR_VALUE_UNIT, ERR_VALUE_UNIT_AMBIGUOUS.
 */
export function activityOf(request: ActivityRequest): Activity {
  switch (request.commodity) {
    case 'gas':
      return gasOf(request)
    case 'heat':
      return { commodity: 'heat', energy: energyOf(request.energy) }
    case 'fuel':
      return fuelOf(request)
    case 'flight': {
      const { commodity, flight, distance, passengers } = request
      return withoutAbsent({ commodity, flight: withoutAbsent(flight), distance: distanceOf(distance), passengers })
    }
    case 'travel': {
      const { commodity, travel, distance, passengers } = request
      return withoutAbsent({ commodity, travel: withoutAbsent(travel), distance: distanceOf(distance), passengers })
    }
    default:
      return request satisfies never
  }
}

function gasOf(request: z.infer<typeof gasShape>): Activity {
  const { commodity, energy, volume, heatContent, volumeCorrection, calorificValue } = request
  checkOne({ energy, volume })
  if (volume === undefined) {
    for (const [field, value] of Object.entries({ heatContent, volumeCorrection })) {
      if (value !== undefined) throw badRequest(field, 'is for gas by volume')
    }
    return withoutAbsent({ commodity, calorificValue, energy: energyOf(energy) })
  }
  return withoutAbsent({
    commodity,
    calorificValue,
    volume: volumeOf(volume),
    heatContent: heatContent === undefined ? undefined : heatContentOf(heatContent),
    volumeCorrection:
      volumeCorrection === undefined ? undefined : positive('volumeCorrection', parseDecimal(volumeCorrection)),
  })
}

function heatContentOf({ amount, unit }: { readonly amount: string; readonly unit: HeatContentUnit }): HeatContent {
  return { value: positive('heatContent', parseDecimal(amount)), ...HEAT_CONTENT_UNITS[unit] }
}

function positive(path: string, value: Decimal): Decimal {
  if (value.u > 0n) return value
  throw badRequest(path, 'must be above zero')
}

function fuelOf(request: z.infer<typeof fuelShape>): Activity {
  const { commodity, energy, volume, mass, calorificValue } = request
  const fuel = withoutAbsent(request.fuel)
  checkOne({ energy, volume, mass })
  if (energy !== undefined) return withoutAbsent({ commodity, fuel, calorificValue, energy: energyOf(energy) })
  if (calorificValue !== undefined) throw badRequest('calorificValue', 'is for fuel by energy')
  if (volume !== undefined) return { commodity, fuel, volume: volumeOf(volume) }
  return { commodity, fuel, mass: massOf(mass) }
}

/** Exactly one of some fields must be there. */
function checkOne(fields: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(fields)
  const given = names.filter((name) => fields[name] !== undefined)
  if (given.length !== 1) throw badRequest(given[1] ?? names[0] ?? '', `give exactly one of ${names.join(', ')}`)
}

type Given = z.infer<typeof quantityShape> | undefined

function energyOf(given: Given): Quantity {
  return { value: parseDecimal(given?.amount ?? ''), unit: parseFuelEnergyUnit(given?.unit ?? '') }
}

function volumeOf(given: Given): Volume {
  return { value: parseDecimal(given?.amount ?? ''), unit: parseVolumeUnit(given?.unit ?? '') }
}

function massOf(given: Given): Mass {
  return { value: parseDecimal(given?.amount ?? ''), unit: parseMassUnit(given?.unit ?? '') }
}

function distanceOf(given: Given): Distance {
  return { value: parseDecimal(given?.amount ?? ''), unit: parseDistanceUnit(given?.unit ?? '') }
}
