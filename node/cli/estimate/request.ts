import { DISTANCE_UNITS, MASS_UNITS, VOLUME_UNITS } from '#protocol'
import { usageError } from '../cli-error.ts'
import { placeOf } from '../place-option.ts'
import { COMMODITIES } from './options.ts'
import type { EstimatedCommodity, EstimateOptions } from './options.ts'

/** Commodities that are told by an option of their own name. */
const NAMED_BY_OPTION = ['fuel', 'flight', 'travel'] as const

/**
 * The request that flags make; field by field that of `kwitness estimate --json`. What the rules check is left to them.
 *
 * @param instruments of the file that the options name.
 * @throws {CliError} ERR_CLI_USAGE
 */
export function requestOf(options: EstimateOptions, instruments: unknown): Readonly<Record<string, unknown>> {
  const commodity = commodityOf(options)
  const { amount, dataset, method, volumeCorrection, calorificValue, greenTariff } = options
  const given = {
    commodity,
    place: requirePlace(options),
    ...whenOf(options),
    ...amountOf(commodity, amount ?? '', options.unit),
    dataset,
    method,
    readings: options.readings?.map(parseReading),
    greenTariff,
    instruments,
    heatContent: options.heatContent === undefined ? undefined : parseHeatContent(options.heatContent),
    volumeCorrection,
    calorificValue,
    ...itemOf(commodity, options),
    passengers: options.passengers === undefined ? undefined : parsePassengers(options.passengers),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function commodityOf(options: EstimateOptions): EstimatedCommodity {
  const named = NAMED_BY_OPTION.filter((name) => options[name] !== undefined)
  const told = [...new Set([...(options.commodity === undefined ? [] : [options.commodity]), ...named])]
  if (told.length > 1) throw usageError(`this is for several commodities: ${told.join(', ')}; give one`)
  const [first] = told
  const commodity = COMMODITIES.find((it) => it === first) ?? 'electricity'
  if (named.length === 0 && NAMED_BY_OPTION.some((it) => it === commodity)) {
    throw usageError(`--commodity ${commodity}: say which with --${commodity}, see --help`)
  }
  return commodity
}

function requirePlace(options: EstimateOptions): object {
  const place = placeOf(options, { provinces: true })
  if (place === undefined) {
    throw usageError('give a place: --place, --country, --utility, --zip, --subregion or --nerc')
  }
  return place
}

function whenOf({ year, period }: EstimateOptions): object {
  const [, start, end] = /^(.+)\.\.(.+)$/.exec(period ?? '') ?? []
  if (period !== undefined && end === undefined) {
    throw usageError('--period: expected two days such as 2019-06-01..2019-07-01')
  }
  if (year !== undefined && !/^[0-9]{4}$/.test(year)) throw usageError(`--year ${year}: expected four digits`)
  if ((year === undefined) === (period === undefined)) throw usageError('give either --year or --period')
  return year === undefined ? { period: { start, end } } : { year: Number(year) }
}

/** The amount under the name of its dimension. A unit that is none is left to the rules, which list the right ones. */
function amountOf(commodity: EstimatedCommodity, amount: string, given: string | undefined): object {
  const isTravel = commodity === 'flight' || commodity === 'travel'
  if (given === undefined && commodity === 'fuel')
    throw usageError('--unit: a fuel has no usual unit; say litre, kWh …')
  const unit = given ?? (isTravel ? 'km' : 'kWh')
  return { [dimensionOf(commodity, unit)]: { amount, unit } }
}

/** Spellings that are near a unit of the dimension, but have several meanings or none. */
const NEARLY_VOLUME = /gal|lit(er|re)|^l$|cf$|m3|m³/i
const NEARLY_MASS = /ton|^t$|^mt$|lbs?$|kilo|gram/i

function dimensionOf(commodity: EstimatedCommodity, unit: string): 'energy' | 'volume' | 'mass' | 'distance' {
  if (commodity === 'flight' || commodity === 'travel') return 'distance'
  if (commodity === 'electricity' || commodity === 'heat') return 'energy'
  const names = (units: readonly string[]): boolean => units.includes(unit)
  if (names(DISTANCE_UNITS)) return 'distance'
  if (names(VOLUME_UNITS) || NEARLY_VOLUME.test(unit)) return 'volume'
  if (names(MASS_UNITS) || NEARLY_MASS.test(unit)) return commodity === 'gas' ? 'energy' : 'mass'
  return 'energy'
}

function parseReading(text: string): { year: number; kWh: string } {
  const [, year, kWh] = /^([0-9]{4})=(.+)$/.exec(text) ?? []
  if (year === undefined || kWh === undefined) throw usageError(`--readings ${text}: expected year=kWh: 2022=310.5`)
  return { year: Number(year), kWh }
}

function parseHeatContent(text: string): { amount: string; unit: string } {
  const [, amount, unit] = /^([0-9.]+)\s*([A-Za-z].*)$/.exec(text) ?? []
  if (amount === undefined || unit === undefined) {
    throw usageError(`--heat-content ${text}: expected what the bill prints, such as '39.5 MJ/m3'`)
  }
  return { amount, unit }
}

function parsePassengers(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw usageError(`--passengers ${text}: expected a whole number`)
  return Number(text)
}

/** What is burnt, flown or travelled, by its publisher's words. */
function itemOf(commodity: EstimatedCommodity, options: EstimateOptions): object {
  const { category, group, detail, variant, rf } = options
  if (rf === true && commodity !== 'flight') throw usageError('--rf is for --flight')
  const isFiner = [group, detail, variant].some((text) => text !== undefined)
  if (isFiner && commodity !== 'travel') throw usageError('--group, --detail and --variant are for --travel')
  if (category !== undefined && commodity !== 'travel' && commodity !== 'fuel') {
    throw usageError('--category is for --fuel and --travel')
  }
  if (commodity === 'fuel') return { fuel: present({ name: options.fuel, category }) }
  if (commodity === 'travel') return { travel: present({ category, group, name: options.travel, detail, variant }) }
  if (commodity !== 'flight') return {}
  const [, haul, seat] = /^([^:]+)(?::([^:]+))?$/.exec(options.flight ?? '') ?? []
  if (haul === undefined) throw usageError(`--flight ${options.flight}: expected haul and class: long:economy`)
  return { flight: { haul, ...present({ class: seat }), radiativeForcing: rf === true } }
}

function present(fields: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
