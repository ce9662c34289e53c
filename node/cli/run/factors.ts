import type { Datasets } from '#datasets'
import { grouped } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { loadNamedDatasets } from '../datasets-option.ts'
import type { DatasetsOptions } from '../datasets-option.ts'
import { itemInWords } from '../estimate/answer-lines.ts'
import { searchActivities } from '../../factors/activity-search.ts'
import type { FoundActivity } from '../../factors/activity-search.ts'
import { isChoice } from '../../factors/choice.ts'
import { yearLines, yearsLines } from '../factors/factor-lines.ts'
import { reportYear, reportYears } from '../../factors/factor-report.ts'
import { yearsToJson, yearToJson } from '../../factors/factors-json.ts'
import { placeOf } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'
import { tableLines, yearRanges } from '../table.ts'
import type { TableRow } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { wrapIndented } from '../wrap.ts'

/** Options of `kwitness factors`. */
export type FactorsOptions = PlaceOptions &
  DatasetsOptions & {
    readonly year?: string
    readonly dataset?: string
    readonly activity?: string
    readonly json?: boolean
  }

/** Runs the command. */
export async function runFactors(terminal: Terminal, options: FactorsOptions): Promise<void> {
  const year = parseYear(options.year)
  const place = placeOf(options, { provinces: true })
  if (options.activity !== undefined) {
    const datasets = await loadNamedDatasets(options)
    const dataset = options.dataset === undefined ? {} : { dataset: setName(datasets, options.dataset) }
    const country = place === undefined ? {} : { country: place.country }
    const search = { text: options.activity, ...dataset, ...country, ...(year === undefined ? {} : { year }) }
    showActivities(terminal, searchActivities(datasets, search), options)
    return
  }
  if (place === undefined) throw usageError('give a place, such as --place US-CA, or --activity TEXT')
  const datasets = await loadNamedDatasets(options)
  const question = { place, ...(options.dataset === undefined ? {} : { dataset: options.dataset }) }
  const style = {
    width: terminal.width,
    bold: (text: string) => terminal.paint('bold', text),
    dim: (text: string) => terminal.paint('gray', text),
  }
  if (year === undefined) {
    const report = reportYears(datasets, question)
    if (report.none !== undefined) terminal.exitCode = 1
    if (options.json === true) terminal.json(yearsToJson(report))
    else yearsLines(report, style).forEach((line) => terminal.line(line))
    return
  }
  const report = reportYear(datasets, { ...question, year })
  if (!isChoice(report.taken)) terminal.exitCode = 1
  if (options.json === true) terminal.json(yearToJson(report))
  else yearLines(report, style).forEach((line) => terminal.line(line))
}

function parseYear(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[0-9]{4}$/.test(text)) throw usageError(`--year ${text}: expected four digits`)
  return Number(text)
}

function setName(datasets: Datasets, text: string): string {
  const named = datasets.findDataset(text, 'activities')
  if (named !== undefined && 'name' in named) return named.name
  throw usageError(`no data set of activities ${text}; see kwitness datasets`)
}

/** Items that are printed at most: who gets more should ask more exactly. */
const MAX_PRINTED = 60

function showActivities(terminal: Terminal, found: readonly FoundActivity[], { json, activity }: FactorsOptions): void {
  if (found.length === 0) terminal.exitCode = 1
  if (json === true) {
    terminal.json({ activities: found })
    return
  }
  if (found.length === 0) terminal.note(`nothing is called ${activity ?? ''}; try one word of it, in English`)
  const groups = Map.groupBy(found, ({ dataset, item }) => [dataset, ...Object.values(item)].join('|'))
  for (const of of [...groups.values()].slice(0, MAX_PRINTED)) printItem(terminal, of)
  if (groups.size > MAX_PRINTED) {
    terminal.line(`and ${grouped(groups.size - MAX_PRINTED)} more: add words, --dataset or --json`)
  }
}

function printItem(terminal: Terminal, of: readonly FoundActivity[]): void {
  const [first] = of
  if (first === undefined) return
  const head = `${itemInWords(first.item)} (${first.dataset}, scope ${first.item.scope})`
  wrapIndented(head, terminal.width, 0).forEach((line, i) => terminal.line(i === 0 ? line : `    ${line}`))
  const how = askingFor(first)
  if (how !== '')
    wrapIndented(`estimate with ${how}`, terminal.width, 2).forEach((line) =>
      terminal.line(terminal.paint('gray', line)),
    )
  const rows = of.map(({ per, years, factors }): TableRow => {
    // The gases are parts of a published sum; without one they stand side by side.
    const shown = factors.some(({ gas }) => gas === 'CO2e') ? factors.filter(({ gas }) => gas === 'CO2e') : factors
    const figures = shown.map(({ value, mass, gas }) => `${value} ${mass} ${gas}`).join(', ')
    const year = factors[0] === undefined ? '' : `in ${factors[0].year}`
    return [{ text: per, paint: (text) => terminal.paint('bold', text) }, figures, year, `of ${yearRanges(years)}`]
  })
  tableLines(rows).forEach((line) => terminal.line(`  ${line}`))
}

/** The options of `kwitness estimate` that name an item; empty for items that it does not estimate. */
function askingFor({ item, per }: FoundActivity): string {
  const { category, group, name, detail, variant, scope } = item
  if (category.startsWith('WTT-') || name === '') return ''
  if (isFlight(item)) return '--flight'
  const isTravel = ['km', 'mile', 'vehicle-mile', 'passenger-km', 'passenger-mile'].includes(per)
  if (isTravel) return flagsOf({ travel: name, category, group, detail, variant })
  const isFuel = scope === '1' && !isTravel
  return isFuel ? flagsOf({ fuel: name, category }) : ''
}

function isFlight({ category, group, name }: FoundActivity['item']): boolean {
  return (category === 'Business travel- air' && group === 'Flights') || name.startsWith('Air Travel')
}

function flagsOf(fields: Readonly<Record<string, string>>): string {
  const given = Object.entries(fields).filter(([, text]) => text !== '')
  return given.map(([field, text]) => `--${field} ${/^[\w.-]+$/.test(text) ? text : `'${text}'`}`).join(' ')
}
