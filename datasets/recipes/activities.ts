import type { ActivityUnit, Gas } from '#protocol'
import { makeActivityFigures } from './activities-recipe.ts'
import type { ActivityPlan } from './activities-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

/** Units of the UK's flat files; they spell litres in two ways. */
const UK_UNITS: Readonly<Record<string, ActivityUnit>> = {
  GJ: 'GJ',
  Litres: 'litre',
  litres: 'litre',
  'million litres': 'megalitre',
  'Room per night': 'room-night',
  'cubic metres': 'm3',
  kWh: 'kWh',
  'kWh (Gross CV)': 'kWh-gross',
  'kWh (Net CV)': 'kWh-net',
  kg: 'kg',
  km: 'km',
  miles: 'mile',
  'passenger.km': 'passenger-km',
  'per FTE Working Hour': 'fte-hour',
  'tonne.km': 'tonne-km',
  tonnes: 'tonne',
}

/** CO2 as CO2e is CO2: its potential is 1 by definition. CH4 and N2O as CO2e are no masses of these gases. */
const UK_GASES: Readonly<Record<string, Gas | 'part'>> = {
  CO2e: 'CO2e',
  'CO2 (as CO2e)': 'CO2',
  'CH4 (as CO2e)': 'part',
  'N2O (as CO2e)': 'part',
}

function planUnitedKingdom(row: SourceRow): ActivityPlan {
  const gas = row.lookup('gas', UK_GASES)
  if (gas === 'part') return { leaveOut: 'CH4 and N2O as CO2e: no masses of a gas, and parts of the published CO2e' }
  if (isNoZero(row)) return { leaveOut: '0 for a car that nobody made: not available, since driven it would emit' }
  const per = row.lookup('unit', UK_UNITS)
  if (row.text('original_unit') !== `kg CO2e/${row.text('unit')}`) throw row.error('is not in kg CO2e of its unit')
  const names = nameUnitedKingdom(row)
  return { per, gas, mass: 'kg', gwpSet: row.match('gwp_set', /./), trust: 'primary', names }
}

/** A printed 0 is a figure for the exhaust of an electric car. It is none for a car that burns petrol or is charged. */
function isNoZero(row: SourceRow): boolean {
  const isExhaust = row.text('category') === 'Passenger vehicles' && row.text('variant') === 'Battery Electric Vehicle'
  return /^0(?:\.0+)?$/.test(row.text('original_value')) && !isExhaust
}

/** Texts of the columns `level4` and `variant` that only repeat the unit or the year of the grid data. */
const UK_REPEATS: ReadonlySet<string> = new Set([
  'Energy - Gross CV',
  'Energy - Net CV',
  'Tonnes',
  'Volume',
  'kWh',
  '2020',
])

/** Names of fuels in well-to-tank rows up to 2021, and as the files spell them since, and always in the other rows. */
const UK_SPELLINGS: Readonly<Record<string, string>> = {
  'Aviation Spirit': 'Aviation spirit',
  'Aviation Turbine Fuel': 'Aviation turbine fuel',
  'Burning Oil': 'Burning oil',
  'Coking Coal': 'Coking coal',
  'Fuel Oil': 'Fuel oil',
  'Gas Oil': 'Gas oil',
  'Natural Gas': 'Natural gas',
  'Other Petroleum Gas': 'Other petroleum gas',
  'Petroleum Coke': 'Petroleum coke',
  'Refinery Miscellaneous': 'Refinery miscellaneous',
}

/** The flat files moved some names between columns and respelled some: one item keeps one name through the years. */
function nameUnitedKingdom(row: SourceRow): { group: string; name: string; detail: string; variant: string } {
  const withoutRepeat = (text: string): string => (UK_REPEATS.has(text) ? '' : text)
  const group = row.text('level2')
  const name = row.text('item')
  const isFuel = row.text('category') === 'WTT- fuels'
  const fuels = group.replace('WTT- ', '')
  return {
    group: isFuel ? fuels.charAt(0).toUpperCase() + fuels.slice(1) : group,
    name: isFuel ? (UK_SPELLINGS[name] ?? name) : name,
    detail: withoutRepeat(row.text('level4')),
    variant: withoutRepeat(row.text('variant')),
  }
}

