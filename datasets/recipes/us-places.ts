import { DatasetError } from '../dataset-error.ts'
import { orderTexts } from './recipe.ts'
import type { Recipe } from './recipe.ts'
import type { SourceRow, SourceTable } from './source-table.ts'
import type {
  GridLossFigures,
  UtilityFigures,
  UtilitySubregionFigures,
  ZipSubregionFigures,
} from '../reference-figures.ts'
import { layOutYears } from './series.ts'

const PUBLIC_DOMAIN = 'LicenseRef-US-PublicDomain'
const ZIP_EDITION = 'zip.csv of power-profiler f42f155'
const ZIP_ORIGIN = 'github:USEPA/power-profiler@f42f155cd9657f237a875a8a358abeefcb6e3d63:app/data/zip.csv'

/**
 * Slips of the ZIP table, as number|state: the number belongs to another utility in EIA-861, which does not serve there.
 * 1062 is BARC Electric (VA) and not Gulf Power, 1149 Baldwin County (AL) and not Public Service Electric & Gas, 1175 Bandera
 * Electric (TX) and not Toledo Edison; in the order of the list, the others are the cities of Aurelia (IA) and Ava (MO), Ayden
 * (NC), Baldwin City (KS) and Bamberg (SC), and two marketers of New York.
 */
const UTILITY_SLIPS: ReadonlySet<string> = new Set([
  '1062|FL',
  '1149|NJ',
  '1175|OH',
  '1002|AL',
  '1024|TX',
  '1036|NY',
  '1148|OK',
  '1170|FL',
  '61921|NC',
  '63008|VA',
])

/** Two codes of New Jersey have the subregion of the Alabama utility whose number they carry: zip|number. */
const ZIP_SLIPS: ReadonlySet<string> = new Set(['07309|1149', '08905|1149'])

/** A slip that is no longer in the source is one that a newer source has put right: a person has to look. */
function checkSlips(table: SourceTable, slips: ReadonlySet<string>, columns: readonly string[]): void {
  const keys = new Set(table.rows.map((row) => columns.map((column) => row.text(column)).join('|')))
  const stale = [...slips].filter((slip) => !keys.has(slip))
  if (stale.length === 0) return
  const { file } = table
  const message = `${file}: no longer has the known slips ${stale.join(', ')}`
  throw new DatasetError(message, { code: 'ERR_DATASET_SOURCE', file, row: 1 })
}

/** Why a row of grid losses is not in the set; `undefined` when it is. */
function refuseGridLoss(row: SourceRow, published: ReadonlySet<string>): string | undefined {
  if (row.text('status') === 'superseded') return 'eGRID2023 v1: withdrawn'
  row.match('status', /^current$/)
  if (row.text('region_type') === 'interconnect') {
    return 'interconnections: no place names one, and each subregion carries the figure of its own'
  }
  const isRounded = row.text('precision') !== 'as published'
  return isRounded && published.has(`${row.text('region_code')}|${row.text('year')}`)
    ? 'rounded copy of a figure that is in the set as published'
    : undefined
}

/** Grid gross loss by subregion and for the US. */
export const gridLossRecipe: Recipe = {
  name: 'us-grid-loss',
  title: 'Grid gross loss of the United States',
  publisher: 'US EPA (eGRID)',
  licence: PUBLIC_DOMAIN,
  file: 'us_grid_gross_loss.csv',
  isOptional: false,
  notes: [
    "Fractions of generation, 0.1 percentage points where Power Profiler rounded them; a subregion has its interconnection's.",
    'An earlier public file of the publisher was filled downwards by a spreadsheet (4.71, 4.58, 4.46, ...); it is not used.',
  ],
  make: (table, tally): GridLossFigures => {
    const asPublished = table.rows.filter((row) => row.text('precision') === 'as published')
    const published = new Set(asPublished.map((row) => `${row.text('region_code')}|${row.text('year')}`))
    const editions = new Map<number, string>()
    const series = new Map<string, { year: number; value: string }[]>()
    for (const row of table.rows) {
      const refusal = refuseGridLoss(row, published)
      if (refusal !== undefined) {
        tally.leaveOut(row, refusal)
        continue
      }
      tally.use(row, row.text('source'))
      const [year, version] = [row.integer('year'), row.text('version')]
      if ((editions.get(year) ?? version) !== version) throw row.error(`has a second edition ${version} for ${year}`)
      editions.set(year, version)
      const key = `${row.match('region_type', /^(subregion|country)$/)}|${row.match('region_code', /^[A-Z]{2,4}$/)}`
      const value = row.figure('ggl_fraction') ?? ''
      if (!/^0\.\d+$/.test(value)) throw row.error(`has the loss ${JSON.stringify(value)}, no fraction of one`)
      series.set(key, [...(series.get(key) ?? []), { year, value }])
    }
    const rows = [...series]
      .sort(([a], [b]) => orderTexts(a, b))
      .map(([key, figures]): GridLossFigures['rows'][number] => {
        const [regionType, region = ''] = key.split('|')
        const laidOut = layOutYears(figures)
        if (laidOut === undefined) throw new Error(`${table.file}: ${key} has a year twice`)
        return [regionType === 'country' ? 'country' : 'subregion', region, laidOut.firstYear, laidOut.values]
      })
    return {
      v: 1,
      kind: 'grid-loss',
      dataset: 'eGRID grid gross loss',
      editions: [...editions].sort(([a], [b]) => a - b).map(([year, version]) => ({ year, version })),
      columns: ['regionType', 'region', 'firstYear', 'values'],
      rows,
    }
  },
}

