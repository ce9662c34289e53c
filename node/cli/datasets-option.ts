import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Datasets } from '#datasets'

/** Options of commands that may use more data sets than the shipped ones. */
export type DatasetsOptions = { readonly datasets?: string }

/** The option's flags and help, the same in every command that has it. */
export const DATASETS_OPTION = [
  '--datasets <dir>',
  'a folder with optional data sets, see docs/add-a-dataset.md',
] as const

/**
 * The shipped data sets, and those of the folder that the option names. They take a quarter of a second, so that only a
 * command that needs them loads them.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH, ERR_DATASET_SHAPE
 */
export async function loadNamedDatasets({ datasets }: DatasetsOptions): Promise<Datasets> {
  const { loadDatasets } = await import('#datasets')
  return loadDatasets(datasets === undefined ? {} : { optional: pathToFileURL(`${resolve(datasets)}/`) })
}
