import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kwitness } from '../support/kwitness.ts'

async function json(
  ...args: string[]
): Promise<{ code: number | null; value: Record<string, unknown> & { [field: string]: never } }> {
  const { code, out, err } = await kwitness([...args, '--json'])
  assert.equal(err, '', args.join(' '))
  return { code, value: JSON.parse(out) }
}

async function text(columns: string, ...args: string[]): Promise<string> {
  const { out } = await kwitness(args, { environment: { COLUMNS: columns } })
  return out
}

describe('kwitness factors', function () {
  this.timeout(60_000)

  it('says which factor a bill would get, with the next candidates and what is never used', async () => {
    const { code, value } = await json('factors', '--utility', '14328:CA', '--year', '2023')
    assert.equal(code, 0)
    const { taken, next, refused } = value as unknown as {
      taken: { factor: Record<string, string>; level: string; foundBy: string; vintage: string; upstream: unknown[] }
      next: { factor: Record<string, string>; named?: string }[]
      refused: { factor: Record<string, string>; status: string; reason: string }[]
    }
    assert.deepEqual(
      [taken.factor['region'], taken.factor['value'], taken.factor['unit'], taken.factor['gramsPerKWh']],
      ['CAMX', '429.983', 'lb/MWh', '195.03700802971'],
    )
    assert.deepEqual([taken.level, taken.foundBy, taken.vintage], ['subregion', 'utility', 'exact'])
    assert.equal(taken.upstream.length, 1)
    assert.deepEqual(
      next.map(({ factor, named }) => [factor['region'], named ?? '']),
      [
        ['CA', ''],
        ['US', ''],
        ['US', 'owid'],
      ],
    )
    const withdrawn = refused.find(({ factor }) => factor['region'] === 'CAMX' && factor['version']?.includes('v1'))
    assert.equal(withdrawn?.status, 'superseded')
    assert.match(withdrawn.reason, /eGRID2023 rev2/)
  })

  it('is the factor that an estimate takes', async () => {
    for (const place of [
      ['--place', 'US-TX'],
      ['--place', 'GB'],
      ['--zip', '94110'],
      ['--place', 'IN'],
    ]) {
      const factor = (await json('factors', ...place, '--year', '2022')).value as unknown as {
        taken: { factor: Record<string, string> }
      }
      const answer = (await json('estimate', '--amount', '1', ...place, '--year', '2022')).value as unknown as {
        parts: { factor: Record<string, string> }[]
      }
      const { dataset, version, regionType, region, year, value, unit } = factor.taken.factor
      assert.deepEqual({ dataset, version, regionType, region, year, value, unit }, answer.parts[0]?.factor)
    }
  })

  it('shows all years of a place as a table', async () => {
    const table = await text('80', 'factors', '--place', 'GB')
    assert.match(table, /^2015 +397\.79 +397\.79 g\/kWh +country GB +owid$/m)
    assert.match(table, /^2016 +412\.05 +0\.41205 kg\/kWh +country GB +uk-electricity$/m)
    assert.match(table, /later years take that of 2025/)
    assert.ok(table.split('\n').every((line) => line.length <= 80))
    assert.match(await text('120', 'factors', '--place', 'GB'), /uk-electricity +2016 set$/m)
  })

  it('names the reason and what is in print where there is none, exit code 1', async () => {
    const { code, value } = await json('factors', '--place', 'BE', '--year', '2004')
    assert.equal(code, 1)
    const { error, refused } = value as unknown as {
      error: { code: string }
      refused: { factor: { value: string }; status: string }[]
    }
    assert.equal(error.code, 'ERR_FACTOR_NOT_AVAILABLE')
    assert.ok(refused.some(({ factor, status }) => factor.value === '-17' && status === 'invalid'))
  })

  it('counts years as a named set does', async () => {
    const table = await text('100', 'factors', '--place', 'IN', '--dataset', 'india-cea')
    assert.match(table, /^2022 +716 +0\.716 kg\/kWh.*secondary$/m)
    assert.match(table, /a year of this set begins in April/)
    assert.match(table, /build-margin.*\n +marginal: for avoided emissions, never for a footprint/)
  })

  it('finds fuels and travel by their publisher’s words, and how to estimate them', async () => {
    const found = await text('120', 'factors', '--activity', 'diesel mineral', '--year', '2021', '--place', 'GB')
    assert.match(found, /Diesel \(100% mineral diesel\) \(uk-activities, scope 1\)/)
    assert.match(found, /estimate with --fuel 'Diesel \(100% mineral diesel\)' --category Fuels/)
    assert.match(found, /litre +2\.70553 kg CO2e +in 2021 +of 2018-2025/)
    const { code, value } = await json('factors', '--activity', 'unicorn')
    assert.deepEqual([code, value], [1, { activities: [] }])
  })
})

