import { utf8 } from '#protocol'
import { describeFigures, editionsOf, printFigures } from '../describe-figures.ts'
import { DATASET_LIMITS } from '../constants.ts'
import { figuresShape } from '../figures.ts'
import type { Figures } from '../figures.ts'
import { hashSet } from '../set-block.ts'
import { manifestShape } from '../manifest.ts'
import type { DatasetManifest } from '../manifest.ts'
import type { CheckName, Finding } from './finding.ts'
import { listFigures } from './list-figures.ts'
import { findImplausible } from './plausibility.ts'

/** The two files of a set as they are on disk; `undefined` for one that is missing. */
export type SetFiles = { readonly manifest: string | undefined; readonly figures: string | undefined }

/** A set that was checked; figures and manifest are there when their shapes are right. */
export type CheckedSet = {
  readonly name: string
  readonly manifest?: DatasetManifest
  readonly figures?: Figures
  readonly findings: readonly Finding[]
}

/** All checks that one set passes or fails by itself. */
export function checkSet(name: string, files: SetFiles): CheckedSet {
  const findings: Finding[] = []
  const report = (check: CheckName, place: string, message: string): void => {
    findings.push({ set: name, check, place, message })
  }
  const manifest = parseFile(files.manifest, 'manifest.json', manifestShape, report)
  const figures = parseFile(files.figures, 'figures.json', figuresShape, report)
  if (manifest !== undefined && manifest.name !== name)
    report('manifest', 'name', `is ${manifest.name}, the folder ${name}`)
  if (figures !== undefined) {
    checkText(figures, files.figures ?? '', report)
    checkIndexes(figures, report)
    checkDuplicates(figures, report)
    findings.push(...findImplausible(name, figures))
  }
  if (manifest !== undefined && figures !== undefined) checkManifest(manifest, figures, files.figures ?? '', report)
  return {
    name,
    findings,
    ...(manifest === undefined ? {} : { manifest }),
    ...(figures === undefined ? {} : { figures }),
  }
}

type Report = (check: CheckName, place: string, message: string) => void
type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }
type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } }
}

function parseFile<T>(text: string | undefined, file: string, schema: Schema<T>, report: Report): T | undefined {
  if (text === undefined) {
    report('shape', file, 'is missing')
    return undefined
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    report('shape', file, 'is not JSON')
    return undefined
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  for (const { path, message } of result.error.issues) report('shape', `${file} ${path.map(String).join('.')}`, message)
  return undefined
}

/** The file is laid out as the build does it, so that a changed figure is one changed line. */
function checkText(figures: Figures, text: string, report: Report): void {
  if (text !== printFigures(figures)) report('hash', 'figures.json', 'is not laid out as the build writes it')
  const sizeBytes = utf8(text).byteLength
  if (sizeBytes > DATASET_LIMITS.figuresBytes)
    report('hash', 'figures.json', `has ${sizeBytes} bytes, too many for a block`)
}

/** Indexes of rows point at something. */
function checkIndexes(figures: Figures, report: Report): void {
  const limits: Partial<Record<number, number>> = {}
  if (figures.kind === 'electricity') limits[0] = figures.groups.length
  if (figures.kind === 'utilities') Object.assign(limits, { 2: figures.editions.length, 4: figures.ownerships.length })
  figures.rows.forEach((row, i) => {
    for (const [column, limit] of Object.entries(limits)) {
      const index: unknown = Object.entries(row).find(([name]) => name === column)?.[1]
      if (typeof index !== 'number' || limit === undefined || index >= limit) {
        report('shape', `figures.json rows.${i}.${column}`, `points at entry ${String(index)} of ${limit ?? 0}`)
      }
    }
  })
}

function checkDuplicates(figures: Figures, report: Report): void {
  const rows = new Map<string, number>()
  for (const { key, row } of listFigures(figures)) {
    const known = rows.get(key)
    if (known === undefined) rows.set(key, row)
    else report('duplicate', `rows.${row}`, `${key} is in row ${known} too`)
  }
}

/** What the manifest says follows from the figures, and every row of the source is accounted for. */
function checkManifest(manifest: DatasetManifest, figures: Figures, text: string, report: Report): void {
  const hashes = hashSet(manifest, utf8(text))
  for (const field of ['sha256', 'figuresCid', 'cid'] as const) {
    const actual = hashes[field].toString()
    if (actual !== manifest[field])
      report('hash', field, `of the files is ${actual}, the manifest says ${manifest[field]}`)
  }
  const described = Object.entries({ ...describeFigures(figures), editions: editionsOf(figures) })
  const stated = new Map<string, unknown>(Object.entries(manifest))
  for (const [field, expected] of described) {
    const [found, wanted] = [JSON.stringify(stated.get(field)), JSON.stringify(expected)]
    if (found !== wanted) report('manifest', field, `is ${found}, the figures give ${wanted}`)
  }
  const { rows, used, origins } = manifest.source
  const leftOut = manifest.leftOut.reduce((sum, entry) => sum + entry.rows, 0)
  if (used + leftOut !== rows) report('manifest', 'source.rows', `is ${rows}; ${used} used and ${leftOut} left out`)
  const found = origins.reduce((sum, entry) => sum + entry.rows, 0)
  if (found !== used) report('manifest', 'source.origins', `have ${found} rows, ${used} were used`)
}
