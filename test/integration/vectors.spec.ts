import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadVectors, runVectors, vectorsCid } from '#audit'
import type { Vector } from '#audit'
import { loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import { changedSources } from '../support/changed-sources.ts'
import { changedOnce, figuresOf, listMalformed, roundedText, wordsOf } from '../support/vector-answers.ts'
import type { Answer } from '../support/vector-answers.ts'

const VECTORS = new URL('../vectors/rules-1/', import.meta.url)

describe('golden vectors of rules-1', () => {
  let vectors: readonly Vector[]
  let answers: readonly { name: string; derivation: string; expect: Answer }[]
  before(async () => {
    vectors = await loadVectors()
    answers = vectors.flatMap(({ name, derivation, expect }) =>
      'error' in expect ? [] : [{ name, derivation, expect }],
    )
  })

  it('are the ones that a charter names; a changed one is another network', async () => {
    assert.equal((await vectorsCid()).toString(), 'bafyreigzposd4ixqlsmdopiapoqgvyinap4h2t64ls3mpeoc5hpn52wr7q')
  })

  it('contain the figures that earlier systems have wrong', () => {
    const grams = new Map(answers.map(({ name, expect }) => [name, expect.gramsCO2e]))
    assert.equal(grams.get('california 2019, 128 kWh by the state factor'), '22480')
    assert.equal(grams.get('india 2022, 250.5 kWh'), '176790')
    assert.equal(grams.get('gas 2019 in the uk, 100 therm of the ec'), '538811')
    assert.equal(grams.get('gas 2025 in the us, 100 therm of the us'), '531145')
  })

  it('reach every level, every way to find a place, every line and every source of the market', () => {
    const seen = new Set(answers.flatMap(({ expect }) => wordsOf(expect)))
    const wanted = [
      ...['subregion', 'state', 'nerc', 'country'].map((level) => `level ${level}`),
      ...['utility', 'zip', 'subregion', 'state', 'nerc', 'country'].map((way) => `found by ${way}`),
      ...['one-year', 'readings', 'days'].map((way) => `apportioned ${way}`),
      ...['zip-several-subregions', 'zip-differs-from-utility', 'zip-unknown', 'factor-secondary', 'co2-only'].map(
        (flag) => `flag ${flag}`,
      ),
      ...['losses', 'well-to-tank', 'well-to-tank-losses'].map((line) => `line ${line}`),
      ...['certificate', 'contract', 'supplier-rate', 'location'].map((source) => `market ${source}`),
      ...['definition', 'heat-content', 'volume-correction', 'passengers'].map((why) => `conversion ${why}`),
      ...['CO2e', 'CO2', 'CH4', 'N2O'].map((gas) => `gas ${gas}`),
      ...['exact', 'fallback'].map((vintage) => `vintage ${vintage}`),
    ]
    assert.deepEqual(
      wanted.filter((word) => !seen.has(word)),
      [],
    )
  })

  it('reach every refusal that a request can cause', () => {
    const codes = new Set(vectors.flatMap(({ expect }) => ('error' in expect ? [expect.error.code] : [])))
    assert.deepEqual([...codes].sort(), [
      'ERR_ACTIVITY_AMBIGUOUS',
      'ERR_ACTIVITY_UNKNOWN',
      'ERR_ENERGY_NEGATIVE',
      'ERR_ESTIMATE_REQUEST',
      'ERR_FACTOR_DATASET_UNKNOWN',
      'ERR_FACTOR_INVALID',
      'ERR_FACTOR_METHOD_NOT_AVAILABLE',
      'ERR_FACTOR_NOT_AVAILABLE',
      'ERR_FACTOR_SUPERSEDED',
      'ERR_HEAT_CONTENT_MISSING',
      'ERR_INSTRUMENT',
      'ERR_PLACE_CONFLICT',
      'ERR_PLACE_UNKNOWN',
      'ERR_VALUE_DATE',
      'ERR_VALUE_DECIMAL',
      'ERR_VALUE_PERIOD',
      'ERR_VALUE_UNIT',
      'ERR_VALUE_UNIT_AMBIGUOUS',
    ])
  })

  it('state every figure as the half-even rounding of its fraction, and each in the derivation', () => {
    for (const { name, derivation, expect } of answers) {
      for (const { exact, grams } of figuresOf(expect)) {
        assert.equal(grams, roundedText(exact, 'half-even'), name)
        assert.ok(derivation.includes(`${grams} g`), `${name}: ${grams} g is not derived`)
      }
    }
  })

  it('tell rounding half to even from every other rounding', () => {
    for (const other of ['half-up', 'half-down', 'down', 'up'] as const) {
      const told = answers.filter(({ expect }) =>
        figuresOf(expect).some(({ exact, grams }) => roundedText(exact, other) !== grams),
      )
      assert.ok(told.length > 0, other)
    }
  })

  describe('against the shipped data sets', () => {
    let datasets: Datasets
    before(async () => {
      datasets = await loadDatasets()
    })

    it('all hold', async () => {
      const { passed, failed } = await runVectors(datasets)
      assert.deepEqual(failed, [])
      assert.ok(passed >= 150)
    })

    it('fail when any one word or figure of an answer is changed', async () => {
      const whole = vectors.filter(({ name }) => WHOLE_ANSWERS.includes(name))
      assert.equal(whole.length, WHOLE_ANSWERS.length)
      for (const vector of whole) {
        for (const changed of changedOnce(vector.expect)) {
          const { failed } = await runVectors(datasets, [{ ...vector, expect: changed as Vector['expect'] }])
          assert.equal(failed.length, 1, `${vector.name}: ${JSON.stringify(changed)}`)
        }
      }
    })

    it('fail when one figure of a data set is changed', async () => {
      for (const [what, changed, concerned, untouched] of changedSources(datasets)) {
        const failed = (await runVectors(changed)).failed.map(({ name }) => name)
        assert.ok(failed.includes(concerned), what)
        assert.ok(!failed.includes(untouched), what)
      }
    })

    it('fail when ties are rounded up', async () => {
      const tie = vectors.find(({ name }) => name === 'half goes down to even')
      assert.ok(tie !== undefined && !('error' in tie.expect))
      const halfUp = { ...tie, expect: { ...tie.expect, gramsCO2e: roundedText(tie.expect.exact, 'half-up') } }
      assert.deepEqual(
        (await runVectors(datasets, [halfUp])).failed.map(({ name }) => name),
        ['half goes down to even'],
      )
    })
  })

  it('have another CID when one is changed, left out or added', async () => {
    const first = vectors[0]
    assert.ok(first !== undefined)
    const cids = [
      vectors,
      [{ ...first, derivation: `${first.derivation}.` }, ...vectors.slice(1)],
      vectors.slice(1),
      [...vectors, { ...first, name: 'another' }],
    ].map(async (some) => (await vectorsCid(some)).toString())
    assert.equal(new Set(await Promise.all(cids)).size, 4)
  })

  it('are refused when a file is damaged, missing, or names a vector twice', async () => {
    await withCopy(async (copy) => {
      assert.deepEqual(await loadVectors(copy), vectors)
      const text = await readFile(new URL('units.json', copy), 'utf8')
      await writeFile(new URL('units.json', copy), text.slice(0, -10))
      await assert.rejects(loadVectors(copy), { code: 'ERR_AUDIT_VECTORS' })
      await writeFile(new URL('units.json', copy), text)
      await writeFile(new URL('twice.json', copy), text)
      await assert.rejects(loadVectors(copy), { code: 'ERR_AUDIT_VECTORS' })
      await assert.rejects(loadVectors(new URL('nowhere/', copy)), { code: 'ERR_AUDIT_VECTORS' })
    })
  })

  it('are refused when an answer has a field too many, one too few, or one of another form', async () => {
    await withCopy(async (copy) => {
      const only = new URL('only/', copy)
      await mkdir(only)
      const load = async (text: string): Promise<readonly Vector[]> => {
        await writeFile(new URL('only.json', only), text)
        return loadVectors(only)
      }
      assert.deepEqual(await load(JSON.stringify(vectors)), vectors)
      for (const [what, text] of listMalformed(vectors)) {
        await assert.rejects(load(text), { code: 'ERR_AUDIT_VECTORS' }, what)
      }
    })
  })
})

/** Vectors that together have every field of an answer. */
const WHOLE_ANSWERS = [
  'across new year, 17 and 14 days',
  'certificate, contract and supplier rate',
  'gas in the uk by cubic metres',
  'grid loss over two years',
  'two certificates of one year',
  'wood by short ton in the us',
]

/** Runs `use` on a copy of the vectors and removes it afterwards. */
async function withCopy(use: (copy: URL) => Promise<void>): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'kwitness-vectors-'))
  try {
    await cp(VECTORS, copy, { recursive: true })
    await use(pathToFileURL(`${copy}/`))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
