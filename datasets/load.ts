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

/**
 * The shipped data sets, checked against the CIDs of their manifests.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH.
 */
export async function loadDatasets(): Promise<Datasets> {
  const [egrid, owid, crosswalk] = await Promise.all(SHIPPED.map(readSet))
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
  const sets = await Promise.all(SHIPPED.map(readSet))
  return sets.map(({ manifest }) => ({ name: manifest.name, cid: CID.parse(manifest.cid) }))
}

async function readSet(name: string): Promise<{ manifest: DatasetManifest; figures: unknown }> {
  const folder = new URL(`./${name}/`, import.meta.url)
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
