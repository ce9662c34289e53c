import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import packageFile from '../package.json' with { type: 'json' }
import { toolFile } from './installed.ts'

const ROOT = new URL('../', import.meta.url)

const reportShape = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) })

/** Files with one import each: a name, what it imports, and whether the layers allow that (STYLE, "Imports"). */
const PLANTED: readonly (readonly [file: string, imported: string, isAllowed: boolean])[] = [
  ['protocol/planted-1.ts', '#audit', false],
  ['protocol/planted-2.ts', '../audit/extract.ts', false],
  ['protocol/planted-3.ts', './claim.ts', true],
  ['audit/planted-1.ts', '#storage', false],
  ['audit/planted-2.ts', '#datasets', false],
  ['audit/formats/planted-3.ts', '../../datasets/load.ts', false],
  ['audit/planted-4.ts', '../protocol/claim.ts', false],
  ['audit/planted-5.ts', '#protocol', true],
  ['datasets/planted-1.ts', '#audit', false],
  ['consensus/planted-1.ts', '#storage', false],
  ['consensus/planted-2.ts', '../node/ledger.ts', false],
  ['storage/planted-1.ts', '#consensus', false],
  ['config/planted-1.ts', '#api', false],
  ['api/planted-1.ts', '#storage', false],
  ['api/planted-2.ts', '#protocol', true],
  ['contracts/planted-1.ts', '#config', false],
  ['api/planted-3.ts', '#client', false],
  ['client/planted-1.ts', '#protocol', false],
  ['client/planted-2.ts', '#api', false],
  ['client/planted-3.ts', 'node:fs', false],
  ['client/planted-4.ts', 'zod', false],
  ['client/planted-5.ts', '../api/constants.ts', false],
  ['client/planted-6.ts', './retry.ts', true],
  // Every other door, as they are in package.json: the rule has to name them.
  ...Object.keys(packageFile.imports)
    .filter((door) => door !== '#api')
    .map((door): readonly [string, string, boolean] => [
      `client/planted-${door.slice(1).replace('/', '-')}.ts`,
      door,
      false,
    ]),
  ['node/planted-1.ts', '#storage', true],
  ['node/planted-3.ts', '#client', true],
  ['node/planted-4.ts', '../client/retry.ts', false],
  ['node/anchoring/planted-2.ts', '../../storage/buckets.ts', false],
  ['test/planted-1.ts', '../storage/buckets.ts', false],
]

async function lint(folder: string): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [toolFile('oxlint'), '--format', 'json', '.'], { cwd: folder }, (_, stdout) =>
      resolve(stdout),
    )
  })
  const { diagnostics } = reportShape.parse(JSON.parse(output))
  return diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).map(({ filename }) => filename)
}

describe('the layer rule', () => {
  it('reports each import that crosses a layer, and no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-layers-'))
    try {
      await cp(new URL('.oxlintrc.json', ROOT), join(folder, '.oxlintrc.json'))
      await cp(new URL('tools/lint/', ROOT), join(folder, 'tools', 'lint'), { recursive: true })
      for (const [file, imported] of PLANTED) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), `export * from '${imported}'\n`)
      }
      // Types are gone at run time; for all others they are imports like any.
      await writeFile(join(folder, 'client', 'planted-types.ts'), "export type * from '#api'\n")
      const expected = PLANTED.filter(([, , isAllowed]) => !isAllowed).map(([file]) => file)
      assert.deepEqual((await lint(folder)).toSorted(), expected.toSorted())
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
