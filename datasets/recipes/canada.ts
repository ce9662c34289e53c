import { makeElectricityFigures } from './electricity-recipe.ts'
import type { RowPlan } from './electricity-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

function plan(row: SourceRow): RowPlan {
  row.match('region_type', /^province$/)
  return {
    regionType: 'province',
    region: row.match('region_code', /^CA-[A-Z]{2}$/),
    reason: 'replaced by version 4.0; only a part of that edition was read',
  }
}

/** Environment and Climate Change Canada: consumption by province. */
export const canadaRecipe: Recipe = {
  name: 'canada-eccc',
  title: 'Emission factors and reference values: electricity consumption by province',
  publisher: 'Environment and Climate Change Canada',
  licence: 'OGL-Canada-2.0',
  file: 'canada_eccc.csv',
  isOptional: true,
  notes: [
    "Second-hand: compare with the publisher's document before relying on it.",
    'Consumption-based: what a province imports is in it. There is no figure for the country.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, { dataset: 'Canada ECCC emission factors and reference values', plan }),
}