describe('kwitness datasets', function () {
  this.timeout(60_000)

  it('lists every set with licence, CID and hash', async () => {
    const { datasets } = (await json('datasets')).value as unknown as {
      datasets: { name: string; licence: string; cid: string; sha256: string; trust: string[] }[]
    }
    assert.ok(datasets.length >= 12)
    for (const { name, licence, cid, sha256 } of datasets) {
      assert.ok(licence !== '' && cid.startsWith('bafy') && /^[0-9a-f]{64}$/.test(sha256), name)
    }
    assert.deepEqual(datasets.find(({ name }) => name === 'india-cea')?.trust, ['secondary'])
    const list = await text('80', 'datasets')
    for (const { name, cid } of datasets) assert.ok(list.includes(name) && list.includes(cid), name)
  })

  it('shows what one covers as a table of countries and years, on narrow terminals as ranges', async () => {
    assert.match(await text('120', 'datasets', 'eea'), /^ {3}90 91 92.* 24\n(?:.*\n)*DE {2}s {2}s.* 2 {2}2$/m)
    assert.match(await text('80', 'datasets', 'eea'), /^DE {2}secondary 2023-2024; superseded 1990-2019$/m)
    const { coverage } = (await json('datasets', 'egrid')).value as unknown as {
      coverage: { regionType: string; years: Record<string, string> }[]
    }
    assert.equal(coverage.find(({ regionType }) => regionType === 'nerc')?.years['2020'], 'secondary')
    const activities = await text('100', 'datasets', 'uk-activities')
    assert.match(activities, /^Fuels +scope 1 +\d+ items +2018-2025$/m)
  })

  it('knows a set by its publisher’s name or an edition, and says which there are', async () => {
    assert.match(await text('80', 'datasets', 'eGRID2022'), /^egrid\n/)
    const { code, err } = await kwitness(['datasets', 'ecoinvent'])
    assert.equal(code, 2)
    assert.match(err, /no data set ecoinvent; there are egrid, .*\(ERR_CLI_USAGE\)/)
  })
})

describe('optional data sets', function () {
  this.timeout(60_000)
  const collected = new URL('../../../shared/datasets/', import.meta.url)
  let dir: string

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-optional-'))
  })
  after(async () => {
    await rm(dir, { recursive: true })
  })

  it('are there only where a folder is named, and used only when they are named (skipped without source tables)', async function () {
    if (!existsSync(collected)) this.skip()
    const build = ['datasets/build.ts', '--from', fileURLToPath(collected), '--to', dir, '--optional']
    await promisify(execFile)(process.execPath, build, { cwd: fileURLToPath(new URL('../../', import.meta.url)) })
    const ask = ['estimate', '--amount', '100', '--place', 'CA-ON', '--year', '2024']
    const named = await kwitness([...ask, '--dataset', 'canada-eccc', '--datasets', dir, '--json'])
    assert.deepEqual([JSON.parse(named.out).gramsCO2e, JSON.parse(named.out).level], ['7300', 'province'])
    const unnamed = await kwitness([...ask, '--datasets', dir, '--json'])
    assert.equal(unnamed.out, (await kwitness([...ask, '--json'])).out, 'the same as without the folder')
    const without = await kwitness([...ask, '--dataset', 'canada-eccc'])
    assert.match(without.err, /\(ERR_FACTOR_DATASET_UNKNOWN\)/)
    const table = await text('80', 'factors', '--place', 'CA-ON', '--datasets', dir)
    assert.match(table, /country CA +owid/)
    assert.match(await text('80', 'datasets', 'canada-eccc', '--datasets', dir), /^CA \d+ provinces +s +2$/m)
    assert.match((await kwitness(['datasets', '--datasets', join(dir, 'nowhere')])).err, /\(ERR_DATASET_UNREADABLE\)/)
  })
})
