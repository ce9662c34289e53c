import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DatasetError } from '../dataset-error.ts'
import { figuresShape } from '../figures.ts'
import type { Figures } from '../figures.ts'
import type { SetFiles } from './check-set.ts'

const run = promisify(execFile)
/** Largest output of git that is taken: a figures file has at most one MiB. */
const MAX_GIT_BYTES = 8 * 1024 * 1024

/** Names of the sets of a folder: its sub-folders with a manifest or figures. @throws {DatasetError} ERR_DATASET_UNREADABLE. */
export async function listSets(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause)
  })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const files = await Promise.all(names.map(async (name) => readdir(join(folder, name))))
  const isSet = (i: number): boolean => files[i]?.some((file) => /^(figures|manifest)\.json$/.test(file)) === true
  return names.filter((_, i) => isSet(i)).sort()
}

/** The files of one set; a missing one is `undefined`. */
export async function readSetFiles(folder: string, name: string): Promise<SetFiles> {
  const read = async (file: string): Promise<string | undefined> =>
    readFile(join(folder, name, file), 'utf8').catch(() => undefined)
  return { manifest: await read('manifest.json'), figures: await read('figures.json') }
}

/** An earlier version of a set: its figures, that there is none, or that it cannot be compared. */
export type EarlierSet = Figures | 'none' | 'other-layout'

/** The figures of a set in another folder. */
export async function readEarlierFolder(folder: string, name: string): Promise<EarlierSet> {
  return parseEarlier((await readSetFiles(folder, name)).figures)
}

/** The figures of a set in a revision of the repository that `folder` is in. */
export async function readEarlierRevision(folder: string, revision: string, name: string): Promise<EarlierSet> {
  try {
    const args = ['-C', folder, 'show', `${revision}:./${name}/figures.json`]
    return parseEarlier((await run('git', args, { maxBuffer: MAX_GIT_BYTES })).stdout)
  } catch {
    return 'none'
  }
}

/** Names of the sets in a revision. @throws {DatasetError} ERR_DATASET_UNREADABLE when there is no such revision. */
export async function listEarlierRevision(folder: string, revision: string): Promise<string[]> {
  const args = ['-C', folder, 'ls-tree', '-r', '--name-only', revision, '.']
  const { stdout } = await run('git', args, { maxBuffer: MAX_GIT_BYTES }).catch((cause: unknown) => {
    throw unreadable(`revision ${revision}`, cause)
  })
  const files = stdout.split('\n').filter((file) => /^[^/]+\/figures\.json$/.test(file))
  return files.map((file) => file.split('/', 1)[0] ?? '')
}

function parseEarlier(text: string | undefined): EarlierSet {
  if (text === undefined) return 'none'
  try {
    const result = figuresShape.safeParse(JSON.parse(text))
    return result.success ? result.data : 'other-layout'
  } catch {
    return 'other-layout'
  }
}

function unreadable(dataset: string, cause: unknown): DatasetError {
  return new DatasetError(`${dataset} cannot be read`, { code: 'ERR_DATASET_UNREADABLE', dataset }, { cause })
}
