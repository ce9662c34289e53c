import type { RegionType } from '#protocol'
import { makeElectricityFigures } from './electricity-recipe.ts'
import type { RowPlan } from './electricity-recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow } from './source-table.ts'

const WITHDRAWN = 'eGRID2023 v1 (2025-01)'
const SUPERSEDED = 'superseded on 2025-06-12 by eGRID2023 rev2'
const ERRONEOUS = `${SUPERSEDED}; its CO2e lies below its CO2 in 15 subregions and the US, this one among them`

const REGION_TYPES: Readonly<Record<string, RegionType>> = {
  subregion: 'subregion',
  state: 'state',
  nerc: 'nerc',
  country: 'country',
}

function plan(row: SourceRow): RowPlan {
  const regionType = row.lookup('region_type', REGION_TYPES)
  const region = regionType === 'country' ? row.text('country_iso2') : row.match('region_code', /^[A-Z]{2,4}$/)
  if (regionType === 'nerc' && region === 'NA') {
    return { leaveOut: 'NERC region "NA": plants without a NERC region, which is no place' }
  }
  return { regionType, region, reason: row.text('status') === 'superseded-erroneous' ? ERRONEOUS : SUPERSEDED }
}

/** eGRID: the US by subregion, state, NERC region, and as a whole. */
export const egridRecipe: Recipe = {
  name: 'egrid',
  title: 'eGRID, output emission rates of the United States',
  publisher: 'US EPA (eGRID)',
  licence: 'LicenseRef-US-PublicDomain',
  file: 'us_egrid_factors.csv',
  isOptional: false,
  notes: [
    'CO2e is the published figure; it is not recomputed from the rounded gases, which would be off by up to 1.2 lb/MWh.',
    'CH4 and N2O are lb of the gas per MWh, not CO2e.',
    'Non-baseload rates are kept as what they are; no footprint uses them.',
    'NERC regions of 2020 and 2023 are five of ten, as printed by Cloud Carbon Footprint in t/kWh; 2021 and 2022 were not found.',
    'Puerto Rico as a state is its only subregion PRMS from 2020 on (derived).',
    'eGRID2023 v1 is kept only to explain why it is refused.',
  ],
  make: (table, tally) =>
    makeElectricityFigures(table, tally, {
      dataset: 'eGRID',
      withdrawn: {
        [WITHDRAWN]: 'superseded on 2025-06-12 by rev2; its CO2e lies below its CO2 in 15 subregions and the US',
      },
      hasThousands: true,
      plan,
    }),
}
