import { utf8 } from '#protocol'
import { DATASET_LIMITS } from './constants.ts'
import { describeFigures, editionsOf, printFigures } from './describe-figures.ts'
import { DatasetError } from './dataset-error.ts'
import { figuresShape } from './figures.ts'
import type { DatasetManifest } from './manifest.ts'
import { Tally } from './recipes/recipe.ts'
import type { Recipe } from './recipes/recipe.ts'
import { hashSet } from './set-block.ts'
import type { SourceTable } from './recipes/source-table.ts'

/** The two files of a set. */
export type BuiltSet = {
  readonly manifest: DatasetManifest
  readonly manifestText: string
  readonly figuresText: string
}

/**
 * A set from its source table; the same table gives the same bytes on every machine.
 *
 * @throws {DatasetError} ERR_DATASET_SOURCE when a row cannot be used, or is neither used nor left out;
 * ERR_DATASET_SHAPE when the recipe makes something else than figures, or more than a block may have.
 */
export function buildSet(recipe: Recipe, table: SourceTable): BuiltSet {
  const tally = new Tally()
  const figures = recipe.make(table, tally)
  const { used, leftOut, origins } = tally.count(table)
  const parsed = figuresShape.safeParse(figures)
  const issue = parsed.error?.issues[0]
  if (issue !== undefined) throw misshapen(recipe.name, issue.path.map(String).join('.'), issue.message)
  const figuresText = printFigures(figures)
  const bytes = utf8(figuresText)
  if (bytes.byteLength > DATASET_LIMITS.figuresBytes) {
    throw misshapen(recipe.name, '', `has ${bytes.byteLength} bytes, more than a block may have`)
  }
  const { name, title, publisher, licence, notes } = recipe
  const editions = editionsOf(figures)
  const hashes = hashSet({ name, publisher, licence, editions }, bytes)
  const manifest: DatasetManifest = {
    name,
    title,
    publisher,
    editions,
    licence,
    ...describeFigures(figures),
    source: { file: table.file, sha256: table.sha256, rows: table.rows.length, used, origins },
    leftOut,
    notes: [...notes],
    sha256: hashes.sha256,
    figuresCid: hashes.figuresCid.toString(),
    cid: hashes.cid.toString(),
  }
  return { manifest, manifestText: `${JSON.stringify(manifest, null, 2)}\n`, figuresText }
}

function misshapen(dataset: string, place: string, message: string): DatasetError {
  return new DatasetError(`data set ${dataset}: ${place}: ${message}`, { code: 'ERR_DATASET_SHAPE', dataset, place })
}
