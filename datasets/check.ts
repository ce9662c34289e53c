/**
 * Validates data sets: `npm run datasets:check -- [--in DIR] [--against DIR | --git REVISION]`; exit code 1 on any finding.
 *
 * Checks each set by itself (shape, units, hash, manifest, duplicates, CO2e at least CO2, plausibility), the sets against
 * each other (coverage), and, where asked, against an earlier version (a figure that is gone or was changed in silence).
 */
import { parseArgs } from 'node:util'
import { checkSet } from './checks/check-set.ts'
import { checkCoverage } from './checks/coverage.ts'
import { compareSet } from './checks/difference.ts'
import type { Finding } from './checks/finding.ts'
import {
  listEarlierRevision,
  listSets,
  readEarlierFolder,
  readEarlierRevision,
  readSetFiles,
} from './checks/read-sets.ts'
import type { EarlierSet } from './checks/read-sets.ts'
import { SHIPPED_SETS } from './constants.ts'
import { DatasetError } from './dataset-error.ts'
import type { Figures } from './figures.ts'

const USAGE = `usage: npm run datasets:check -- [--in DIR] [--against DIR | --git REVISION]

  --in DIR          folder of sets; by default the one of the shipped sets, which must be complete
  --against DIR     compare with the sets of another folder
  --git REVISION    compare with the sets of a revision, such as HEAD or main
`

type Earlier = { list(): Promise<string[]>; read(name: string): Promise<EarlierSet> }

function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function checkFolder(
  folder: string,
  expected: readonly string[],
  earlier: Earlier | undefined,
): Promise<Finding[]> {
  const names = [...new Set([...expected, ...(await listSets(folder))])]
  const figures = new Map<string, Figures>()
  const findings: Finding[] = []
  for (const name of names) {
    const checked = checkSet(name, await readSetFiles(folder, name))
    if (checked.figures !== undefined) figures.set(name, checked.figures)
    findings.push(...checked.findings)
    const { rows, years = [] } = checked.manifest ?? {}
    const span = years.length === 0 ? '' : `, ${[...new Set([years[0], years.at(-1)])].join('-')}`
    const verdict = checked.findings.length === 0 ? 'ok' : `${checked.findings.length} findings`
    printLine(`${name}: ${rows ?? 'no'} entries${span}: ${verdict}`)
  }
  findings.push(...checkCoverage(figures))
  if (earlier !== undefined) findings.push(...(await compareAll(figures, earlier)))
  return findings
}

async function compareAll(figures: ReadonlyMap<string, Figures>, earlier: Earlier): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const name of new Set([...figures.keys(), ...(await earlier.list())])) {
    const before = await earlier.read(name)
    if (before === 'none') printLine(`${name}: new`)
    else if (before === 'other-layout')
      printLine(`${name}: the earlier version has another layout and was not compared`)
    else {
      const difference = compareSet(name, before, figures.get(name))
      printLine(`${name}: added ${describeAdded(difference.added)}; revised by a new edition ${difference.revised}`)
      findings.push(...difference.findings)
    }
  }
  return findings
}

function describeAdded(added: ReadonlyMap<string, number>): string {
  const years = [...added].sort(([a], [b]) => (a < b ? -1 : 1))
  return years.length === 0
    ? '0'
    : years.map(([year, count]) => (year === '' ? `${count}` : `${count} of ${year}`)).join(', ')
}

function earlierOf(folder: string, against: string | undefined, revision: string | undefined): Earlier | undefined {
  if (against !== undefined) {
    return { list: async () => listSets(against), read: async (name) => readEarlierFolder(against, name) }
  }
  if (revision === undefined) return undefined
  return {
    list: async () => listEarlierRevision(folder, revision),
    read: async (name) => readEarlierRevision(folder, revision, name),
  }
}

const { values } = parseArgs({
  options: { in: { type: 'string' }, against: { type: 'string' }, git: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help === true || (values.against !== undefined && values.git !== undefined)) {
  process.stderr.write(USAGE)
  process.exitCode = values.help === true ? 0 : 2
} else {
  const folder = values.in ?? import.meta.dirname
  const expected = values.in === undefined ? SHIPPED_SETS : []
  try {
    const findings = await checkFolder(folder, expected, earlierOf(folder, values.against, values.git))
    for (const { set, check, place, message } of findings) printLine(`${set}: ${check}: ${place}: ${message}`)
    printLine(`${findings.length} findings`)
    process.exitCode = findings.length === 0 ? 0 : 1
  } catch (thrown) {
    if (!(thrown instanceof DatasetError)) throw thrown
    process.stderr.write(`${thrown.code}: ${thrown.message}\n`)
    process.exitCode = 2
  }
}
