import { Option } from 'commander'
import type { Command } from 'commander'
import { DATASETS_OPTION } from '../datasets-option.ts'
import { addPlaceOptions } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'

/** What emissions are estimated of. */
export const COMMODITIES = ['electricity', 'gas', 'heat', 'fuel', 'flight', 'travel'] as const
/** What emissions are estimated of. */
export type EstimatedCommodity = (typeof COMMODITIES)[number]

/** Options of `kwitness estimate`. */
export type EstimateOptions = PlaceOptions & {
  readonly json?: boolean
  readonly commodity?: EstimatedCommodity
  readonly amount?: string
  readonly unit?: string
  readonly year?: string
  readonly period?: string
  readonly dataset?: string
  readonly datasets?: string
  readonly method?: string
  readonly readings?: readonly string[]
  readonly greenTariff?: boolean
  readonly instruments?: string
  readonly heatContent?: string
  readonly volumeCorrection?: string
  readonly calorificValue?: string
  readonly fuel?: string
  readonly flight?: string
  readonly rf?: boolean
  readonly travel?: string
  readonly category?: string
  readonly group?: string
  readonly detail?: string
  readonly variant?: string
  readonly passengers?: string
}

/** Adds the options of `kwitness estimate`, in the order in which its help shows them. */
export function addEstimateOptions(command: Command): Command {
  command
    .addOption(new Option('--commodity <commodity>', 'what it is (default: told by the options)').choices(COMMODITIES))
    .option('--amount <number>', 'how much, an exact decimal; without it, requests are read from standard input')
    .option('--unit <unit>', 'unit of the amount (default: kWh; of flights and travel km)')
  addPlaceOptions(command)
    .option('--year <year>', 'calendar year')
    .option('--period <start..end>', 'civil days, the last one not included: 2019-06-01..2019-07-01')
    .option('--readings <year=kWh...>', 'energy of each calendar year of the period: 2022=310.5 2023=120')
    .option('--dataset <name>', 'take this data set, or this edition of one: owid, eGRID2022')
    .option(...DATASETS_OPTION)
    .option('--method <method>', 'market: the market-based figure too')
    .option('--green-tariff', 'the bill calls its electricity green')
    .option('--instruments <file>', 'JSON file with certificates, contracts and rates; see docs/spec/cli-json.md')
    .option('--heat-content <amount unit>', "of a volume of gas, as the bill prints it: '39.5 MJ/m3'")
    .option('--volume-correction <number>', 'of a volume of gas, as the bill prints it: 1.02264')
    .option('--calorific-value <which>', 'gross (default) or net')
    .option('--fuel <name>', "a fuel by its publisher's name: 'Diesel (100% mineral diesel)'")
    .option('--flight <haul:class>', 'a flight: domestic, short, medium, long or international; economy, business …')
    .option('--rf', 'count what flights do beyond their CO2 (radiative forcing); without it only the gases')
    .option('--travel <name>', "a way to travel, by its publisher's name")
    .option('--category <text>', 'where several fuels or ways to travel have one name; likewise:')
    .option('--group <text>')
    .option('--detail <text>')
    .option('--variant <text>')
    .option('--passengers <count>', 'how many flew or travelled')
  return command.option('--json', 'one line of JSON for each request')
}
