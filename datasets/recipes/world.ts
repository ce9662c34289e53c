import { makeElectricityFigures } from './electricity-recipe.ts'
import type { RowPlan } from './electricity-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

/** Countries stay; sums over several countries are no place where energy is used. */
function planCountry(row: SourceRow): RowPlan {
  if (row.text('region_type') === 'aggregate')
    return { leaveOut: 'aggregates such as Europe or the G20: no bill lies there' }
  row.match('region_type', /^country$/)
  return { regionType: 'country', region: row.match('country_iso2', /^[A-Z]{2}$/) }
}

/** Our World in Data: countries of the world, one vintage. */
export const owidRecipe: Recipe = {
  name: 'owid',
  title: 'Carbon intensity of electricity by country',
  publisher: 'Our World in Data (from Ember; Energy Institute)',
  licence: 'CC-BY-4.0',
  file: 'owid_carbon_intensity.csv',
  isOptional: false,
  notes: [
    'One vintage, pinned by hash: the series is revised backwards (US 2021 rose by 11.6 % between two downloads).',
    'Figures count a life cycle; they are not the same quantity as eGRID, CEA or EEA, and never mixed with them.',
    'A printed 0 is a figure (Central African Republic, Burundi 2012).',
    'Figures of 2025 are preliminary and never used.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, { dataset: 'OWID carbon-intensity-electricity', plan: planCountry }),
}

function planEea(row: SourceRow): RowPlan {
  const planned = planCountry(row)
  if ('leaveOut' in planned) return planned
  return row.text('status') === 'invalid-published-error'
    ? {
        ...planned,
        reason: `the publisher printed ${row.text('original_value')} g/kWh: no electricity emits less than nothing`,
      }
    : { ...planned, reason: 'superseded by the EEA release of 2025' }
}

/** European Environment Agency: direct emissions of the member states. */
export const eeaRecipe: Recipe = {
  name: 'eea',
  title: 'CO2 emission intensity of electricity generation in Europe',
  publisher: 'European Environment Agency',
  licence: 'CC-BY-4.0',
  file: 'eea_intensity.csv',
  isOptional: false,
  notes: [
    'Only 2023 and 2024 of the 2025 release are usable (second-hand); older releases are kept to explain why they are refused.',
    'Belgium 2004 was printed as -17 in one release: kept as printed, invalid, never used.',
    'Gross generation, direct emissions: lower than life-cycle figures where the grid is clean.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, {
      dataset: 'EEA CO2 emission intensity of electricity generation',
      plan: planEea,
    }),
}

/** Ember by way of co2.js: optional, since that package states another licence than Ember. */
export const emberRecipe: Recipe = {
  name: 'ember',
  title: 'Yearly electricity data of Ember, as packaged by co2.js',
  publisher: 'Ember; packaged by Green Web Foundation',
  licence: 'CC-BY-SA-4.0',
  file: 'ember_co2js.csv',
  isOptional: true,
  notes: ['co2.js says CC BY-SA 4.0, Ember itself CC BY 4.0: not shipped. One year a country, no history.'],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, { dataset: 'Ember yearly electricity (via co2.js)', plan: planCountry }),
}
