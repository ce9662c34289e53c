import type { FactorTrust } from '#protocol'
import type { DatasetManifest, Datasets } from '#datasets'
import { grouped } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { loadNamedDatasets } from '../datasets-option.ts'
import type { DatasetsOptions } from '../datasets-option.ts'
import { coverageLines, coverageOf } from '../factors/coverage.ts'
import { activityCoverage } from '../../factors/activity-search.ts'
import { tableLines, yearRanges } from '../table.ts'
import type { TableRow } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { TRUST_WORDS } from '../words.ts'
import { wrap, wrapIndented } from '../wrap.ts'

/** Options of `kwitness datasets`. */
export type DatasetsCommandOptions = DatasetsOptions & { readonly json?: boolean }

/** Runs the command. */
export async function runDatasets(
  terminal: Terminal,
  name: string | undefined,
  options: DatasetsCommandOptions,
): Promise<void> {
  const datasets = await loadNamedDatasets(options)
  if (name === undefined) {
    if (options.json === true) terminal.json({ datasets: datasets.manifests.map((it) => describe(datasets, it)) })
    else datasets.manifests.forEach((manifest) => printShort(terminal, datasets, manifest))
    return
  }
  const manifest = findManifest(datasets, name)
  if (options.json === true) {
    terminal.json({ ...describe(datasets, manifest), coverage: coverageJson(datasets, manifest.name) })
    return
  }
  printWhole(terminal, datasets, manifest)
}

function findManifest(datasets: Datasets, text: string): DatasetManifest {
  const named = datasets.findDataset(text)
  const name = named !== undefined && 'name' in named ? named.name : text
  const manifest = datasets.manifests.find((it) => it.name === name)
  if (manifest !== undefined) return manifest
  throw usageError(`no data set ${text}; there are ${datasets.manifests.map((it) => it.name).join(', ')}`)
}

/** A set as JSON: its manifest, and how far its figures can be trusted. */
function describe(datasets: Datasets, manifest: DatasetManifest): object {
  return { ...manifest, trust: trustsOf(datasets, manifest.name) }
}

function trustsOf(datasets: Datasets, dataset: string): FactorTrust[] {
  const electricity = [...datasets.listFactors({ dataset, status: 'usable' })].map(({ factor }) => factor.trust)
  const activities = activityCoverage(datasets, dataset).flatMap(({ trusts }) => trusts)
  return [...new Set([...electricity, ...activities])].sort()
}

function coverageJson(datasets: Datasets, dataset: string): object[] {
  const electricity = coverageOf([...datasets.listFactors({ dataset })])
  const activities = activityCoverage(datasets, dataset)
  return [
    ...electricity.map(({ years, ...row }) => ({ ...row, years: Object.fromEntries(years) })),
    ...activities.map(({ category, scope, items, years }) => ({ scope, category, items, years })),
  ]
}

function printShort(terminal: Terminal, datasets: Datasets, manifest: DatasetManifest): void {
  const { name, title, publisher, licence, cid, years, rows } = manifest
  const isSecondary = trustsOf(datasets, name).includes('secondary') ? ', partly secondary' : ''
  const figures = `${yearRanges(years)}${years.length === 0 ? '' : '; '}${grouped(rows)} rows; ${licence}${isSecondary}`
  terminal.line(terminal.paint('bold', name))
  for (const text of [`${title}; ${publisher}`, figures]) {
    wrapIndented(text, terminal.width, 2).forEach((line) => terminal.line(line))
  }
  terminal.line(`  ${terminal.paint('gray', cid)}`)
}

function printWhole(terminal: Terminal, datasets: Datasets, manifest: DatasetManifest): void {
  const { name, title, publisher, licence, cid, sha256, years, rows, editions, boundaries, gwpSets, source } = manifest
  terminal.line(terminal.paint('bold', name))
  printFields(terminal, [
    ['title', [title]],
    ['publisher', [publisher]],
    ['licence', [licence]],
    ['editions', editions],
    ['years', [yearRanges(years)]],
    ['rows', [grouped(rows)]],
    ['counts', boundaries],
    ['GWP', gwpSets],
    ['trust', trustsOf(datasets, name).map((trust) => `${trust}: ${TRUST_WORDS[trust]}`)],
    ['CID', [cid]],
    ['SHA-256', [sha256]],
    ['notes', manifest.notes],
    ['left out', manifest.leftOut.map(({ rows: of, reason }) => `${grouped(of)} rows: ${reason}`)],
  ])
  printCoverage(terminal, datasets, name)
  terminal.line()
  terminal.line(terminal.paint('bold', 'Made from'))
  printFields(terminal, [
    ['table', [source.file, `SHA-256 ${source.sha256}`]],
    ['found in', source.origins.map(({ rows: of, origin }) => `${grouped(of)} rows: ${origin}`)],
  ])
}

function printCoverage(terminal: Terminal, datasets: Datasets, dataset: string): void {
  const coverage = coverageLines(coverageOf([...datasets.listFactors({ dataset })]), terminal.width)
  const activities = activityCoverage(datasets, dataset)
  if (coverage.length + activities.length === 0) return
  terminal.line()
  terminal.line(terminal.paint('bold', 'Coverage'))
  coverage.forEach((line) => terminal.line(line))
  const table = activities.map(({ scope, category, items, years }): TableRow => [
    category,
    `scope ${scope}`,
    `${items} items`,
    yearRanges(years),
  ])
  tableLines(table).forEach((line) => terminal.line(line))
}

const LABEL_CHARS = 11

function printFields(terminal: Terminal, fields: readonly (readonly [string, readonly string[]])[]): void {
  for (const [label, texts] of fields) {
    const lines = texts.filter((text) => text !== '').flatMap((text) => wrap(text, terminal.width - LABEL_CHARS - 2))
    lines.forEach((line, i) =>
      terminal.line(`  ${terminal.paint('gray', (i === 0 ? label : '').padEnd(LABEL_CHARS))}${line}`),
    )
  }
}
