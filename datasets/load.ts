import { readFile } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { cidOfBlock, encodeCanonical } from '#protocol'
import { DatasetError } from './dataset-error.ts'
import { Datasets } from './datasets.ts'
import { crosswalkFiguresShape, factorFiguresShape, manifestShape } from './figures.ts'
import type { DatasetManifest } from './figures.ts'
import { FactorTable } from './factor-table.ts'

/** Folders of the shipped sets, in the order of the charter. */
const SHIPPED = ['egrid', 'owid', 'us-utility-subregion'] as const

/** Name of a shipped set and the CID that a charter names it by. */
export type DatasetCid = { readonly name: string; readonly cid: CID }

/** Folder of the shipped sets. */
const SHIPPED_FOLDER = new URL('./', import.meta.url)

/**
 * The shipped data sets (or those of another folder of the same layout), checked against the CIDs of their manifests.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH.
 */
export async function loadDatasets(folder: URL = SHIPPED_FOLDER): Promise<Datasets> {
  const [egrid, owid, crosswalk] = await Promise.all(SHIPPED.map(async (name) => readSet(folder, name)))
  if (egrid === undefined || owid === undefined || crosswalk === undefined) throw unreadable(SHIPPED.join(', '))
  return new Datasets({
    manifests: [egrid.manifest, owid.manifest, crosswalk.manifest],
    tables: [egrid, owid].map(
      ({ manifest, figures }) => new FactorTable(manifest.name, manifest.cid, factorFiguresShape.parse(figures)),
    ),
    crosswalk: crosswalkFiguresShape.parse(crosswalk.figures),
  })
}

/**
 * CIDs of the shipped data sets, computed from their figures, in the order in which a charter lists them.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH.
 */
export async function datasetCids(): Promise<readonly DatasetCid[]> {
  const sets = await Promise.all(SHIPPED.map(async (name) => readSet(SHIPPED_FOLDER, name)))
  return sets.map(({ manifest }) => ({ name: manifest.name, cid: CID.parse(manifest.cid) }))
}

async function readSet(root: URL, name: string): Promise<{ manifest: DatasetManifest; figures: unknown }> {
  const folder = new URL(`./${name}/`, root)
  let manifest: DatasetManifest
  let figures: unknown
  try {
    manifest = manifestShape.parse(JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8')))
    figures = JSON.parse(await readFile(new URL('figures.json', folder), 'utf8'))
  } catch (cause) {
    throw unreadable(name, cause)
  }
  const actual = cidOfBlock(encodeCanonical(figures)).toString()
  if (actual !== manifest.cid) {
    throw new DatasetError(`data set ${name} has CID ${actual}, its manifest says ${manifest.cid}`, {
      code: 'ERR_DATASET_CID_MISMATCH',
      dataset: name,
      expected: manifest.cid,
      actual,
    })
  }
  return { manifest, figures }
}

function unreadable(name: string, cause?: unknown): DatasetError {
  return new DatasetError(
    `data set ${name} cannot be read`,
    { code: 'ERR_DATASET_UNREADABLE', dataset: name },
    { cause },
  )
}
