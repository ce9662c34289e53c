import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { datasetCids, loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import type { ActivityItem, ActivityUnit, FactorUse, Gas, RegionType } from '#protocol'

const SETS = new URL('../../datasets/', import.meta.url)
const SOURCES = new URL('../../../shared/datasets/', import.meta.url)

type Row = Readonly<Record<string, string>>
type Outcome = { readonly code: number; readonly output: string }

/** Runs the build as a person does. */
async function build(...options: string[]): Promise<Outcome> {
  try {
    const args = [fileURLToPath(new URL('build.ts', SETS)), ...options]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return { code: 0, output: stdout }
  } catch (thrown) {
    const { code, stderr } = thrown as { code: number; stderr: string }
    return { code, output: stderr }
  }
}

describe('the build of data sets', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-build-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const HEADER =
    'dataset,version,publisher,source,region_type,region_code,country_iso2,country_iso3,year,period_start,method,boundary,gas,gwp_set,original_value,original_unit,g_per_kwh,status,notes'

  /** One row of a source of electricity factors, with what differs from a good one. */
  function sourceRow(change: Row = {}): string {
    const row: Row = {
      dataset: 'eGRID',
      version: 'eGRID2019',
      publisher: 'US EPA',
      source: 'somewhere',
      region_type: 'state',
      region_code: 'CA',
      country_iso2: 'US',
      country_iso3: 'USA',
      year: '2019',
      period_start: '2019-01-01',
      method: 'location',
      boundary: 'generation',
      gas: 'CO2e',
      gwp_set: 'AR4',
      original_value: '387.183',
      original_unit: 'lb/MWh CO2e',
      g_per_kwh: '175.62325459371',
      status: 'current',
      notes: '',
      ...change,
    }
    return HEADER.split(',')
      .map((column) => `"${row[column] ?? ''}"`)
      .join(',')
  }

  /** Builds eGRID from rows of our own; gives the figures, or the refusal. */
  async function buildFrom(rows: readonly string[], collected: Row | object = {}): Promise<Outcome> {
    const text = `${[HEADER, ...rows].join('\n')}\n`
    const entry = {
      file: 'us_egrid_factors.csv',
      sha256: createHash('sha256').update(text).digest('hex'),
      ship_by_default: true,
      ...collected,
    }
    await writeFile(join(folder, 'us_egrid_factors.csv'), text)
    await writeFile(join(folder, 'manifest.json'), JSON.stringify([entry]))
    const outcome = await build('--from', folder, '--to', join(folder, 'sets'), '--only', 'egrid')
    if (outcome.code !== 0) return outcome
    return { code: 0, output: await readFile(join(folder, 'sets/egrid/figures.json'), 'utf8') }
  }

  it('keeps a figure as text, without float artefact and thousands separator', async () => {
    const { output } = await buildFrom([
      sourceRow(),
      sourceRow({ region_code: 'NV', original_value: '1,106.45', g_per_kwh: '501.8772777865' }),
      sourceRow({ region_code: 'UT', original_value: '0.41204999999999997', g_per_kwh: '0.1869027360585' }),
      sourceRow({ region_code: 'AZ', original_value: '0', g_per_kwh: '0' }),
    ])
    assert.match(output, /\["387\.183"\]/)
    assert.match(output, /"NV",2019,\["1106\.45"\]/)
    assert.match(output, /"UT",2019,\["0\.41205"\]/)
    assert.match(output, /"AZ",2019,\["0"\]/)
  })

  it('keeps an unprinted figure as not available, never as zero', async () => {
    for (const cell of ['--', 'None', '']) {
      const { output } = await buildFrom([
        sourceRow(),
        sourceRow({ region_code: 'NV', original_value: cell, g_per_kwh: '' }),
      ])
      const figures = JSON.parse(output) as {
        groups: { status: string }[]
        rows: [number, string, string, number, string[]][]
      }
      const row = figures.rows.find(([, , region]) => region === 'NV')
      assert.equal(figures.groups[row?.[0] ?? -1]?.status, 'not-available')
      assert.deepEqual(row?.[4], [cell])
    }
  })

  const REFUSALS: readonly (readonly [string, Row, RegExp])[] = [
    ['a negative figure', { original_value: '-17', g_per_kwh: '-17' }, /row 3 has the negative figure -17/],
    ['a figure that can be read in two ways', { original_value: '1.106,45' }, /row 3 has original_value "1\.106,45"/],
    ['a conversion that does not agree', { g_per_kwh: '176' }, /row 3 has 387\.183 lb\/MWh, converted as 176/],
    ['an unknown unit', { original_unit: 'kg/MWh CO2e' }, /row 3 has an unexpected original_unit/],
    ['a unit of another gas', { original_unit: 'lb/MWh CO2' }, /row 3 has gas CO2e in lb\/MWh CO2/],
    ['an unknown trust level', { status: 'secondary-NOT-REDISTRIBUTABLE' }, /row 3 has an unexpected status/],
    ['an unknown method', { method: 'average' }, /row 3 has an unexpected method/],
    ['a year that is none', { year: '2019.0', period_start: '' }, /row 3 has year "2019\.0"/],
    ['a period that begins in another year', { period_start: '2018-04-01' }, /row 3 begins on 2018-04-01/],
    ['a sum of gases without its potentials', { gwp_set: '' }, /row 3 has gwp_set ""/],
  ]
  for (const [what, change, message] of REFUSALS) {
    it(`refuses ${what}, and says in which row`, async () => {
      const { code, output } = await buildFrom([sourceRow(), sourceRow({ region_code: 'NV', ...change })])
      assert.equal(code, 1)
      assert.match(output, /^ERR_DATASET_SOURCE: us_egrid_factors\.csv: /)
      assert.match(output, message)
    })
  }

  it('refuses a key that is there twice, also from two editions', async () => {
    assert.match((await buildFrom([sourceRow(), sourceRow()])).output, /row 3 repeats usable\|state\|CA\|2019/)
    const { output } = await buildFrom([sourceRow(), sourceRow({ version: 'eGRID2019 v2' })])
    assert.match(output, /row 3 repeats usable\|state\|CA\|2019/)
  })

  it('refuses a table that is not the reviewed one, may not be shipped, or is not listed', async () => {
    assert.match((await buildFrom([sourceRow()], { sha256: '0'.repeat(64) })).output, /has hash/)
    assert.match((await buildFrom([sourceRow()], { ship_by_default: false })).output, /must not be shipped/)
    assert.match((await buildFrom([sourceRow()], { file: 'other.csv' })).output, /is not in manifest\.json/)
  })

  it('wants a folder of its own for optional sets, and a set that it knows', async () => {
    assert.equal((await build('--from', folder, '--optional')).code, 2)
    assert.equal((await build('--from', folder, '--only', 'nowhere')).code, 2)
    assert.equal((await build()).code, 2)
  })
})

