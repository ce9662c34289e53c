import type { Factor } from '#protocol'
import { roundedText } from '../exact-text.ts'
import { tableLines, yearRanges } from '../table.ts'
import type { TableRow } from '../table.ts'
import { editionOf, reasonOfRegion, regionInWords, ruleFlagInWords, TRUST_WORDS, UPSTREAM_WORDS } from '../words.ts'
import { wrap, wrapIndented } from '../wrap.ts'
import { isChoice } from '../../factors/choice.ts'
import type { Choice, NoChoice } from '../../factors/choice.ts'
import { gramsText } from '../../factors/factor-report.ts'
import type { FactorReport, SetNames, YearsReport } from '../../factors/factor-report.ts'
import type { RefusedRow } from '../../factors/refused.ts'

/** How a report looks. */
export type ReportStyle = {
  readonly width: number
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

/** Report of one year as lines for people. */
export function yearLines(report: FactorReport, style: ReportStyle): string[] {
  const { taken, next, refused, question, setNames } = report
  return [
    ...(isChoice(taken) ? takenLines(taken, question.year, style) : noneLines(taken, style)),
    ...(next.length === 0 ? [] : ['', style.bold('Next candidates'), ...nextLines(next, setNames, style)]),
    ...refusedLines(refused, style),
  ]
}

/** Report of all years as lines for people. */
export function yearsLines({ years, none, refused, setNames }: YearsReport, style: ReportStyle): string[] {
  const table = years.map(({ taken: { factor } }): TableRow => [String(factor.year), ...cellsOf(factor, setNames)])
  const head = ['year', 'g/kWh', 'published', 'region', 'set', 'edition', 'trust']
  const last = years.at(-1)?.taken
  return [
    ...(none === undefined ? [] : noneLines(none, style)),
    ...(last === undefined ? [] : tableLines(fit([head, ...table], style), [1])),
    ...(last === undefined ? [] : yearNotes(last).flatMap((text) => wrap(text, style.width))),
    ...refusedLines(refused, style),
  ]
}

function yearNotes({ factor, firstMonth }: Choice): string[] {
  const month = MONTHS[firstMonth - 1] ?? ''
  return [
    ...(firstMonth === 1
      ? []
      : [
          `a year of this set begins in ${month}: ${factor.year} is ${month} ${factor.year} and the eleven months after it`,
        ]),
    `later years take that of ${factor.year} until a later one is published`,
  ]
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** Figure, publication, region, set, edition and trust. */
function cellsOf(factor: Factor, setNames: SetNames): string[] {
  const { version, dataset, trust, cid } = factor
  return [
    gramsText(factor) ?? '',
    publishedOf(factor),
    regionOf(factor),
    setNames.get(cid) ?? dataset,
    version,
    trust === 'primary' ? '' : trust,
  ]
}

/** A table with its head; without the edition where the terminal has no room for it, and without what no row has. */
function fit(rows: readonly TableRow[], { width, dim }: ReportStyle): readonly TableRow[] {
  const edition = (rows[0] ?? []).indexOf('edition')
  const isWide = tableLines(rows).every((line) => line.length <= width)
  const kept = (rows[0] ?? []).map(
    (_, i) => (isWide || i !== edition) && rows.slice(1).some((row) => row[i] !== undefined && row[i] !== ''),
  )
  return rows.map((row, i) =>
    row
      .filter((_, j) => kept[j] === true)
      .map((cell) => (i === 0 && typeof cell === 'string' ? { text: cell, paint: dim } : cell)),
  )
}

function takenLines(choice: Choice, year: number, { width, bold, dim }: ReportStyle): string[] {
  const { factor, foundBy, vintage, flags, place, upstream } = choice
  const fields: [string, string][] = [
    ['region', `${regionOf(factor)}: ${reasonOfRegion(foundBy, place, factor.region)}`],
    ['published', `${publishedOf(factor)} for ${factor.year}`],
    ['edition', editionOf(factor.dataset, factor.version)],
    ['counts', factor.boundary],
    ['GWP', factor.gwpSet],
    ['trust', `${factor.trust}: ${TRUST_WORDS[factor.trust]}`],
    ['year', vintage === 'exact' ? '' : `for ${year} none is published yet: ${factor.year} is the latest before it`],
    ['data set', factor.cid],
    ...flags.map((flag): [string, string] => ['note', ruleFlagInWords(flag)]),
    ...upstream.map((line): [string, string] => [
      'beside it',
      `${UPSTREAM_WORDS[line.name]}: about ${roundedText(line.gramsPerKWh, 3)} g/kWh, not in the footprint`,
    ]),
  ]
  return [
    bold(`${gramsText(factor) ?? ''} g ${factor.gas}/kWh`),
    ...fields
      .filter(([, text]) => text !== '')
      .flatMap(([label, text]) =>
        wrap(text, width - LABEL_CHARS - 2).map(
          (line, i) => `  ${dim((i === 0 ? label : '').padEnd(LABEL_CHARS))}${line}`,
        ),
      ),
    ...(choice.firstMonth === 1 ? [] : wrapIndented(yearNotes(choice)[0] ?? '', width, 2)),
  ]
}

const LABEL_CHARS = 11

function noneLines({ code, message }: NoChoice, { width }: ReportStyle): string[] {
  return wrap(`none: ${message} (${code})`, width)
}

function nextLines(choices: readonly Choice[], setNames: SetNames, style: ReportStyle): string[] {
  const rows = choices.map((choice): TableRow => [
    ...cellsOf(choice.factor, setNames),
    String(choice.factor.year),
    howOf(choice),
  ])
  const head = ['g/kWh', 'published', 'region', 'set', 'edition', 'trust', 'year', 'ask with']
  return tableLines(fit([head, ...rows], { ...style, width: style.width - 2 }), [0]).map((line) => `  ${line}`)
}

/** The options that make it the answer. */
function howOf({ dataset, place }: Choice): string {
  if (dataset !== undefined) return `--dataset ${dataset}`
  const { country, zip, subregion, state, nerc } = place
  if (zip !== undefined) return `--zip ${zip}`
  if (subregion !== undefined) return `--subregion ${subregion}`
  if (nerc !== undefined) return `--nerc ${nerc}`
  return `--place ${country}${state === undefined ? '' : `-${state}`}`
}

/** Rows of one edition with one reason are one entry, with their years. */
function refusedLines(refused: readonly RefusedRow[], { width, bold, dim }: ReportStyle): string[] {
  if (refused.length === 0) return []
  const groups = Map.groupBy(refused, ({ factor, set, status, reason }) =>
    [set, factor.version, factor.method, regionOf(factor), status, reason].join('|'),
  )
  const lines = [...groups.values()].flatMap((rows) => {
    const [first] = rows
    if (first === undefined) return []
    const { factor, set, status, reason } = first
    const value = rows.length === 1 ? publishedOf(factor) : `${rows.length} rows`
    const method = factor.method === 'location' ? '' : `${factor.method}, `
    const years = yearRanges(rows.map((row) => row.factor.year))
    const why = reason.startsWith(status) ? reason : `${status}: ${reason}`
    return [
      ...wrapIndented(`${years}  ${value}  ${method}${regionOf(factor)}, ${set} ${factor.version}`, width, 2),
      ...wrapIndented(why, width, 6).map(dim),
    ]
  })
  return ['', bold('In print, and never used'), ...lines]
}

function regionOf({ regionType, region }: Factor): string {
  return regionInWords(regionType, region)
}

function publishedOf({ value, unit }: Factor): string {
  return `${value} ${unit}`
}
