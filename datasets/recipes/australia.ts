import type { RegionType } from '#protocol'
import { makeElectricityFigures } from './electricity-recipe.ts'
import type { RowPlan } from './electricity-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

const REGION_TYPES: Readonly<Record<string, RegionType>> = { country: 'country', grid: 'grid' }

/** Edition N is for the financial year that begins in July N; the table has no `period_start`. */
const FIRST_MONTH = 7

function plan(row: SourceRow): RowPlan {
  const regionType = row.lookup('region_type', REGION_TYPES)
  const region = row.match('region_code', /^AU(-[A-Z]{2,4})?$/)
  const shared = region === 'AU-NSW' && row.text('notes').includes('also serves ACT') ? ['AU-ACT'] : []
  return { regionType, region, firstMonth: FIRST_MONTH, alsoFor: shared }
}

/** National Greenhouse Accounts of Australia: by grid, with residual mix. */
export const australiaRecipe: Recipe = {
  name: 'australia-nga',
  title: 'National Greenhouse Accounts factors: electricity by grid',
  publisher: 'DCCEEW, Australia',
  licence: 'CC-BY-4.0',
  file: 'australia_nga.csv',
  isOptional: true,
  notes: [
    "Second-hand: compare with the publisher's document before relying on it.",
    'A year is the financial year from July to June, named by the calendar year in which it begins.',
    'The publisher prints one figure for New South Wales and the Australian Capital Territory: it is in the set for both.',
    'Western Australia has two grids (SWIS, NWIS) and no figure of its own.',
  ],
  make: (table, tally) => makeElectricityFigures(table, tally, { dataset: 'Australia NGA factors', plan }),
}
