import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { loadVectors, runVectors, vectorsCid } from '#audit'
import type { FactorKey, FactorSource } from '#audit'
import { datasetCids, loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import type { Factor } from '#protocol'

const SETS = new URL('../../datasets/', import.meta.url)
const VECTORS = new URL('../vectors/rules-1/', import.meta.url)

describe('shipped data sets', () => {
  let datasets: Datasets
  before(async () => {
    datasets = await loadDatasets()
  })

  it('have the CIDs that a charter may name; a changed figure is another network', async () => {
    const cids = (await datasetCids()).map(({ name, cid }) => `${name} ${cid.toString()}`)
    assert.deepEqual(cids, [
      'egrid bafyreih4w7i3qttwb6afutaf5uwworkmpbbbqag6pubv3eqhzmw5msj4wm',
      'owid bafyreibdjh7rpnzz2otd6nqrhytb5k74krpto2bplepubssh7cvhzspj5u',
      'us-utility-subregion bafyreid2qnnn2rhdkaorwwsatpuk6kqf2ci5st5pdimqwkli3bjxug7ofu',
    ])
  })

  it('are refused when one digit of a figure was changed, or a file is damaged', async () => {
    await withCopy(SETS, async (copy) => {
      const file = new URL('egrid/figures.json', copy)
      const text = await readFile(file, 'utf8')
      await loadDatasets(copy)
      await writeFile(file, text.replace('387.183', '387.184'))
      await assert.rejects(loadDatasets(copy), { code: 'ERR_DATASET_CID_MISMATCH' })
      await writeFile(file, text.slice(0, -10))
      await assert.rejects(loadDatasets(copy), { code: 'ERR_DATASET_UNREADABLE' })
      await rm(file)
      await assert.rejects(loadDatasets(copy), { code: 'ERR_DATASET_UNREADABLE' })
    })
  })

  it('have the published figures, each with its edition and unit', () => {
    const figure = (regionType: Factor['regionType'], region: string, year: number, dataset = 'egrid'): string => {
      const found = datasets.findFactor({ dataset, regionType, region, year })
      return found === undefined ? 'none' : `${found.version} ${found.value} ${found.unit}`
    }
    assert.equal(figure('state', 'CA', 2019), 'eGRID2019 387.183 lb/MWh')
    assert.equal(figure('subregion', 'FRCC', 2018), 'eGRID2018 v2 936.145 lb/MWh')
    assert.equal(figure('country', 'US', 2023), 'eGRID2023 rev2 (2025-06-12) 770.884 lb/MWh')
    assert.equal(figure('country', 'IN', 2022, 'owid'), 'grapher export 2026-04 705.75 g/kWh')
    assert.equal(figure('country', 'CF', 2015, 'owid'), 'grapher export 2026-04 0 g/kWh')
    assert.equal(figure('state', 'PR', 2018), 'none')
    assert.equal(figure('country', 'DE', 2025, 'owid'), 'none', 'preliminary')
    assert.equal(figure('country', 'OWID_WRL', 2020, 'owid'), 'none', 'aggregate')
  })

  it('cover every state and subregion in every year that eGRID has', () => {
    const states = ['AK', 'CA', 'DC', 'HI', 'TX', 'WY']
    for (const region of states) {
      const years = datasets.listYears({ dataset: 'egrid', regionType: 'state', region })
      assert.deepEqual(years, [2018, 2019, 2020, 2021, 2022, 2023], region)
    }
    assert.deepEqual(datasets.listYears({ dataset: 'egrid', regionType: 'state', region: 'ZZ' }), [])
  })

  it('tell the same utility apart by state, and know the slips of the source', () => {
    assert.equal(datasets.findSubregion(57_483, 'CA'), 'CAMX')
    assert.equal(datasets.findSubregion(57_483, 'NH'), 'NEWE')
    assert.equal(datasets.findSubregion(1_175, 'TX'), 'ERCT')
    assert.equal(datasets.findSubregion(1_175, 'OH'), undefined)
    assert.equal(datasets.findSubregion(7_801, 'VA'), undefined)
  })

  it('refuse the withdrawn eGRID2023 v1 by name', () => {
    const found = datasets.findDataset('eGRID2023 v1')
    assert.ok(found !== undefined && 'refused' in found)
    assert.deepEqual(datasets.findDataset('eGRID'), { name: 'egrid' })
    assert.equal(datasets.findDataset('eGRID2023'), undefined)
  })

  it('are what the build makes of the collected sources', async function () {
    const sources = new URL('../../../shared/datasets/', import.meta.url)
    const files = await readdir(sources).catch(() => [])
    if (files.length === 0) this.skip()
    await withCopy(SETS, async (target) => {
      await rm(target, { recursive: true })
      const build = fileURLToPath(new URL('build.ts', SETS))
      await promisify(execFile)(process.execPath, [
        build,
        '--from',
        fileURLToPath(sources),
        '--to',
        fileURLToPath(target),
      ])
      assert.deepEqual(await readSets(target), await readSets(SETS))
    })
  })
})

describe('golden vectors of rules-1', () => {
  let datasets: Datasets
  before(async () => {
    datasets = await loadDatasets()
  })

  it('are the ones that a charter names; a changed one is another network', async () => {
    assert.equal((await vectorsCid()).toString(), 'bafyreifibptewtiukserlnkwroqo5uv3i6hkhmdxqlatyhovsaf2demrwm')
  })

  it('all hold for the shipped data sets', async () => {
    const { passed, failed } = await runVectors(datasets)
    assert.deepEqual(failed, [])
    assert.ok(passed >= 90)
  })

  it('are refused when a file is damaged, missing, or names a vector twice', async () => {
    await withCopy(VECTORS, async (copy) => {
      assert.deepEqual(await loadVectors(copy), await loadVectors())
      const text = await readFile(new URL('units.json', copy), 'utf8')
      await writeFile(new URL('units.json', copy), text.replace('"derivation"', '"derivative"'))
      await assert.rejects(loadVectors(copy), { code: 'ERR_AUDIT_VECTORS' })
      await writeFile(new URL('units.json', copy), text)
      await writeFile(new URL('twice.json', copy), text)
      await assert.rejects(loadVectors(copy), { code: 'ERR_AUDIT_VECTORS' })
      await assert.rejects(loadVectors(new URL('nowhere/', copy)), { code: 'ERR_AUDIT_VECTORS' })
    })
  })

  it('contain the two figures that earlier systems have wrong', async () => {
    const grams = new Map(
      (await loadVectors()).map(({ name, expect }) => [name, 'error' in expect ? '' : expect.gramsCO2e]),
    )
    assert.equal(grams.get('california 2019, 128 kWh by the state factor'), '22480')
    assert.equal(grams.get('india 2022, 250.5 kWh'), '176790')
  })

  it('fail when one figure, one rounding or one vector is changed', async () => {
    const changed = await runVectors(withFigure(datasets, 'CA', 2019, '387.184'))
    assert.ok(changed.failed.length > 0)
    assert.ok(changed.failed.every(({ name }) => name !== 'india 2022, 250.5 kWh'))
    const vectors = await loadVectors()
    const tie = vectors.find(({ name }) => name === 'half goes down to even')
    assert.ok(tie !== undefined && !('error' in tie.expect))
    const halfUp = { ...tie, expect: { ...tie.expect, gramsCO2e: '4235' } }
    assert.deepEqual(
      (await runVectors(datasets, [halfUp])).failed.map(({ name }) => name),
      ['half goes down to even'],
    )
    const others = vectors.map((vector) => (vector === tie ? halfUp : vector))
    assert.notEqual((await vectorsCid(others)).toString(), (await vectorsCid(vectors)).toString())
  })
})

/** The shipped sets with one changed figure. */
function withFigure(datasets: Datasets, region: string, year: number, value: string): FactorSource {
  const findFactor = (key: FactorKey): Factor | undefined => {
    const factor = datasets.findFactor(key)
    const isChanged = factor?.regionType === 'state' && factor.region === region && factor.year === year
    return isChanged ? { ...factor, value } : factor
  }
  return {
    findFactor,
    listYears: (series) => datasets.listYears(series),
    findSubregion: (eia, state) => datasets.findSubregion(eia, state),
    findCountry: (alpha3) => datasets.findCountry(alpha3),
    findDataset: (text) => datasets.findDataset(text),
  }
}

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

async function readSets(folder: URL): Promise<string[]> {
  const names = ['egrid', 'owid', 'us-utility-subregion']
  const files = names.flatMap((name) => [`${name}/figures.json`, `${name}/manifest.json`])
  return Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))
}