/** Utilities of EIA-861; the newest edition that lists one wins. */
export const utilitiesRecipe: Recipe = {
  name: 'us-utilities',
  title: 'Utilities of the United States',
  publisher: 'US EIA (Form EIA-861)',
  licence: PUBLIC_DOMAIN,
  file: 'us_utilities_eia861.csv',
  isOptional: false,
  notes: [
    'The source lists a utility under its head office, not by where it serves: subregions come from another set.',
    'NERC regions are as cleaned by the collector (ERCOT -> TRE, RFO -> RFC); empty where the source is blank or ambiguous.',
  ],
  make: (table, tally): UtilityFigures => {
    const years = [...new Set(table.rows.map((row) => row.text('data_year')))].sort(orderTexts)
    const ownerships = [...new Set(table.rows.map((row) => row.text('ownership')))].sort(orderTexts)
    const newest = new Map<string, SourceRow>()
    for (const row of table.rows) {
      const key = `${row.integer('utility_number')}|${row.text('state')}`
      if (row.text('utility_name') === 'Withheld') tally.leaveOut(row, 'number 88888, "Withheld": many utilities')
      else if (row.text('state') === '') tally.leaveOut(row, 'no state')
      else {
        const known = newest.get(key)
        const year = row.match('data_year', /^\d{4}$/)
        if (known?.text('data_year') === year) throw row.error(`repeats ${key} of ${year}`)
        if (known !== undefined && known.text('data_year') > year) throw row.error('is older than a row before it')
        if (known !== undefined) tally.leaveOut(known, 'listed again in a newer edition')
        newest.set(key, row)
      }
    }
    const rows = [...newest.values()].map((row): UtilityFigures['rows'][number] => {
      tally.use(row, row.text('source'))
      return [
        row.integer('utility_number'),
        row.match('state', /^[A-Z]{2}$/),
        years.indexOf(row.text('data_year')),
        row.match('utility_name', /./),
        ownerships.indexOf(row.match('ownership', /./)),
        row.match('nerc_region', /^[A-Z]{0,4}$/),
      ]
    })
    return {
      v: 1,
      kind: 'utilities',
      dataset: 'EIA-861 utility data',
      editions: years.map((year) => `EIA-861 ${year}`),
      ownerships,
      columns: ['eia', 'state', 'edition', 'name', 'ownership', 'nerc'],
      rows: rows.sort((a, b) => a[0] - b[0] || orderTexts(a[1], b[1])),
    }
  },
}