/** UK conversion factors: fuels, heat, gas, travel, each with well-to-tank. */
export const ukActivitiesRecipe: Recipe = {
  name: 'uk-activities',
  title: 'UK conversion factors for company reporting: fuels, heat and travel',
  publisher: 'UK DESNZ/DEFRA/BEIS',
  licence: 'OGL-UK-3.0',
  file: 'uk_desnz_fuels_travel.csv',
  isOptional: false,
  notes: [
    'Items are named in the words of the flat files of 2022 and later. Earlier files repeat the unit in a column of its own ("Energy - Gross CV"), have the year of the grid data there, and spell groups and names of well-to-tank fuels otherwise ("WTT- gaseous fuels", "Natural Gas"): one item has one name through the years.',
    'Gas is per gross and per net kWh: bills count gross ones.',
    'Figures of 2022 and later are unrounded in the flat files, and kept so (up to 15 significant digits).',
    'A printed 0 is kept for the exhaust of electric cars; where it stands for a kind of car that was not made, it is not available.',
    'CO2e of bioenergy has no CO2 in it: that is outside the scopes.',
  ],
  make: (table, tally) =>
    makeActivityFigures(table, tally, {
      dataset: 'UK GHG conversion factors (flat file)',
      country: 'GB',
      plan: planUnitedKingdom,
    }),
}

const EPA_UNITS: Readonly<Record<string, ActivityUnit>> = {
  gallon: 'gallon-us',
  mmBtu: 'mmBtu',
  'mmBtu (HHV)': 'mmBtu',
  'passenger-mile': 'passenger-mile',
  scf: 'scf',
  'short ton': 'short-ton',
  'vehicle-mile': 'vehicle-mile',
}

/** GWP set with which the Hub of 2025 says its gases are to be added up. */
const EPA_GWP_SET = 'AR5 (CH4 28, N2O 265)'

function planEpaHub(row: SourceRow): ActivityPlan {
  const per = row.lookup('unit', EPA_UNITS)
  const unit = row.text('original_unit')
  if (unit.includes('(computed')) return { leaveOut: 'CO2e computed by the collector; the Hub prints CO2, CH4 and N2O' }
  const gas = row.lookup('gas', { CO2: 'CO2', CH4: 'CH4', N2O: 'N2O' } as const)
  const mass = gas === 'CO2' ? 'kg' : 'g'
  if (unit !== `${mass} ${gas}/${row.text('unit').replace(' (HHV)', '')}`) throw row.error(`has the unit ${unit}`)
  return { per, gas, mass, gwpSet: EPA_GWP_SET, trust: 'primary' }
}

/** EPA Emission Factors Hub: fuels, steam, travel. */
export const epaHubRecipe: Recipe = {
  name: 'epa-hub',
  title: 'GHG Emission Factors Hub: fuels, steam and travel',
  publisher: 'US EPA',
  licence: 'LicenseRef-US-PublicDomain',
  file: 'epa_hub_fuels_travel.csv',
  isOptional: false,
  notes: [
    'Single gases as printed: kg CO2, g CH4 and g N2O. Their sum uses AR5 (28, 265), as the Hub of 2025 does.',
    'Per mmBtu is by higher heating value (gross). CO2 of biomass is biogenic and outside the scopes.',
    'Mobile combustion is CO2 only: the Hub states its CH4 and N2O by distance.',
    'Tables of electricity (eGRID2023 v1, withdrawn) are not taken.',
  ],
  make: (table, tally) =>
    makeActivityFigures(table, tally, { dataset: 'EPA GHG Emission Factors Hub', country: 'US', plan: planEpaHub }),
}
