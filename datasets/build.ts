/**
 * Writes the shipped data sets from collected source tables: `npm run datasets:build -- --from DIR [--to DIR]`.
 *
 * Run by hand when a source changes; the result is committed. Every figure stays the publisher's text.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse/sync'
import { cidOfBlock, encodeCanonical, sha256, toHex, utf8 } from '#protocol'
import { DatasetError } from './dataset-error.ts'
import type { CrosswalkFigures, DatasetManifest, FactorFigures } from './figures.ts'

type Row = Readonly<Record<string, string>>
type Source = { readonly file: string; readonly sha256: string; readonly rows: readonly Row[] }
type Described = Omit<DatasetManifest, 'rows' | 'years' | 'sha256' | 'cid' | 'source'> & { readonly origin: string }

/** Trust levels that may enter a shipped set (`status` column of the sources). */
const TRUSTED: ReadonlySet<string> = new Set(['current', 'current-derived'])

/** Slips of the ZIP table, as number|state: Bandera Electric (TX) does not serve Ohio, Gulf Power (FL) not Virginia. */
const CROSSWALK_SLIPS: ReadonlySet<string> = new Set(['1175|OH', '1062|VA', '7801|VA'])

async function readSource(folder: string, file: string): Promise<Source> {
  const bytes = await readFile(join(folder, file))
  const rows: Row[] = parse(bytes, { columns: true, bom: true })
  return { file, sha256: hexOf(bytes), rows }
}

function hexOf(bytes: Uint8Array): string {
  return toHex(sha256(bytes)).slice(2)
}

function factorFigures(
  source: Source,
  accept: (row: Row) => boolean,
  head: Pick<FactorFigures, 'dataset' | 'unit' | 'refused'>,
): FactorFigures {
  const editions: { version: string; gwpSet: string }[] = []
  const countries = new Map<string, string>()
  const rows: FactorFigures['rows'] = []
  const seen = new Set<string>()
  let boundary = ''
  source.rows.forEach((row, index) => {
    if (!TRUSTED.has(row['status'] ?? '') || row['gas'] !== 'CO2e' || row['method'] !== 'location' || !accept(row))
      return
    const { version = '', region_type: regionType = '', year = '', original_value: value = '' } = row
    const gwpSet = (row['gwp_set'] ?? '').replace(' (see REPORT)', '')
    const region = regionType === 'country' ? (row['country_iso2'] ?? '') : (row['region_code'] ?? '')
    const key = [regionType, region, year].join('|')
    const isSane = /^\d+(\.\d+)?$/.test(value) && /^\d{4}$/.test(year) && isRegionType(regionType)
    const isUniform = (boundary === '' || boundary === row['boundary']) && !seen.has(key)
    if (!isSane || !isUniform || !isRegionType(regionType)) {
      throw new DatasetError(`${source.file}: row ${index + 2} cannot be used: ${key} ${value}`, {
        code: 'ERR_DATASET_SOURCE',
        file: source.file,
        row: index + 2,
      })
    }
    seen.add(key)
    boundary = row['boundary'] ?? ''
    let edition = editions.findIndex((e) => e.version === version && e.gwpSet === gwpSet)
    if (edition < 0) edition = editions.push({ version, gwpSet }) - 1
    if (regionType === 'country') countries.set(row['country_iso3'] ?? '', region)
    rows.push([edition, regionType, region, Number(year), value])
  })
  return {
    v: 1,
    kind: 'factors',
    ...head,
    boundary,
    method: 'location',
    gas: 'CO2e',
    editions,
    countries: Object.fromEntries([...countries].sort(([a], [b]) => (a < b ? -1 : 1))),
    columns: ['edition', 'regionType', 'region', 'year', 'value'],
    rows: rows.sort((a, b) => orderTexts(a[1], b[1]) || orderTexts(a[2], b[2]) || a[3] - b[3]),
  }
}

function crosswalkFigures(source: Source): CrosswalkFigures {
  const rows = new Map<string, CrosswalkFigures['rows'][number]>()
  source.rows.forEach((row, index) => {
    const { eia_utility_number: eia = '', state = '', subregion = '' } = row
    // A row without a number is an area without a utility (Puerto Rico); its state's factor covers it.
    if (eia === '' || CROSSWALK_SLIPS.has(`${eia}|${state}`)) return
    const key = `${eia}|${state}`
    if (row['ambiguous'] !== '0' || rows.has(key) || !/^\d+$/.test(eia)) {
      throw new DatasetError(`${source.file}: row ${index + 2} is ambiguous: ${key}`, {
        code: 'ERR_DATASET_SOURCE',
        file: source.file,
        row: index + 2,
      })
    }
    rows.set(key, [Number(eia), state, subregion])
  })
  return {
    v: 1,
    kind: 'crosswalk',
    dataset: 'EPA Power Profiler utilities',
    edition: 'zip.csv of power-profiler f42f155',
    columns: ['eia', 'state', 'subregion'],
    rows: [...rows.values()].sort((a, b) => a[0] - b[0] || orderTexts(a[1], b[1])),
  }
}

