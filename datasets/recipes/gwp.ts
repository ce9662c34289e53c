import type { GwpFigures } from '../reference-figures.ts'
import type { Recipe } from './recipe.ts'

/** One word each, so that the first word of `AR5 (CH4 28, N2O 265)` names one of them and never two. */
const NAMES: Readonly<Record<string, string>> = {
  SAR: 'SAR',
  AR4: 'AR4',
  'AR5 (no feedback)': 'AR5',
  'AR5 (with feedback)': 'AR5-feedback',
  'AR6 non-fossil CH4': 'AR6-non-fossil',
  'AR6 fossil CH4': 'AR6-fossil',
}

/** Global warming potentials by assessment of the IPCC. */
export const gwpRecipe: Recipe = {
  name: 'gwp',
  title: 'Global warming potentials over 100 years',
  publisher: 'IPCC',
  licence: 'CC0-1.0',
  file: 'gwp.csv',
  isOptional: false,
  notes: [
    'AR5 is without climate-carbon feedback. AR6 has two values of CH4 and therefore two names here.',
    'CO2 is 1 by definition. A result uses one set of potentials only.',
  ],
  make: (table, tally): GwpFigures => ({
    v: 1,
    kind: 'gwp',
    dataset: 'IPCC global warming potentials (100 years)',
    edition: 'SAR to AR6',
    columns: ['assessment', 'gas', 'value'],
    rows: table.rows.flatMap((row): GwpFigures['rows'] => {
      tally.use(row, 'IPCC assessment reports')
      const assessment = row.lookup('assessment', NAMES)
      const potential = (column: string): string => {
        const value = row.figure(column)
        if (value === undefined || !/^\d+(\.\d+)?$/.test(value)) throw row.error(`has no ${column}`)
        return value
      }
      return [
        [assessment, 'CO2', '1'],
        [assessment, 'CH4', potential('ch4_100yr')],
        [assessment, 'N2O', potential('n2o_100yr')],
      ]
    }),
  }),
}
