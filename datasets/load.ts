import { readdir, readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { CID } from 'multiformats/cid'
import { ActivityTable } from './activity-table.ts'
import { DATASET_LIMITS, SHIPPED_SETS } from './constants.ts'
import { DatasetError } from './dataset-error.ts'
import { findClash, namesOf } from './dataset-names.ts'
import { Datasets } from './datasets.ts'
import { ElectricityTable } from './electricity-table.ts'
import { figuresShape } from './figures.ts'
import type { Figures, FiguresKind } from './figures.ts'
import { manifestShape } from './manifest.ts'
import type { DatasetManifest } from './manifest.ts'
import { hashSet } from './set-block.ts'
import { GridLossTable, GwpTable, UtilityTable, ZipTable } from './reference-tables.ts'

/** Name of a shipped set and the CID that a charter names it by. */
export type DatasetCid = { readonly name: string; readonly cid: CID }

/** Where data sets are read from. */
export type LoadOptions = {
  /** Folder of the shipped sets. @default this folder */
  readonly folder?: URL | string
  /** Folder with further sets, one in each sub-folder; they are used only when a request names them. */
  readonly optional?: URL | string
}

/** One set, hashed and in the right shape. */
type LoadedSet = { readonly manifest: DatasetManifest; readonly figures: Figures }

/** Folder of the shipped sets. */
const SHIPPED_FOLDER = new URL('./', import.meta.url)

/**
 * The shipped data sets and, where asked for, optional ones, checked against the hashes and CIDs of their manifests.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH, ERR_DATASET_SHAPE.
 */
export async function loadDatasets({ folder = SHIPPED_FOLDER, optional }: LoadOptions = {}): Promise<Datasets> {
  const root = folderUrl(folder)
  const sets = await Promise.all(SHIPPED_SETS.map(async (name) => readSet(root, name)))
  if (optional !== undefined) sets.push(...(await readOptionalSets(folderUrl(optional))))
  checkNames(sets)
  return new Datasets({
    manifests: sets.map(({ manifest }) => manifest),
    electricity: ofKind(sets, 'electricity').map(
      ({ manifest, figures }) => new ElectricityTable(manifest.name, manifest.cid, figures),
    ),
    activities: ofKind(sets, 'activities').map(
      ({ manifest, figures }) => new ActivityTable(manifest.name, manifest.cid, figures),
    ),
    losses: new GridLossTable(onlyOne(sets, 'grid-loss').manifest.cid, onlyOne(sets, 'grid-loss').figures),
    utilities: new UtilityTable(onlyOne(sets, 'utilities').figures, onlyOne(sets, 'utility-subregion').figures),
    zips: new ZipTable(onlyOne(sets, 'zip-subregion').figures),
    gwps: new GwpTable(onlyOne(sets, 'gwp').figures),
  })
}

/**
 * CIDs of the shipped data sets, computed from their files, in the order in which a charter lists them.
 *
 * @throws {DatasetError} ERR_DATASET_UNREADABLE, ERR_DATASET_CID_MISMATCH; ERR_DATASET_SHAPE for a manifest.
 */
export async function datasetCids(): Promise<readonly DatasetCid[]> {
  const sets = await Promise.all(SHIPPED_SETS.map(async (name) => readFiles(SHIPPED_FOLDER, name)))
  return sets.map(({ manifest }) => ({ name: manifest.name, cid: CID.parse(manifest.cid) }))
}

async function readSet(root: URL, name: string): Promise<LoadedSet> {
  const { manifest, bytes } = await readFiles(root, name)
  const result = figuresShape.safeParse(parseJson(name, bytes))
  if (!result.success) throw misshapen(name, result.error.issues[0])
  return { manifest, figures: result.data }
}

/** The files of a set: size, then hash and CID over the raw bytes. Nothing of the figures has been parsed. */
async function readFiles(root: URL, name: string): Promise<{ manifest: DatasetManifest; bytes: Uint8Array }> {
  const folder = new URL(`./${name}/`, root)
  const manifest = parseManifest(name, await readLimited(name, new URL('manifest.json', folder), 'manifestBytes'))
  const bytes = await readLimited(name, new URL('figures.json', folder), 'figuresBytes')
  const hashes = hashSet(manifest, bytes)
  for (const field of ['sha256', 'figuresCid', 'cid'] as const) {
    const [expected, actual] = [manifest[field], hashes[field].toString()]
    if (expected !== actual) throw mismatch(name, field, expected, actual)
  }
  return { manifest, bytes }
}

/** A folder's URL ends in a slash; without it the last folder would be dropped from what is resolved against it. */
function folderUrl(folder: URL | string): URL {
  const url = typeof folder === 'string' ? pathToFileURL(folder) : folder
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`)
}

async function readOptionalSets(folder: URL): Promise<LoadedSet[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder.pathname, cause)
  })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  if (names.length > DATASET_LIMITS.optionalSets) throw unreadable(folder.pathname)
  const clash = names.find((name) => SHIPPED_SETS.some((shipped) => shipped === name))
  if (clash !== undefined) throw misshapen(clash, { path: ['name'], message: 'is the name of a shipped set' })
  return Promise.all(names.sort().map(async (name) => readSet(folder, name)))
}

/** A set of a stranger must not answer to the name of another. */
function checkNames(sets: readonly LoadedSet[]): void {
  const clash = findClash(
    sets.map(({ manifest, figures }) => namesOf(manifest.name, figures)),
    SHIPPED_SETS.length,
  )
  if (clash === undefined) return
  const { name, other, text } = clash
  const message = `${JSON.stringify(text)} is a name of data set ${other} already`
  throw misshapen(name, { path: ['name'], message })
}

async function readLimited(name: string, file: URL, limit: 'manifestBytes' | 'figuresBytes'): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(name, cause)
  })
  if (bytes.byteLength > DATASET_LIMITS[limit]) throw unreadable(name)
  return bytes
}

function parseManifest(name: string, bytes: Uint8Array): DatasetManifest {
  const result = manifestShape.safeParse(parseJson(name, bytes))
  if (!result.success) throw misshapen(name, result.error.issues[0])
  if (result.data.name !== name) throw misshapen(name, { path: ['name'], message: 'is not the folder' })
  return result.data
}

function parseJson(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

type SetOfKind<K extends FiguresKind> = {
  readonly manifest: DatasetManifest
  readonly figures: Extract<Figures, { kind: K }>
}

function ofKind<K extends FiguresKind>(sets: readonly LoadedSet[], kind: K): SetOfKind<K>[] {
  return sets.filter((set): set is SetOfKind<K> => set.figures.kind === kind)
}

function onlyOne<K extends FiguresKind>(sets: readonly LoadedSet[], kind: K): SetOfKind<K> {
  const [set, second] = ofKind(sets, kind)
  if (set === undefined) throw misshapen(kind, { path: ['kind'], message: 'no set has it' })
  if (second !== undefined) throw misshapen(second.manifest.name, { path: ['kind'], message: `second set of ${kind}` })
  return set
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }

function misshapen(name: string, issue: Issue | undefined): DatasetError {
  const place = issue?.path.map(String).join('.') ?? ''
  const message = `data set ${name}: ${place}: ${issue?.message ?? 'wrong shape'}`
  return new DatasetError(message, { code: 'ERR_DATASET_SHAPE', dataset: name, place })
}

function mismatch(dataset: string, what: string, expected: string, actual: string): DatasetError {
  return new DatasetError(`data set ${dataset} has ${what} ${actual}, its manifest says ${expected}`, {
    code: 'ERR_DATASET_CID_MISMATCH',
    dataset,
    expected,
    actual,
  })
}

function unreadable(name: string, cause?: unknown): DatasetError {
  return new DatasetError(
    `data set ${name} cannot be read`,
    { code: 'ERR_DATASET_UNREADABLE', dataset: name },
    { cause },
  )
}
