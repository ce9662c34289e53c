import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** Files in `audit/` and `datasets/` that may switch a lint rule off, as `file: rule`, each with its reason. */
const ALLOWANCES: readonly string[] = [
  // No rule of figures: the process that reads bills ends with its parent, whatever its threads do.
  'audit/extract-host.ts: unicorn/no-process-exit',
]

/** Files of two folders by extension, as paths from the root. */
function listFiles(extension: string): string[] {
  return ['audit', 'datasets'].flatMap((folder) =>
    readdirSync(fileURLToPath(new URL(folder, ROOT)), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith(extension))
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
  )
}

function read(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8')
}

/** Comments that switch lint rules off, as `file: what they say`. */
function findAllowances(file: string, text: string): string[] {
  return [...text.matchAll(/(?:ox|es)lint-disable[^\s*]*([^\n]*)/g)].map(([, said = '']) => {
    const rules = said.split('--')[0] ?? ''
    return `${file}: ${rules.replace('*/', '').trim()}`
  })
}

/** Numbers of a JSON text with a point or an exponent, outside of its strings. */
function findFractions(json: string): string[] {
  const texts = /"(?:[^"\\]|\\.)*"/g
  return json.replaceAll(texts, '""').match(/-?\d+(?:\.\d+)?[eE][+-]?\d+|-?\d+\.\d+/g) ?? []
}

describe('sources of figures', () => {
  it('switch no lint rule off, except where this test says so', () => {
    const planted = '// oxlint-disable-next-line exact/no-division -- why\n/* eslint-disable */\n'
    assert.deepEqual(findAllowances('a.ts', planted), ['a.ts: exact/no-division', 'a.ts: '])
    const files = listFiles('.ts')
    assert.ok(files.length > 40)
    assert.deepEqual(
      files.flatMap((file) => findAllowances(file, read(file))),
      ALLOWANCES,
    )
  })

  it('keep figures as texts: no number of a data set has a point or an exponent', () => {
    assert.deepEqual(findFractions('{"a": "0.5", "b\\"": [1, 0.5, -2e3, 1E-7], "c": "\\\\"}'), ['0.5', '-2e3', '1E-7'])
    const files = listFiles('.json')
    assert.ok(files.length > 5)
    for (const file of files) assert.deepEqual(findFractions(read(file)), [], file)
  })
})
