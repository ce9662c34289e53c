import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDatasets } from '#datasets'
import { cidOfBlock, cidOfDigest, encodeCanonical, errorCodeOf, RAW_CODE, sha256, toHex, utf8 } from '#protocol'

const SETS = new URL('../../datasets/', import.meta.url)
/** Clears a screen; begins a line; does so in one character; turns the order of reading. */
const HOSTILE = ['\u001B[2J', '\n', '\u009B31m', '\u202E']

/** What a stranger's copies of two shipped sets are called: no set may have a name of another. */
const OWN_NAMES = {
  'india-cea': {
    'CEA CO2 baseline database': 'database of a stranger',
    'V19 (FY2022-23)': 'S19',
    'V20 (FY2023-24)': 'S20',
    'V21 (FY2024-25)': 'S21',
  },
  'epa-hub': { 'EPA GHG Emission Factors Hub': 'hub of a stranger', '2025 (2025-01-15)': 'S2025' },
} as const

describe('optional data sets of a stranger', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-stranger-'))
    await mkdir(join(folder, 'stranger'))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  /** Writes a copy of a shipped set with some texts replaced, its hashes right. */
  async function write(set: string, replaced: Readonly<Record<string, string>>): Promise<void> {
    const change = (text: string): string =>
      Object.entries(replaced).reduce((all, [from, to]) => {
        return all.replaceAll(JSON.stringify(from), JSON.stringify(to))
      }, text)
    const figures = change(await readFile(new URL(`${set}/figures.json`, SETS), 'utf8'))
    const digest = sha256(utf8(figures))
    const link = cidOfDigest(digest, RAW_CODE)
    const manifest: Record<string, unknown> = JSON.parse(
      change(await readFile(new URL(`${set}/manifest.json`, SETS), 'utf8')),
    )
    const { publisher, licence, editions } = manifest
    const block = { v: 1, name: 'stranger', publisher, licence, editions, figures: link }
    const hashes = {
      sha256: toHex(digest).slice(2),
      figuresCid: link.toString(),
      cid: cidOfBlock(encodeCanonical(block)).toString(),
    }
    await writeFile(join(folder, 'stranger', 'figures.json'), figures)
    await writeFile(
      join(folder, 'stranger', 'manifest.json'),
      JSON.stringify({ ...manifest, ...hashes, name: 'stranger' }),
    )
  }

  it('load when they are sound', async () => {
    for (const [set, names] of Object.entries(OWN_NAMES)) {
      await write(set, names)
      assert.equal((await loadDatasets({ optional: folder })).manifests.at(-1)?.name, 'stranger')
    }
  })

  for (const [what, set, text] of [
    ['the licence', 'india-cea', 'CC0-1.0'],
    ['the title', 'india-cea', 'CO2 baseline database of the Indian power sector'],
    ['the name', 'india-cea', 'CEA CO2 baseline database'],
    ['an edition', 'india-cea', 'V21 (FY2024-25)'],
    ['an activity', 'epa-hub', 'Anthracite'],
  ] as const) {
    it(`are refused with characters that a terminal obeys in ${what}`, async () => {
      for (const hostile of HOSTILE) {
        await write(set, { ...OWN_NAMES[set], [text]: text + hostile })
        await assert.rejects(
          loadDatasets({ optional: folder }),
          { code: 'ERR_DATASET_SHAPE' },
          JSON.stringify(text + hostile),
        )
      }
    })
  }

  for (const [text, taken] of [
    ['CEA CO2 baseline database', 'EGRID'],
    ['CEA CO2 baseline database', 'owid Carbon-intensity-electricity'],
    ['CEA CO2 baseline database', 'eGRID2018'],
    ['V21 (FY2024-25)', 'owid'],
    ['V21 (FY2024-25)', 'egrid2022'],
    ['V21 (FY2024-25)', 'eGRID2022 (as a stranger has it)'],
    ['V21 (FY2024-25)', 'eGRID2023 v1'],
    ['V21 (FY2024-25)', 'UK-Activities'],
  ] as const) {
    it(`are refused when they call themselves, or an edition, ${taken}`, async () => {
      await write('india-cea', { ...OWN_NAMES['india-cea'], [text]: taken })
      await assert.rejects(loadDatasets({ optional: folder }), (error: Error) => {
        assert.equal(errorCodeOf(error), 'ERR_DATASET_SHAPE')
        assert.match(error.message, /stranger.*\b(egrid|owid|uk-activities)\b/s)
        return true
      })
    })
  }

  it('are refused with a figure for use that is negative or no plain number', async () => {
    for (const figure of ['-5', '1e3', 'NaN', '']) {
      await write('india-cea', { ...OWN_NAMES['india-cea'], '0.716': figure })
      await assert.rejects(loadDatasets({ optional: folder }), { code: 'ERR_DATASET_SHAPE' }, figure)
    }
  })
})
