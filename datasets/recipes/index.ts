import { epaHubRecipe, ukActivitiesRecipe } from './activities.ts'
import { australiaRecipe } from './australia.ts'
import { canadaRecipe } from './canada.ts'
import { egridRecipe } from './egrid.ts'
import { gwpRecipe } from './gwp.ts'
import { indiaRecipe, ukElectricityRecipe } from './national.ts'
import type { Recipe } from './recipe.ts'
import { gridLossRecipe, utilitiesRecipe, utilitySubregionRecipe, zipSubregionRecipe } from './us-places.ts'
import { eeaRecipe, emberRecipe, owidRecipe } from './world.ts'

/** All recipes: the shipped sets in the order of the charter, then the optional ones. */
export const RECIPES: readonly Recipe[] = [
  egridRecipe,
  gridLossRecipe,
  utilitiesRecipe,
  utilitySubregionRecipe,
  zipSubregionRecipe,
  owidRecipe,
  eeaRecipe,
  ukElectricityRecipe,
  ukActivitiesRecipe,
  epaHubRecipe,
  indiaRecipe,
  gwpRecipe,
  emberRecipe,
  australiaRecipe,
  canadaRecipe,
]
