import type { FactorUse, RegionType } from '#protocol'
import { makeElectricityFigures } from './electricity-recipe.ts'
import type { RowPlan } from './electricity-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

const UK_USES: Readonly<Record<string, FactorUse>> = {
  'generation (location, scope 2)': 'generation',
  'T&D losses (scope 3)': 'losses',
  'WTT generation (scope 3)': 'well-to-tank',
  'WTT T&D (scope 3)': 'well-to-tank-losses',
}

function planUnitedKingdom(row: SourceRow): RowPlan {
  if (/^(CH4|N2O) \(as CO2e\)$/.test(row.text('gas'))) {
    return { leaveOut: 'CH4 and N2O as CO2e: no masses of a gas, and parts of the published CO2e' }
  }
  return { regionType: 'country', region: row.match('country_iso2', /^GB$/), use: row.lookup('boundary', UK_USES) }
}

/** UK conversion factors: electricity by reporting year, with losses and well-to-tank. */
export const ukElectricityRecipe: Recipe = {
  name: 'uk-electricity',
  title: 'UK conversion factors for company reporting: electricity',
  publisher: 'UK DESNZ/DEFRA/BEIS',
  licence: 'OGL-UK-3.0',
  file: 'uk_desnz_electricity.csv',
  isOptional: false,
  notes: [
    'The set of a year is for reports on that year; its grid data are two years older.',
    '2023 is 0.207074288590604 kg/kWh as in the flat file, not 0.20707 as printed on the page: the flat file is what can be hashed and what its own parts add up to (0.20496 + 0.000896 + 0.00121828859060403); the printed figure is it, rounded. The difference is 0.0021 %.',
    'Transmission losses and well-to-tank are Scope 3 lines of their own.',
    'Cells of 2016-2019 had float artefacts (0.41204999999999997); they are read with 15 significant digits.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, { dataset: 'UK GHG conversion factors (flat file)', plan: planUnitedKingdom }),
}

const INDIA_REGIONS: Readonly<Record<string, RegionType>> = {
  country: 'country',
  'grid-region': 'grid',
  state: 'state',
}

function planIndia(row: SourceRow): RowPlan {
  return {
    regionType: row.lookup('region_type', INDIA_REGIONS),
    region: row.match('region_code', /^IN(-[A-Z]{2,3})?$/),
    reason: 'a third party added up plants by where they stand; CEA publishes one national figure',
  }
}

/** Central Electricity Authority of India: CO2 only, by fiscal year. */
export const indiaRecipe: Recipe = {
  name: 'india-cea',
  title: 'CO2 baseline database of the Indian power sector',
  publisher: 'Central Electricity Authority, India',
  licence: 'CC0-1.0',
  file: 'india_cea.csv',
  isOptional: false,
  notes: [
    'CO2 only. A year is the fiscal year from April to March, named by the calendar year in which it begins.',
    'Second-hand; for 2024-25 another public source prints 0.710 where this one has 0.7117.',
    'Regions and states are unofficial, and margins are for projects: neither is ever used for a footprint.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, { dataset: 'CEA CO2 baseline database', plan: planIndia }),
}
