import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { datasetCids, loadDatasets } from '#datasets'
import type { Datasets, FactorQuery } from '#datasets'
import { LIMITS } from '#protocol'
import type { Factor } from '#protocol'

const SETS = new URL('../../datasets/', import.meta.url)
const SHIPPED = [
  'egrid',
  'us-grid-loss',
  'us-utilities',
  'us-utility-subregion',
  'us-zip-subregion',
  'owid',
  'eea',
  'uk-electricity',
  'uk-activities',
  'epa-hub',
  'india-cea',
  'gwp',
]

describe('shipped data sets', () => {
  let datasets: Datasets
  before(async () => {
    datasets = await loadDatasets()
  })

  /** Average generation, CO2e. */
  function keyOf(dataset: string, regionType: Factor['regionType'], region: string, year: number): FactorQuery {
    return { dataset, regionType, region, year, method: 'location', use: 'generation', gas: 'CO2e' }
  }

  function figure(dataset: string, regionType: Factor['regionType'], region: string, year: number): string {
    const found = datasets.findFactor(keyOf(dataset, regionType, region, year))
    return found === undefined ? 'none' : `${found.version} ${found.value} ${found.unit}`
  }

  it('have the CIDs that a charter may name; a changed figure is another network', async () => {
    const cids = (await datasetCids()).map(({ name, cid }) => `${name} ${cid.toString()}`)
    assert.deepEqual(cids, [
      'egrid bafyreidk5eup4kybt6rwp5oq5evnlvwg4ka5u3anzoghr3w34z5ciikiaq',
      'us-grid-loss bafyreigsrxlzyoyi2mbnrhyoazdemn24s4ovcvyyet74vn34wuhg4vmnqm',
      'us-utilities bafyreiajmws7vebp2p2ca5oagtug4ty6aofz3gwbf2fpqdr7pauqshluou',
      'us-utility-subregion bafyreia6awvojscf2flk42tv5ajypka76hid7tnuuw3jcvfblutkfbi3re',
      'us-zip-subregion bafyreidoi6pb4d6tahmch7dr5vqxjqgsszynmixq77gzsuifg2dqrfirya',
      'owid bafyreid5lgryl6jknvnpeann6kbkht2abta7w4rja6zqafa6x2qnwsbtsy',
      'eea bafyreieqzfwwj3oh2soznidn4fykl2nil75flgo6pr44kjvsbvi7vkjwom',
      'uk-electricity bafyreib5pt6p2o7xttpugd2yngt33v4o2wla6mcib7t2fgl6lzvn6kjfii',
      'uk-activities bafyreieq2vrv3sijtt6labyiengnkijnohfqvibe5ybn5h47o2af7bjfsq',
      'epa-hub bafyreifbupxdsktcvl2y4auexm3pyq42b4bfpf7yccffeycwia4eh4u2em',
      'india-cea bafyreifi42h73dbyip26qh6q5expvdwb3nwu42os7odkydgzirl67yzdh4',
      'gwp bafyreihiku7axgvq36c63zrjrghxxvcmu5k7uq5wnrnbkoypf6bgyo72mu',
    ])
    assert.deepEqual(
      datasets.manifests.map(({ name, cid }) => `${name} ${cid}`),
      cids,
    )
  })

  it('are refused when one digit of a figure was changed, or a file is damaged or missing', async () => {
    await withCopy(SETS, async (folder) => {
      const file = new URL('egrid/figures.json', folder)
      const text = await readFile(file, 'utf8')
      await loadDatasets({ folder })
      await writeFile(file, text.replace('387.183', '387.184'))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_CID_MISMATCH' })
      await writeFile(file, text.slice(0, -10))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_CID_MISMATCH' })
      await writeFile(file, text + ' '.repeat(1024 * 1024))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_UNREADABLE' })
      await rm(file)
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_UNREADABLE' })
    })
  })

  it('are refused when the manifest was changed with the figure: whose set it is, is in the CID too', async () => {
    await withCopy(SETS, async (folder) => {
      const file = new URL('owid/manifest.json', folder)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace('"CC-BY-4.0"', '"CC0-1.0"'))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_CID_MISMATCH' })
      await writeFile(file, text.replace('"licence"', '"license"'))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_SHAPE' })
      await writeFile(file, text.slice(0, 50))
      await assert.rejects(loadDatasets({ folder }), { code: 'ERR_DATASET_UNREADABLE' })
    })
  })

  it('take the folder as a path or as a URL, with or without the last slash', async () => {
    const url = new URL(SETS.href.slice(0, -1))
    for (const folder of [url, SETS, url.pathname, SETS.pathname]) {
      assert.equal((await loadDatasets({ folder })).manifests.length, SHIPPED.length)
    }
  })

  it('are small enough for a block each, and below 6 MB together', async () => {
    const sizes = await Promise.all(
      SHIPPED.map(async (name) => (await stat(new URL(`${name}/figures.json`, SETS))).size),
    )
    assert.ok(sizes.every((size) => size < LIMITS.batchBytes))
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 1.5 * 1024 * 1024)
    const folders = (await readdir(SETS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    const known = new Set([...SHIPPED, 'recipes', 'checks'])
    assert.deepEqual(
      folders.map(({ name }) => name).filter((name) => !known.has(name)),
      [],
      'every set in the folder is one that is loaded',
    )
  })

  it('name publisher, licence and boundary, and the attribution names each set', async () => {
    const attribution = await readFile(new URL('ATTRIBUTION.md', SETS), 'utf8')
    for (const { name, boundaries, years } of datasets.manifests) {
      assert.ok(attribution.includes(`\`${name}/\``), name)
      const hasFactors = datasets.coverage(name).size > 0
      assert.equal(hasFactors && years.length === 0, false, name)
      const isElectricity = [...datasets.listFactors({ dataset: name })].length > 0
      assert.equal(boundaries.length > 0, isElectricity, name)
    }
  })

  it('have the published figures, each with its edition and unit', () => {
    assert.equal(figure('egrid', 'state', 'CA', 2019), 'eGRID2019 387.183 lb/MWh')
    assert.equal(figure('egrid', 'country', 'US', 2023), 'eGRID2023 rev2 (2025-06-12) 770.884 lb/MWh')
    assert.equal(figure('owid', 'country', 'IN', 2022), 'grapher export 2026-04 705.75 g/kWh')
    assert.equal(figure('uk-electricity', 'country', 'GB', 2025), '2025 set 0.177 kg/kWh')
    assert.equal(figure('uk-electricity', 'country', 'GB', 2023), '2023 set 0.207074288590604 kg/kWh')
    assert.equal(figure('egrid', 'state', 'PR', 2018), 'none')
    assert.equal(figure('owid', 'country', 'OWID_WRL', 2020), 'none', 'aggregate')
  })

  it('tell FRCC the subregion from FRCC the NERC region', () => {
    assert.equal(figure('egrid', 'subregion', 'FRCC', 2018), 'eGRID2018 v2 936.145 lb/MWh')
    assert.equal(figure('egrid', 'nerc', 'FRCC', 2018), 'eGRID2018 v2 936.176 lb/MWh')
  })

  it('take zero for a value, and never for a missing one', () => {
    assert.equal(figure('owid', 'country', 'CF', 2015), 'grapher export 2026-04 0 g/kWh')
    assert.equal(figure('owid', 'country', 'CF', 1999), 'none')
    assert.equal(datasets.findFactor({ ...keyOf('india-cea', 'country', 'IN', 2024) }), undefined, 'CEA has no CO2e')
  })

  it('take a printed zero for a value only where nothing can be emitted', () => {
    const car = {
      scope: '1',
      category: 'Passenger vehicles',
      group: 'Cars (by size)',
      name: 'Small car',
      detail: '',
    } as const
    const electric = { ...car, variant: 'Battery Electric Vehicle' }
    const exhaust = datasets.findActivity({ dataset: 'uk-activities', item: electric, per: 'km', gas: 'CO2e' }, 2023)
    assert.equal(exhaust?.value, '0')
    const [hybrid] = datasets.listActivities('uk-activities', {
      category: 'Business travel- land',
      name: 'MPV',
      variant: 'Plug-in Hybrid Electric Vehicle',
    })
    assert.ok(hybrid !== undefined)
    const query = { dataset: 'uk-activities', item: hybrid.item, per: 'km', gas: 'CO2e' } as const
    assert.deepEqual(datasets.listActivityYears(query), [2022, 2023, 2024, 2025])
  })

  it('never give a row that is not usable, and say why', () => {
    const belgium = keyOf('eea', 'country', 'BE', 2004)
    const edition = 'co2-emission-intensity-from-electricity-generation-5.csv'
    assert.equal(datasets.findFactor(belgium), undefined)
    assert.equal(datasets.findFactor({ ...belgium, version: edition }), undefined)
    assert.equal(datasets.findUnusable(belgium)?.status, 'superseded', 'another edition explains more than the error')
    assert.equal(datasets.findUnusable({ ...belgium, version: edition })?.status, 'invalid')
    assert.equal(datasets.findUnusable(keyOf('owid', 'country', 'DE', 2025))?.status, 'preliminary')
    assert.equal(
      datasets.findUnusable({ ...keyOf('india-cea', 'state', 'IN-MH', 2024), gas: 'CO2' })?.status,
      'unofficial',
    )
    assert.equal(datasets.findUnusable(keyOf('egrid', 'state', 'CA', 2019)), undefined)
    const unusable = [...datasets.listFactors()].filter(({ status }) => status !== 'usable')
    assert.ok(unusable.length > 1_000)
    for (const { set, factor, reason } of unusable) {
      const found = datasets.findFactor({ ...factor, dataset: set })
      assert.notEqual(found?.version === factor.version && found.value === factor.value, true, JSON.stringify(factor))
      assert.ok(reason !== undefined && reason.length > 10)
    }
    assert.ok([...datasets.listFactors({ status: 'usable' })].every(({ factor }) => !factor.value.startsWith('-')))
  })

  it('never give eGRID2023 v1, by no name of it', () => {
    const v1 = 'eGRID2023 v1 (2025-01)'
    for (const text of ['eGRID2023 v1', v1, 'EGRID2023 V1']) {
      const found = datasets.findDataset(text)
      assert.ok(found !== undefined && 'refused' in found && found.refused.includes('CO2e lies below'), text)
    }
    const camx = keyOf('egrid', 'subregion', 'CAMX', 2023)
    assert.equal(figure('egrid', 'subregion', 'CAMX', 2023), 'eGRID2023 rev2 (2025-06-12) 429.983 lb/MWh')
    assert.equal(datasets.findFactor({ ...camx, version: v1 }), undefined)
    assert.match(datasets.findUnusable({ ...camx, version: v1 })?.reason ?? '', /CO2e lies below its CO2/)
    const erroneous = [...datasets.listFactors({ dataset: 'egrid', gas: 'CO2e', status: 'superseded' })]
    assert.equal(erroneous.filter(({ reason }) => reason?.includes('this one among them')).length, 16)
    assert.equal(
      [...datasets.listFactors({ status: 'usable' })].filter(({ factor }) => factor.version === v1).length,
      0,
    )
  })

  it('are named in any case by short name, publisher’s name and edition', () => {
    const named = (text: string): unknown => datasets.findDataset(text)
    assert.deepEqual(named('EGRID'), { name: 'egrid' })
    assert.deepEqual(named('owid carbon-intensity-electricity'), { name: 'owid' })
    assert.deepEqual(named('egrid2022'), { name: 'egrid', version: 'eGRID2022' })
    assert.deepEqual(named('eGRID2023'), { name: 'egrid', version: 'eGRID2023 rev2 (2025-06-12)' })
    assert.deepEqual(named('eGRID2018'), { name: 'egrid', version: 'eGRID2018 v2' })
    assert.deepEqual(named('V21'), { name: 'india-cea', version: 'V21 (FY2024-25)' })
    assert.deepEqual(named('EEA 2025 release'), { name: 'eea', version: 'EEA 2025 release (data 1990-2024)' })
    for (const text of ['', 'e', 'eGRID20', '2023', 'climatiq', 'gwp', 'us-zip-subregion'])
      assert.equal(named(text), undefined, text)
    assert.deepEqual(named('2023 set'), { name: 'uk-electricity', version: '2023 set' })
    assert.deepEqual(datasets.findDataset('2023 set', 'activities'), { name: 'uk-activities', version: '2023 set' })
  })

  it('restrict a series to an edition when one is named', () => {
    const series = { ...keyOf('egrid', 'state', 'CA', 2022), version: 'eGRID2022' }
    assert.deepEqual(datasets.listYears(series), [2022])
    assert.equal(datasets.findFactor(series)?.version, 'eGRID2022')
    assert.equal(datasets.findFactor({ ...series, year: 2021 }), undefined)
  })

  it('keep methods, uses and gases apart', () => {
    const us = keyOf('egrid', 'country', 'US', 2019)
    const value = (change: Partial<FactorQuery>): string | undefined => datasets.findFactor({ ...us, ...change })?.value
    const values = [value({}), value({ method: 'location-nonbaseload' }), value({ gas: 'CO2' }), value({ gas: 'CH4' })]
    assert.equal(new Set(values).size, 4)
    assert.ok(values.every((found) => found !== undefined))
    const britain = keyOf('uk-electricity', 'country', 'GB', 2024)
    const uses = (['generation', 'losses', 'well-to-tank', 'well-to-tank-losses'] as const).map(
      (use) => datasets.findFactor({ ...britain, use })?.value,
    )
    assert.deepEqual(uses, ['0.20705', '0.0183', '0.0459', '0.00397'])
  })

  it('count years as their publishers do', () => {
    assert.equal(datasets.firstMonthOf({ ...keyOf('india-cea', 'country', 'IN', 2024), gas: 'CO2' }), 4)
    assert.equal(datasets.firstMonthOf(keyOf('egrid', 'state', 'CA', 2019)), 1)
    assert.equal(datasets.firstMonthOf(keyOf('nowhere', 'state', 'CA', 2019)), 1)
  })

  it('tell the same utility apart by state, and know the slips of the source', () => {
    assert.equal(datasets.findSubregion(57_483, 'CA'), 'CAMX')
    assert.equal(datasets.findSubregion(57_483, 'NH'), 'NEWE')
    assert.equal(datasets.findSubregion(1_175, 'TX'), 'ERCT')
    assert.equal(datasets.findSubregion(1_175, 'OH'), undefined, 'Toledo Edison, with the number of Bandera Electric')
    assert.equal(datasets.findSubregion(1_062, 'VA'), 'SRVC', 'BARC Electric')
    assert.equal(datasets.findSubregion(1_062, 'FL'), undefined, 'Gulf Power, with the number of BARC Electric')
    assert.equal(datasets.findSubregion(7_801, 'FL'), 'SRSO', 'Gulf Power')
  })

  it('say who a utility is, with the NERC region only of the state that the source lists', () => {
    assert.deepEqual(datasets.findUtility(207, 'CA'), {
      name: 'Alameda Municipal Power',
      ownership: 'Municipal',
      nerc: 'WECC',
    })
    assert.deepEqual(datasets.findUtility(207, 'NV'), { name: 'Alameda Municipal Power', ownership: 'Municipal' })
    assert.equal(datasets.findUtility(88_888, 'TX'), undefined, 'many utilities, "Withheld"')
  })

  it('know the subregions of each state by its postal codes', () => {
    assert.deepEqual(datasets.listSubregionsOfState('CA'), ['AZNM', 'CAMX', 'NWPP'])
    assert.deepEqual(datasets.listSubregionsOfState('PR'), ['PRMS'])
    assert.deepEqual(datasets.listSubregionsOfState('ZZ'), [])
    const states = [...datasets.listFactors({ dataset: 'egrid', regionType: 'state' })].map(
      ({ factor }) => factor.region,
    )
    for (const state of states) assert.notDeepEqual(datasets.listSubregionsOfState(state), [], state)
  })

  it('lead from a postal code to its subregions, the predominant one first', () => {
    assert.deepEqual(datasets.findZip('94103'), { states: ['CA'], subregions: ['CAMX'] })
    assert.equal(datasets.findZip('00000'), undefined)
    assert.equal(
      datasets.findZip('07309'),
      undefined,
      'New Jersey, in the Southeast by the number of a utility of Alabama',
    )
    for (const text of ['9410', '941033', '94 03', '']) assert.equal(datasets.findZip(text), undefined, text)
  })

  it('have grid losses of the unrounded kind where the publisher has them', () => {
    assert.equal(datasets.findGridLoss('country', 'US', 2018)?.fraction, '0.0487')
    assert.equal(datasets.findGridLoss('subregion', 'CAMX', 2023)?.version, 'eGRID2023 rev2 (2025-06-12)')
    assert.equal(datasets.findGridLoss('subregion', 'CAMX', 2024), undefined)
    assert.deepEqual(datasets.listGridLossYears('subregion', 'PRMS'), [2019, 2020, 2021, 2022, 2023])
  })

  it('have one potential for a gas in each assessment, by the name that factors carry', () => {
    assert.equal(datasets.findGwp('AR5 (CH4 28, N2O 265)', 'CH4'), '28')
    assert.equal(datasets.findGwp('AR4', 'N2O'), '298')
    assert.equal(datasets.findGwp('AR5', 'CO2'), '1')
    assert.equal(datasets.findGwp('AR6', 'CH4'), undefined, 'AR6 has two')
  })

  it('keep one name for an activity through the years, although the publisher moved and respelled them', () => {
    const gas = {
      scope: '1',
      category: 'Fuels',
      group: 'Gaseous fuels',
      name: 'Natural gas',
      detail: '',
      variant: '',
    } as const
    const wellToTank = { ...gas, scope: '3', category: 'WTT- fuels' } as const
    const heat = { scope: '2', category: 'Heat and steam', name: 'District heat and steam' } as const
    const [district] = datasets.listActivities('uk-activities', heat)
    assert.ok(district !== undefined)
    const years = [2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025]
    for (const [item, per] of [
      [gas, 'kWh-gross'],
      [wellToTank, 'kWh-gross'],
      [district.item, 'kWh'],
    ] as const) {
      assert.deepEqual(datasets.listActivityYears({ dataset: 'uk-activities', item, per, gas: 'CO2e' }), years)
    }
    const found = datasets.findActivity({ dataset: 'uk-activities', item: gas, per: 'kWh-gross', gas: 'CO2e' }, 2019)
    assert.equal(`${found?.value} ${found?.mass} ${found?.version}`, '0.18385 kg 2019 set')
    assert.deepEqual(datasets.listActivities('uk-activities', { ...gas, category: 'Fuels' })[0]?.units, [
      'kWh-gross',
      'kWh-net',
      'm3',
      'tonne',
    ])
  })

  it('cover years by country', () => {
    assert.deepEqual([...datasets.coverage('egrid')], [['US', [2018, 2019, 2020, 2021, 2022, 2023]]])
    assert.deepEqual([...datasets.coverage('india-cea')], [['IN', [2022, 2023, 2024]]])
    assert.deepEqual(datasets.coverage('eea').get('SE'), [2023, 2024])
    assert.equal(datasets.coverage('owid').size, 213)
    assert.deepEqual([...datasets.coverage('epa-hub')], [['US', [2025]]])
    assert.equal(datasets.coverage('us-zip-subregion').size, 0)
  })
})

/** Runs `use` on a copy of a folder and removes it afterwards. */
async function withCopy(folder: URL, use: (copy: URL) => Promise<void>): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'kwitness-copy-'))
  try {
    await cp(folder, copy, { recursive: true })
    await use(pathToFileURL(`${copy}/`))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
