/**
 * Writes data sets from collected source tables: `npm run datasets:build -- --from DIR [--to DIR] [--optional] [--only NAME]`.
 *
 * Run by hand when a source changes; the result is committed. Optional sets need a folder of their own (`--to`): their
 * licence or their figures are for whoever uses them to look at, and they are not shipped.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { buildSet } from './build-set.ts'
import { DatasetError } from './dataset-error.ts'
import { RECIPES } from './recipes/index.ts'
import type { Recipe } from './recipes/recipe.ts'
import { readSourceTable } from './recipes/source-table.ts'
import type { SourceTable } from './recipes/source-table.ts'

const USAGE = `usage: npm run datasets:build -- --from DIR [--to DIR] [--optional] [--only NAME]

  --from DIR    folder with the collected source tables and their manifest.json
  --to DIR      folder for the sets; by default the one of the shipped sets
  --optional    the sets that are not shipped, instead of the shipped ones; needs --to
  --only NAME   one set: ${RECIPES.map(({ name }) => name).join(', ')}
`

/** The collector's list of its tables: hash, and whether the licence lets us ship them. */
const collectedShape = z.array(z.looseObject({ file: z.string(), sha256: z.string(), ship_by_default: z.boolean() }))

async function readCollected(folder: string): Promise<z.infer<typeof collectedShape>> {
  try {
    return collectedShape.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
  } catch (cause) {
    throw sourceError('manifest.json', 'cannot be read', cause)
  }
}

/** A table is used only as it was reviewed, and shipped only where the collector found that it may be. */
function checkCollected(recipe: Recipe, table: SourceTable, collected: z.infer<typeof collectedShape>): void {
  const listed = collected.find(({ file }) => file === table.file)
  if (listed === undefined) throw sourceError(table.file, 'is not in manifest.json')
  if (listed.sha256 !== table.sha256) throw sourceError(table.file, `has hash ${table.sha256}, not ${listed.sha256}`)
  if (!recipe.isOptional && !listed.ship_by_default) throw sourceError(table.file, 'must not be shipped')
}

function sourceError(file: string, what: string, cause?: unknown): DatasetError {
  return new DatasetError(`${file}: ${what}`, { code: 'ERR_DATASET_SOURCE', file, row: 1 }, { cause })
}

async function buildDatasets(recipes: readonly Recipe[], folder: string, target: string): Promise<void> {
  const collected = await readCollected(folder)
  for (const recipe of recipes) {
    const table = await readSourceTable(folder, recipe.file)
    checkCollected(recipe, table, collected)
    const { manifest, manifestText, figuresText } = buildSet(recipe, table)
    const setFolder = join(target, recipe.name)
    await mkdir(setFolder, { recursive: true })
    await writeFile(join(setFolder, 'figures.json'), figuresText)
    await writeFile(join(setFolder, 'manifest.json'), manifestText)
    const { rows, source, leftOut, cid } = manifest
    const omitted = leftOut.map(({ rows: count, reason }) => `  left out ${count}: ${reason}\n`).join('')
    process.stdout.write(
      `${recipe.name}: ${rows} entries from ${source.used} of ${source.rows} rows, ${figuresText.length} characters, ${cid}\n${omitted}`,
    )
  }
}

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    optional: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const { from, to, optional, only } = values
const chosen = RECIPES.filter(({ name, isOptional }) => isOptional === optional && (only ?? name) === name)
if (from === undefined || chosen.length === 0 || (optional && to === undefined)) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  try {
    await buildDatasets(chosen, from, to ?? import.meta.dirname)
  } catch (thrown) {
    if (!(thrown instanceof DatasetError)) throw thrown
    process.stderr.write(`${thrown.code}: ${thrown.message}\n`)
    process.exitCode = 1
  }
}