describe('the walk-through of docs/add-a-dataset.md', () => {
  it('works as it is written: its recipe is the one in the repository, and its table builds, loads and is used', async () => {
    const text = await readFile(new URL('../docs/add-a-dataset.md', SETS), 'utf8')
    const block = (language: string): string =>
      [...text.matchAll(new RegExp(`\n\`\`\`${language}\n([^]*?)\`\`\`\n`, 'g'))].at(-1)?.[1] ?? ''
    assert.equal(block('ts'), await readFile(new URL('recipes/canada.ts', SETS), 'utf8'))
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-walk-'))
    try {
      const sha256 = createHash('sha256').update(block('csv')).digest('hex')
      await writeFile(join(folder, 'canada_eccc.csv'), block('csv'))
      const entry = { file: 'canada_eccc.csv', sha256, ship_by_default: false }
      await writeFile(join(folder, 'manifest.json'), JSON.stringify([entry]))
      const sets = join(folder, 'sets')
      const { output } = await build('--from', folder, '--to', sets, '--optional', '--only', 'canada-eccc')
      assert.ok(text.includes(output.trim()), output)
      const check = fileURLToPath(new URL('check.ts', SETS))
      const { stdout } = await promisify(execFile)(process.execPath, [check, '--in', sets])
      assert.ok(text.includes(stdout.trim()), stdout)
      const series = { regionType: 'province', method: 'location', use: 'generation', gas: 'CO2e' } as const
      const datasets = await loadDatasets({ optional: sets })
      const value = (region: string, year: number): string | undefined =>
        datasets.findFactor({ ...series, dataset: 'canada-eccc', region, year })?.value
      assert.deepEqual([value('CA-ON', 2024), value('CA-AB', 2023)], ['73', undefined])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('shipped data sets beside the collected sources (skipped where ../shared/datasets is absent)', function () {
  this.timeout(120_000)
  let folder = ''
  let datasets: Datasets
  before(async function () {
    if ((await readdir(SOURCES).catch(() => [])).length === 0) this.skip()
    folder = await mkdtemp(join(tmpdir(), 'kwitness-rebuild-'))
    datasets = await loadDatasets()
  })
  after(async () => {
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  })

  it('are byte for byte what the build makes of them', async () => {
    const target = join(folder, 'sets')
    const { code, output } = await build('--from', fileURLToPath(SOURCES), '--to', target)
    assert.equal(code, 0, output)
    const names = await readdir(target)
    assert.equal(names.length, datasets.manifests.length)
    for (const name of names) {
      for (const file of ['figures.json', 'manifest.json']) {
        assert.equal(
          await readFile(join(target, name, file), 'utf8'),
          await readFile(new URL(`${name}/${file}`, SETS), 'utf8'),
        )
      }
    }
  })

  const ELECTRICITY = [
    ['egrid', 'us_egrid_factors.csv'],
    ['owid', 'owid_carbon_intensity.csv'],
    ['eea', 'eea_intensity.csv'],
    ['uk-electricity', 'uk_desnz_electricity.csv'],
    ['india-cea', 'india_cea.csv'],
  ] as const
  for (const [name, file] of ELECTRICITY) {
    it(`${name}: every figure is the source’s, and every figure of the source that may be used is there`, async () => {
      const rows = await readCsv(file)
      const expected = new Map(rows.flatMap((row) => expectElectricity(row)))
      const listed = [...datasets.listFactors({ dataset: name })].map(({ factor, status }) => {
        const { version, regionType, region, year, method, use, gas, value, unit, boundary } = factor
        const key = [version, regionType, region, year, method, use, gas].join('|')
        return [key, [status === 'usable', value, unit, boundary].join('|')] as const
      })
      assert.equal(new Set(listed.map(([key]) => key)).size, listed.length)
      assert.deepEqual(new Map(listed), expected)
    })
  }

  const ACTIVITIES = [
    ['uk-activities', 'uk_desnz_fuels_travel.csv'],
    ['epa-hub', 'epa_hub_fuels_travel.csv'],
  ] as const
  for (const [name, file] of ACTIVITIES) {
    it(`${name}: every figure is the source’s, and every published gas of the source is there`, async () => {
      const rows = (await readCsv(file)).filter((row) => isPublishedGas(row))
      const manifest = datasets.manifests.find((candidate) => candidate.name === name)
      assert.equal(manifest?.rows, rows.length)
      for (const row of rows) {
        const gas = cell(row, 'gas').split(' ', 1)[0] as Gas
        const per = UNITS[cell(row, 'unit').toLowerCase()]
        assert.ok(per !== undefined, cell(row, 'unit'))
        const item = itemOf(row)
        const key = { dataset: name, item, per, gas }
        const factor = datasets.findActivity(key, Number(cell(row, 'year')))
        const found = `${factor?.value} ${factor?.mass} ${factor?.version}`
        const mass = cell(row, 'original_unit').startsWith('kg ') ? 'kg' : 'g'
        assert.equal(found, `${cell(row, 'original_value')} ${mass} ${cell(row, 'version')}`, JSON.stringify(key))
      }
    })
  }

  it('us-zip-subregion: every code has the states and subregions of the source, the predominant one first', async () => {
    const zips = new Map<string, { states: Set<string>; subregions: Set<string>; first: string }>()
    for (const row of await readCsv('us_zip_subregion.csv')) {
      if (['07309', '08905'].includes(cell(row, 'zip'))) continue
      const zip = zips.get(cell(row, 'zip')) ?? { states: new Set(), subregions: new Set(), first: '' }
      zips.set(cell(row, 'zip'), zip)
      zip.states.add(cell(row, 'state'))
      zip.subregions.add(cell(row, 'subregion'))
      if (row['predominant'] === '1') zip.first = cell(row, 'subregion')
    }
    assert.equal(datasets.manifests.find(({ name }) => name === 'us-zip-subregion')?.rows, zips.size)
    let several = 0
    for (const [zip, { states, subregions, first }] of zips) {
      const found = datasets.findZip(zip)
      assert.deepEqual(found?.states, [...states].sort(), zip)
      assert.equal(found?.subregions[0], first, zip)
      assert.deepEqual(new Set(found?.subregions), subregions, zip)
      if (subregions.size > 1) several += 1
    }
    assert.equal(several, 2_963)
  })

  it('us-utility-subregion, us-utilities, us-grid-loss: every row of the source is found', async () => {
    for (const row of await readCsv('us_utility_subregion.csv')) {
      if (row['eia_utility_number'] === '') continue
      const [eia, state] = [Number(row['eia_utility_number']), cell(row, 'state')]
      const isSlip = UTILITY_SLIPS.has(`${eia}${state}`)
      assert.equal(datasets.findSubregion(eia, state), isSlip ? undefined : row['subregion'])
    }
    const newest = new Map<string, Row>()
    for (const row of await readCsv('us_utilities_eia861.csv'))
      newest.set(`${row['utility_number']}|${row['state']}`, row)
    for (const row of newest.values()) {
      if (row['state'] === '' || row['utility_name'] === 'Withheld') continue
      const { name, ownership, nerc } = datasets.findUtility(Number(row['utility_number']), cell(row, 'state')) ?? {}
      assert.deepEqual([name, ownership, nerc ?? ''], [row['utility_name'], row['ownership'], row['nerc_region']])
    }
    const losses = (await readCsv('us_grid_gross_loss.csv')).filter(
      (row) => row['status'] === 'current' && row['region_type'] !== 'interconnect',
    )
    for (const row of losses) {
      const type = row['region_type'] === 'country' ? 'country' : 'subregion'
      const loss = datasets.findGridLoss(type, cell(row, 'region_code'), Number(row['year']))
      assert.equal(`${loss?.fraction} ${loss?.version}`, `${row['ggl_fraction']} ${row['version']}`)
    }
  })

  it('load with optional ones beside them, which no charter names and no name of a shipped set may hide', async () => {
    const target = join(folder, 'optional')
    assert.equal((await build('--from', fileURLToPath(SOURCES), '--to', target, '--optional')).code, 0)
    const optional = pathToFileURL(target)
    const all = await loadDatasets({ optional })
    const names = all.manifests.map(({ name }) => name).slice(datasets.manifests.length)
    assert.deepEqual(names, await readdir(target).then((found) => found.sort()))
    const series = { method: 'location', use: 'generation', gas: 'CO2e', year: 2024 } as const
    const capital = { ...series, dataset: 'australia-nga', regionType: 'grid', region: 'AU-ACT' } as const
    const factor = all.findFactor(capital)
    assert.equal(`${factor?.value} ${factor?.unit} ${factor?.trust}`, '0.66 kg/kWh secondary')
    assert.equal(all.firstMonthOf(capital), 7)
    assert.deepEqual(all.findDataset('NGA 2024'), { name: 'australia-nga', version: 'NGA 2024' })
    assert.equal(datasets.findDataset('NGA 2024'), undefined)
    const charter = (await datasetCids()).map(({ name }) => name)
    assert.ok(names.every((name) => !charter.includes(name)))
    await cp(join(target, 'ember'), join(target, 'owid'), { recursive: true })
    await assert.rejects(loadDatasets({ optional }), { code: 'ERR_DATASET_SHAPE' })
    await rm(join(target, 'owid'), { recursive: true })
    await cp(fileURLToPath(new URL('gwp', SETS)), join(target, 'gwp-again'), { recursive: true })
    await assert.rejects(loadDatasets({ optional }), { code: 'ERR_DATASET_SHAPE' })
    await assert.rejects(loadDatasets({ optional: join(folder, 'nowhere') }), { code: 'ERR_DATASET_UNREADABLE' })
  })
})

/** A table read without the build's reader: quoted cells may have commas and doubled quotes, and no line ends. */
async function readCsv(file: string): Promise<Row[]> {
  const text = (await readFile(new URL(file, SOURCES), 'utf8')).replace(/^\uFEFF/, '')
  const [header = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
        ([, q, plain]) => q?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )
  assert.ok(rows.length > 0 && rows.every((row) => row.length === header.length), `${file} is read wrongly`)
  return rows.map((cells) => Object.fromEntries(header.map((column, i) => [column, cells[i] ?? ''])))
}

/** Pairs whose number EIA-861 gives to another utility in another state. */
const UTILITY_SLIPS: ReadonlySet<string> = new Set(
  '1062FL 1149NJ 1175OH 1002AL 1024TX 1036NY 1148OK 1170FL 61921NC 63008VA'.split(' '),
)

function cell(row: Row, column: string): string {
  return row[column] ?? ''
}

const USES: Readonly<Record<string, FactorUse>> = {
  'T&D losses (scope 3)': 'losses',
  'WTT generation (scope 3)': 'well-to-tank',
  'WTT T&D (scope 3)': 'well-to-tank-losses',
}

/** What a row of a source of electricity must be in its set; nothing for one that is no place or no gas. */
function expectElectricity(row: Row): [string, string][] {
  const isNowhere = row['region_type'] === 'aggregate' || (row['region_type'] === 'nerc' && row['region_code'] === 'NA')
  if (isNowhere || /^(?:CH4|N2O) \(as CO2e\)$/.test(cell(row, 'gas'))) return []
  const isUsable = ['current', 'current-derived', 'current-secondary'].includes(cell(row, 'status'))
  const regionType = (row['region_type'] === 'grid-region' ? 'grid' : cell(row, 'region_type')) as RegionType
  const region = regionType === 'country' ? row['country_iso2'] : row['region_code']
  const gas = cell(row, 'gas').split(' ', 1)[0]
  const use = USES[cell(row, 'boundary')] ?? 'generation'
  const unit = cell(row, 'original_unit').replace(/ ?(?:CO2e|CO2|CH4|N2O)/, '')
  const key = [row['version'], regionType, region, row['year'], row['method'], use, gas].join('|')
  return [[key, [isUsable, row['original_value'], unit, row['boundary']].join('|')]]
}

function isPublishedGas(row: Row): boolean {
  // 0 is a figure for an electric car's exhaust; elsewhere it stands for a kind of car that was not made.
  const isNoZero = row['original_value'] === '0' && row['category'] !== 'Passenger vehicles'
  return !isNoZero && !/^(?:CH4|N2O) \(as/.test(cell(row, 'gas')) && !cell(row, 'original_unit').includes('computed')
}

const UNITS: Readonly<Record<string, ActivityUnit>> = {
  gj: 'GJ',
  litres: 'litre',
  'million litres': 'megalitre',
  'room per night': 'room-night',
  'cubic metres': 'm3',
  kwh: 'kWh',
  'kwh (gross cv)': 'kWh-gross',
  'kwh (net cv)': 'kWh-net',
  kg: 'kg',
  km: 'km',
  miles: 'mile',
  'passenger.km': 'passenger-km',
  'per fte working hour': 'fte-hour',
  'tonne.km': 'tonne-km',
  tonnes: 'tonne',
  gallon: 'gallon-us',
  mmbtu: 'mmBtu',
  'mmbtu (hhv)': 'mmBtu',
  'passenger-mile': 'passenger-mile',
  scf: 'scf',
  'short ton': 'short-ton',
  'vehicle-mile': 'vehicle-mile',
}

/** A row's item with the names of the newest files: fuels of well-to-tank rows were respelled, units repeated as variants. */
function itemOf(row: Row): ActivityItem {
  const isFuel = row['category'] === 'WTT- fuels'
  const lower = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()
  const name = cell(row, 'item')
  const isTitle = /^(?:[A-Z][a-z]+ )+[A-Z][a-z]+$/.test(name)
  const isRepeat = /^(?:Energy - (?:Gross|Net) CV|Tonnes|Volume|kWh|2020)$/
  return {
    scope: cell(row, 'scope').slice(-1) as '1' | '2' | '3',
    category: cell(row, 'category'),
    group: isFuel ? lower(cell(row, 'level2').replace(/^WTT- /, '')) : cell(row, 'level2'),
    name: isFuel && isTitle ? lower(name) : name,
    detail: cell(row, 'level4').replace(isRepeat, ''),
    variant: cell(row, 'variant').replace(isRepeat, ''),
  }
}