/** (utility, state) -> eGRID subregion. */
export const utilitySubregionRecipe: Recipe = {
  name: 'us-utility-subregion',
  title: 'eGRID subregion of a utility in a state',
  publisher: 'US EPA (Power Profiler)',
  licence: PUBLIC_DOMAIN,
  file: 'us_utility_subregion.csv',
  isOptional: false,
  notes: ['Made from the ZIP table of Power Profiler; no pair of utility and state lies in two subregions.'],
  make: (table, tally): UtilitySubregionFigures => {
    checkSlips(table, UTILITY_SLIPS, ['eia_utility_number', 'state'])
    const rows = new Map<string, UtilitySubregionFigures['rows'][number]>()
    for (const row of table.rows) {
      const key = `${row.text('eia_utility_number')}|${row.text('state')}`
      if (row.text('eia_utility_number') === '') {
        tally.leaveOut(row, 'no utility number (Puerto Rico): the state stands for it')
      } else if (UTILITY_SLIPS.has(key)) {
        tally.leaveOut(row, 'the number belongs to another utility, in another state (EIA-861)')
      } else {
        if (row.text('ambiguous') !== '0' || rows.has(key)) throw row.error(`is ambiguous: ${key}`)
        tally.use(row, row.text('source'))
        const [state, subregion] = [row.match('state', /^[A-Z]{2}$/), row.match('subregion', /^[A-Z]{4}$/)]
        rows.set(key, [row.integer('eia_utility_number'), state, subregion])
      }
    }
    return {
      v: 1,
      kind: 'utility-subregion',
      dataset: 'EPA Power Profiler utilities',
      edition: ZIP_EDITION,
      columns: ['eia', 'state', 'subregion'],
      rows: [...rows.values()].sort((a, b) => a[0] - b[0] || orderTexts(a[1], b[1])),
    }
  },
}

type ZipEntry = { readonly states: Set<string>; readonly subregions: Set<string>; predominant: string | undefined }

/** ZIP -> eGRID subregions, the predominant one first. */
export const zipSubregionRecipe: Recipe = {
  name: 'us-zip-subregion',
  title: 'eGRID subregions of a US postal code',
  publisher: 'US EPA (Power Profiler)',
  licence: PUBLIC_DOMAIN,
  file: 'us_zip_subregion.csv',
  isOptional: false,
  notes: [
    'Rows of one code and several utilities are one entry; the subregion that the source marks as predominant comes first.',
    'Two codes of New Jersey (07309, 08905) are unknown: the source has them in the Southeast, by a wrong utility number.',
  ],
  make: (table, tally): ZipSubregionFigures => {
    checkSlips(table, ZIP_SLIPS, ['zip', 'eia_utility_number'])
    const entries = new Map<string, ZipEntry>()
    for (const row of table.rows) {
      const zip = row.match('zip', /^\d{5}$/)
      if (ZIP_SLIPS.has(`${zip}|${row.text('eia_utility_number')}`)) {
        tally.leaveOut(row, 'the subregion is that of another utility, in Alabama, whose number the row carries')
        continue
      }
      const entry = entries.get(zip) ?? { states: new Set(), subregions: new Set(), predominant: undefined }
      entries.set(zip, entry)
      const subregion = row.match('subregion', /^[A-Z]{4}$/)
      entry.states.add(row.match('state', /^[A-Z]{2}$/))
      entry.subregions.add(subregion)
      if (row.match('predominant', /^[01]$/) === '1') {
        if ((entry.predominant ?? subregion) !== subregion)
          throw row.error(`has a second predominant subregion of ${zip}`)
        entry.predominant = subregion
      }
      tally.use(row, ZIP_ORIGIN)
    }
    return {
      v: 1,
      kind: 'zip-subregion',
      dataset: 'EPA Power Profiler postal codes',
      edition: ZIP_EDITION,
      columns: ['prefix', 'states', 'subregions', 'endings'],
      rows: packZips(table.file, entries),
    }
  },
}

/** Codes of one prefix that say the same share a row. */
function packZips(file: string, entries: ReadonlyMap<string, ZipEntry>): ZipSubregionFigures['rows'] {
  const rows = new Map<string, ZipSubregionFigures['rows'][number]>()
  for (const [zip, { states, subregions, predominant }] of [...entries].sort(([a], [b]) => orderTexts(a, b))) {
    if (predominant === undefined) throw new Error(`${file}: ${zip} has no predominant subregion`)
    const others = [...subregions].filter((code) => code !== predominant).sort(orderTexts)
    const key = JSON.stringify([zip.slice(0, 3), [...states].sort(orderTexts), [predominant, ...others]])
    const [prefix, sortedStates, sortedSubregions, endings] = rows.get(key) ?? [
      zip.slice(0, 3),
      [...states].sort(orderTexts),
      [predominant, ...others],
      '',
    ]
    rows.set(key, [prefix, sortedStates, sortedSubregions, endings + zip.slice(3)])
  }
  return [...rows].sort(([a], [b]) => orderTexts(a, b)).map(([, row]) => row)
}