function isRegionType(text: string): text is 'subregion' | 'state' | 'country' {
  return text === 'subregion' || text === 'state' || text === 'country'
}

function orderTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** One row a line: a changed figure is one changed line in a review. */
function printFigures(figures: FactorFigures | CrosswalkFigures): string {
  const { rows, ...head } = figures
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rows": [\n${lines}\n  ]\n}\n`
}

async function writeSet(
  target: string,
  source: Source,
  described: Described,
  figures: FactorFigures | CrosswalkFigures,
): Promise<void> {
  const { origin, ...rest } = described
  const text = printFigures(figures)
  const years = figures.kind === 'factors' ? figures.rows.map((row) => row[3]) : []
  const manifest: DatasetManifest = {
    ...rest,
    years: [...new Set(years)].sort((a, b) => a - b),
    rows: figures.rows.length,
    source: { file: source.file, sha256: source.sha256, origin },
    sha256: hexOf(utf8(text)),
    cid: cidOfBlock(encodeCanonical(figures)).toString(),
  }
  const folder = join(target, rest.name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'figures.json'), text)
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  process.stdout.write(`${rest.name}: ${manifest.rows} rows, ${text.length} characters, ${manifest.cid}\n`)
}

async function buildDatasets(folder: string, target: string): Promise<void> {
  const egrid = await readSource(folder, 'us_egrid_factors.csv')
  const egridFigures = factorFigures(egrid, (row) => isRegionType(row['region_type'] ?? ''), {
    dataset: 'eGRID',
    unit: 'lb/MWh',
    refused: {
      'eGRID2023 v1 (2025-01)':
        'superseded on 2025-06-12 by rev2; its CO2e lies below its CO2 in 15 subregions and the US',
    },
  })
  await writeSet(
    target,
    egrid,
    {
      name: 'egrid',
      title: 'eGRID, total output emission rates',
      publisher: 'US EPA (eGRID)',
      editions: egridFigures.editions.map((edition) => edition.version),
      licence: 'LicenseRef-US-PublicDomain',
      boundary: egridFigures.boundary,
      gwpSets: [...new Set(egridFigures.editions.map((edition) => edition.gwpSet))],
      origin: 'US EPA egrid-explorer, power-profiler and cited copies; collected per row in the source table',
      leftOut: [
        'eGRID2023 v1 (superseded, erroneous)',
        'NERC regions (incomplete, secondary)',
        'single gases and non-baseload rates (not for footprints)',
      ],
    },
    egridFigures,
  )
  const owid = await readSource(folder, 'owid_carbon_intensity.csv')
  const owidFigures = factorFigures(owid, (row) => row['region_type'] === 'country', {
    dataset: 'OWID carbon-intensity-electricity',
    unit: 'g/kWh',
    refused: {},
  })
  await writeSet(
    target,
    owid,
    {
      name: 'owid',
      title: 'Carbon intensity of electricity by country',
      publisher: 'Our World in Data (from Ember; Energy Institute)',
      editions: owidFigures.editions.map((edition) => edition.version),
      licence: 'CC-BY-4.0',
      boundary: owidFigures.boundary,
      gwpSets: owidFigures.editions.map((edition) => edition.gwpSet),
      origin: owid.rows[0]?.['source'] ?? '',
      leftOut: ['aggregates such as Europe or the G20', 'preliminary figures of 2025: they will be revised'],
    },
    owidFigures,
  )
  const crosswalk = await readSource(folder, 'us_utility_subregion.csv')
  await writeSet(
    target,
    crosswalk,
    {
      name: 'us-utility-subregion',
      title: 'eGRID subregion of a utility in a state',
      publisher: 'US EPA (Power Profiler)',
      editions: ['zip.csv of power-profiler f42f155'],
      licence: 'LicenseRef-US-PublicDomain',
      boundary: 'none: names regions, has no figures',
      gwpSets: [],
      origin: crosswalk.rows[0]?.['source'] ?? '',
      leftOut: ['rows without a utility number', 'Bandera Electric in OH and Gulf Power in VA: slips of the source'],
    },
    crosswalkFigures(crosswalk),
  )
}

const { values } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } })
if (values.from === undefined) {
  process.stderr.write('usage: npm run datasets:build -- --from DIR (folder with the collected source tables)\n')
  process.exitCode = 2
} else {
  await buildDatasets(values.from, values.to ?? import.meta.dirname)
}
