import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cidOfBlock, cidOfDigest, encodeCanonical, RAW_CODE, sha256, toHex, utf8 } from '#protocol'

const SETS = fileURLToPath(new URL('../../datasets/', import.meta.url))
const run = promisify(execFile)

/** What the check prints, and how it ends. */
async function check(...options: string[]): Promise<{ code: number; lines: string[] }> {
  try {
    const { stdout } = await run(process.execPath, [join(SETS, 'check.ts'), ...options])
    return { code: 0, lines: stdout.trimEnd().split('\n') }
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string }
    return { code, lines: `${stdout}${stderr}`.trimEnd().split('\n') }
  }
}

describe('the check of data sets', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-check-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  async function copy(...names: string[]): Promise<void> {
    for (const name of names) await cp(join(SETS, name), join(folder, name), { recursive: true })
  }

  /** Replaces one text in a file of a set; it has to be there. */
  async function plant(file: string, from: string, to: string): Promise<void> {
    const text = await readFile(join(folder, file), 'utf8')
    assert.ok(text.includes(from), `${file} has no ${from}`)
    await writeFile(join(folder, file), text.replace(from, to))
  }

  /** Makes the hashes of a manifest right again: the planted figure is then the only thing that is wrong. */
  async function rehash(...names: string[]): Promise<void> {
    for (const set of names) {
      const file = join(folder, set, 'manifest.json')
      const manifest = JSON.parse(await readFile(file, 'utf8')) as {
        name: string
        publisher: string
        licence: string
        editions: string[]
      }
      const digest = sha256(utf8(await readFile(join(folder, set, 'figures.json'), 'utf8')))
      const figures = cidOfDigest(digest, RAW_CODE)
      const { name, publisher, licence, editions } = manifest
      const cid = cidOfBlock(encodeCanonical({ v: 1, name, publisher, licence, editions, figures })).toString()
      const hashes = { sha256: toHex(digest).slice(2), figuresCid: figures.toString(), cid }
      await writeFile(file, JSON.stringify({ ...manifest, ...hashes }))
    }
  }

  /** Findings of a folder; each expected one has to be there, and there must be no others. */
  async function expectFindings(expected: readonly RegExp[], ...options: string[]): Promise<void> {
    const { code, lines } = await check('--in', folder, ...options)
    const findings = lines.filter((line) =>
      / (?:shape|units|hash|manifest|duplicate|co2e-below-co2|plausibility|coverage|difference): /.test(line),
    )
    for (const pattern of expected)
      assert.ok(
        findings.some((line) => pattern.test(line)),
        `${pattern} not in\n${lines.join('\n')}`,
      )
    const others = findings.filter((line) => !expected.some((pattern) => pattern.test(line)))
    assert.deepEqual(others, [])
    assert.equal(lines.at(-1), `${findings.length} findings`)
    assert.equal(code, findings.length === 0 ? 0 : 1)
  }

  it('finds nothing in the shipped sets', async () => {
    const { code, lines } = await check()
    assert.deepEqual([code, lines.at(-1)], [0, '0 findings'])
    assert.ok(lines.includes('egrid: 2450 entries, 2018-2023: ok'))
  })

  it('wants both files of a set, in the right shape', async () => {
    await copy('gwp', 'owid', 'egrid', 'india-cea')
    await rm(join(folder, 'gwp/manifest.json'))
    await plant('owid/figures.json', '"kind"', '"kind')
    await plant('india-cea/figures.json', '"country","IN",2022', '"county","IN",2022')
    await plant('egrid/manifest.json', '"licence"', '"license"')
    await expectFindings([
      /^gwp: shape: manifest\.json: is missing/,
      /^owid: shape: figures\.json: is not JSON/,
      /^india-cea: shape: figures\.json rows\.\d+: expected a row/,
      /^egrid: shape: manifest\.json licence/,
      /^egrid: shape: manifest\.json : .*license/,
    ])
  })

  it('finds a row that points at a group or an edition that is not there', async () => {
    await copy('uk-electricity', 'us-utilities')
    await plant('uk-electricity/figures.json', '[59,"country"', '[99,"country"')
    await plant('us-utilities/figures.json', '[34,"SC",0,', '[34,"SC",7,')
    await rehash('uk-electricity', 'us-utilities')
    await expectFindings([
      /^uk-electricity: shape: .*points at entry 99 of 60/,
      /^us-utilities: shape: .*rows\.\d+\.2: points at entry 7 of 2/,
    ])
  })

  it('finds a changed digit by hash and CID, and a file that is not laid out line by line', async () => {
    await copy('owid', 'gwp')
    await plant('owid/figures.json', '0.', '1.')
    await plant('gwp/figures.json', '"kind": ', '"kind":  ')
    await rehash('gwp')
    await expectFindings([
      /^owid: hash: (?:sha256|figuresCid|cid): of the files is/,
      /^gwp: hash: figures\.json: is not laid out/,
    ])
  })

  it('finds a manifest that says something else than the figures', async () => {
    await copy('india-cea', 'eea', 'owid')
    await plant('india-cea/manifest.json', '"rows": 21,', '"rows": 20,')
    await plant('eea/manifest.json', '"years": [\n    2023,', '"years": [\n    2022,\n    2023,')
    await plant('owid/manifest.json', '"used": 3265', '"used": 3264')
    await expectFindings([
      /^india-cea: manifest: rows: is 20, the figures give 21/,
      /^eea: manifest: years: /,
      /^owid: manifest: source\.rows: is 3640; 3264 used and 375 left out/,
      /^owid: manifest: source\.origins: have 3265 rows, 3264/,
    ])
  })

  it('finds a unit or a number that is none', async () => {
    await copy('uk-electricity', 'owid')
    await plant('uk-electricity/figures.json', '["0.177"]', '["0,177"]')
    await plant('owid/figures.json', '"unit":"g/kWh"', '"unit":"g/kwh"')
    await rehash('uk-electricity', 'owid')
    await expectFindings([
      /^uk-electricity: units: rows\.\d+: GB 2025 is "0,177", no plain decimal/,
      /^owid: shape: figures\.json groups\.0\.unit: expected a unit of factors/,
    ])
  })

  it('finds a key that is there twice, in sets of every kind', async () => {
    await copy('us-zip-subregion', 'us-utility-subregion', 'uk-electricity', 'epa-hub', 'gwp')
    await plant('us-zip-subregion/figures.json', '["941",["CA"],["CAMX"],"', '["941",["CA"],["CAMX"],"02')
    await plant('us-utility-subregion/figures.json', '[84,"VA","RFCE"]', '[84,"MD","RFCW"]')
    await plant('uk-electricity/figures.json', '"country","GB",2024,["0.20705"]', '"country","GB",2025,["0.20705"]')
    await plant('gwp/figures.json', '["AR4","CH4","25"]', '["AR5","CH4","25"]')
    await rehash('us-zip-subregion', 'us-utility-subregion', 'uk-electricity', 'gwp')
    await expectFindings([
      /^us-zip-subregion: duplicate: rows\.\d+: 94102 is in row \d+ too/,
      /^us-zip-subregion: manifest: rows: /,
      /^us-utility-subregion: duplicate: rows\.\d+: 84\|MD/,
      /^uk-electricity: duplicate: rows\.\d+: country\|GB\|2025\|location\|generation\|CO2e/,
      /^uk-electricity: coverage: country GB: lacks 2024/,
      /^gwp: duplicate: rows\.\d+: AR5\|CH4/,
    ])
  })

  it('finds CO2e below the CO2 in it, for electricity and for activities', async () => {
    await copy('egrid', 'uk-activities')
    await plant('egrid/figures.json', '["387.183"]', '["381.183"]')
    await plant('uk-activities/figures.json', '"CO2e","kg",2018,["0.18396"', '"CO2e","kg",2018,["0.18296"')
    await rehash('egrid', 'uk-activities')
    await expectFindings([
      /^egrid: co2e-below-co2: rows\.\d+: state\|CA\|location\|generation\|CO2e 2019/,
      /^uk-activities: co2e-below-co2: rows\.\d+: .*CO2e 2018/,
    ])
  })

  it('finds a slipped digit, a wrong unit, and what no fuel emits', async () => {
    await copy('egrid', 'uk-electricity', 'owid', 'us-grid-loss', 'gwp', 'epa-hub', 'uk-activities')
    await plant('egrid/figures.json', '["387.183"]', '["3871.83"]')
    await plant('owid/figures.json', '"country","FR",2010,["', '"country","FR",2010,["26')
    const file = join(folder, 'uk-electricity/figures.json')
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('"unit":"kg/kWh"', '"unit":"g/kWh"'))
    await plant('us-grid-loss/figures.json', '"CAMX",2018,["0.0', '"CAMX",2018,["0.4')
    await plant('gwp/figures.json', '["AR5","N2O","265"]', '["AR5","N2O","26.5"]')
    await plant('epa-hub/figures.json', '"CH4","g",2025,["11"]', '"CH4","kg",2025,["11"]')
    await plant('uk-activities/figures.json', '"CO2e","kg",2018,["0.18396"', '"CO2e","kg",2018,["18.396"')
    await rehash('egrid', 'uk-electricity', 'owid', 'us-grid-loss', 'gwp', 'epa-hub', 'uk-activities')
    await expectFindings([
      /^egrid: plausibility: rows\.\d+: state\|CA\|location\|generation\|CO2e leaps by more than 8 times/,
      /^owid: plausibility: rows\.\d+: country\|FR.* 2010: .* is above any grid/,
      /^owid: plausibility: rows\.\d+: country\|FR.* leaps/,
      /^uk-electricity: plausibility: rows: half of the figures lie outside/,
      /^us-grid-loss: plausibility: rows\.\d+: CAMX loses more than 30 %/,
      /^gwp: plausibility: rows\.\d+: AR5 N2O is 26\.5/,
      /^epa-hub: plausibility: rows\.\d+: .* CH4 2025 is above 300 kg CO2e\/mmBtu/,
      /^uk-activities: plausibility: rows\.\d+: .* CO2e 2018 is above 1\.1 kg CO2e\/kWh/,
      /^uk-activities: plausibility: rows\.\d+: .* leaps/,
    ])
  })

  it('finds a state, a year or a place that is missing, and potentials that no set explains', async () => {
    await copy('egrid', 'us-zip-subregion', 'us-utility-subregion', 'us-grid-loss', 'owid', 'epa-hub', 'gwp')
    await plant('egrid/figures.json', '"state","CA",2019,["387.183"]', '"state","CA",2019,[null]')
    await plant('egrid/figures.json', '"country","US",2021,["857.', '"country","US",2024,["857.')
    await plant('us-zip-subregion/figures.json', '["941",["CA"]', '["941",["ZZ"]')
    await plant('us-utility-subregion/figures.json', '[84,"VA","RFCE"]', '[84,"VA","ABCD"]')
    await plant('epa-hub/figures.json', '"gwpSet":"AR5', '"gwpSet":"AR7')
    await rehash('egrid', 'us-zip-subregion', 'us-utility-subregion', 'epa-hub')
    await expectFindings([
      /^egrid: coverage: state CA: lacks 2019/,
      /^egrid: coverage: year 2019: lacks the states CA/,
      /^egrid: coverage: country US: lacks 2021/,
      /^egrid: coverage: year 2024: (?:lacks the states|has 0 subregions)/,
      /^egrid: manifest: (?:rows|years)/,
      /^us-zip-subregion: coverage: ZZ: is a state without a factor/,
      /^us-utility-subregion: coverage: ABCD: is a subregion without a (?:factor|grid loss)/,
      /^epa-hub: (?:coverage: 2025 \(2025-01-15\): uses AR7|manifest: gwpSets)/,
    ])
  })

  it('finds what an earlier version had and this one lacks, or has otherwise under one edition', async () => {
    await copy('owid', 'egrid', 'gwp')
    const before = await mkdtemp(join(tmpdir(), 'kwitness-before-'))
    try {
      await cp(folder, before, { recursive: true })
      await rm(join(folder, 'gwp'), { recursive: true })
      await plant('owid/figures.json', '"country","AW",2010,["', '"country","AW",2011,["')
      await plant('egrid/figures.json', '["387.183"]', '["387.184"]')
      await plant('egrid/figures.json', '"version":"eGRID2022"', '"version":"eGRID2022 rev1"')
      await rehash('owid', 'egrid')
      const { code, lines } = await check('--in', folder, '--against', before)
      const findings = lines.filter((line) => line.includes(': difference: '))
      assert.equal(code, 1)
      assert.ok(findings.some((line) => /^owid: difference: country\|AW\|2010\|.* is gone; it was/.test(line)))
      assert.ok(
        findings.some((line) =>
          /^owid: difference: country\|AW\|2011\|.* was .*, both in grapher export 2026-04/.test(line),
        ),
      )
      assert.ok(
        findings.some((line) =>
          /^egrid: .*state\|CA\|2019\|.* was 387\.183, is 387\.184, both in eGRID2019/.test(line),
        ),
      )
      assert.ok(findings.includes('gwp: difference: set: is gone'))
      assert.equal((await check('--in', before, '--against', before)).code, 0)
    } finally {
      await rm(before, { recursive: true, force: true })
    }
  })

  it('lets a set grow by a year and an edition, and says by how much', async () => {
    await copy('uk-electricity')
    const before = await mkdtemp(join(tmpdir(), 'kwitness-before-'))
    try {
      await cp(folder, before, { recursive: true })
      const file = join(before, 'uk-electricity/figures.json')
      const text = await readFile(file, 'utf8')
      const without2025 = text.replaceAll(/^ {4}\[\d+,"country","GB",2025,.*\],?\n/gm, '')
      await writeFile(file, without2025.replace(/,\n {2}\]/, '\n  ]'))
      const { code, lines } = await check('--in', folder, '--against', before)
      assert.equal(code, 0, lines.join('\n'))
      assert.ok(lines.includes('uk-electricity: added 6 of 2025; revised by a new edition 0'), lines.join('\n'))
    } finally {
      await rm(before, { recursive: true, force: true })
    }
  })

  it('compares with a revision, and ends with 2 when there is none', async () => {
    await copy('gwp', 'owid')
    const git = async (...args: string[]): Promise<unknown> =>
      run('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args])
    await git('init', '-q')
    await git('add', '.')
    await git('commit', '-q', '-m', 'Sets')
    await plant('gwp/figures.json', '["AR4","CH4","25"]', '["AR4","CH4","26"]')
    await rehash('gwp')
    await expectFindings([/^gwp: difference: AR4\|CH4: was 25, is 26/], '--git', 'HEAD')
    assert.equal((await check('--in', folder, '--git', 'nowhere')).code, 2)
    assert.equal((await check('--in', join(folder, 'nowhere'))).code, 2)
    assert.equal((await check('--git', 'HEAD', '--against', folder)).code, 2)
  })
})
