import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { estimate, estimateLine } from '#audit'
import type { EstimateResponse, FactorSource } from '#audit'
import { loadDatasets } from '#datasets'
import type { Place } from '#protocol'
import { grouped } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { examples } from '../examples.ts'
import { addPlaceOptions, placeOf } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'
import type { Terminal } from '../terminal.ts'

type EstimateOptions = PlaceOptions & {
  readonly json?: boolean
  readonly amount?: string
  readonly unit: string
  readonly year?: string
  readonly period?: string
  readonly subregion?: string
}

/** `kwitness estimate`: emissions of an amount of electricity, from flags or from requests on standard input. */
export function registerEstimate(program: Command, terminal: Terminal): void {
  const command = program
    .command('estimate')
    .description('emissions of an amount of electricity, by the rules and data sets of the auditors')
    .option('--amount <number>', 'energy, an exact decimal; without it, requests are read from standard input')
    .option('--unit <unit>', 'unit of the amount', 'kWh')
  addPlaceOptions(command)
    .option('--subregion <code>', 'eGRID subregion: CAMX')
    .option('--year <year>', 'calendar year of consumption')
    .option('--period <start..end>', 'civil days, the last one not included: 2019-06-01..2019-07-01')
    .option('--json', 'one line of JSON for each request')
    .addHelpText(
      'after',
      examples([
        'kwitness estimate --amount 128 --place US-CA --year 2019',
        `echo '{"place":{"country":"IN"},"year":2022,"energy":{"amount":"250.5","unit":"kWh"}}' | kwitness estimate --json`,
      ]),
    )
    .action(async (options: EstimateOptions) => {
      const source = await loadDatasets()
      if (options.amount === undefined) await answerLines(terminal, source, options.json === true)
      else answerOne(terminal, source, options)
    })
}

/** Requests on standard input, one a line; each is answered as it comes, so that a pipe can be a conversation. */
async function answerLines(terminal: Terminal, source: FactorSource, isJson: boolean): Promise<void> {
  if (terminal.stdin.isTTY === true) {
    throw usageError('give --amount with a place and a year, or requests on standard input')
  }
  const lines = createInterface({ input: terminal.stdin, signal: terminal.signal })
  for await (const line of lines) {
    if (line.trim() === '') continue
    if (!isJson) {
      print(terminal, estimate(line, source))
      continue
    }
    const answer = estimateLine(line, source)
    if (answer.startsWith('{"error"')) terminal.exitCode = 1
    terminal.line(answer)
  }
}

function answerOne(terminal: Terminal, source: FactorSource, options: EstimateOptions): void {
  const answer = estimate(JSON.stringify(requestOf(options)), source)
  if ('error' in answer) terminal.exitCode = 1
  if (options.json === true) terminal.json(answer)
  else print(terminal, answer)
}

function requestOf(options: EstimateOptions): object {
  const { amount, unit, year, period } = options
  const [, start, end] = /^(.+)\.\.(.+)$/.exec(period ?? '') ?? []
  if (period !== undefined && end === undefined) {
    throw usageError('--period: expected two days such as 2019-06-01..2019-07-01')
  }
  if (year !== undefined && !/^[0-9]{4}$/.test(year)) throw usageError(`--year ${year}: expected four digits`)
  if ((year === undefined) === (period === undefined)) throw usageError('give either --year or --period')
  return {
    place: placeOrSubregion(options),
    ...(year === undefined ? {} : { year: Number(year) }),
    ...(period === undefined ? {} : { period: { start, end } }),
    energy: { amount, unit },
  }
}

function placeOrSubregion(options: EstimateOptions): Partial<Place> {
  const place = placeOf(options)
  if (options.subregion === undefined && place === undefined) {
    throw usageError('give a place: --place, --utility, --country, --zip or --subregion')
  }
  return { ...place, ...(options.subregion === undefined ? {} : { subregion: options.subregion }) }
}

function print(terminal: Terminal, answer: EstimateResponse): void {
  if ('error' in answer) {
    terminal.exitCode = 1
    terminal.note(terminal.paint('red', `error: ${answer.error.message} (${answer.error.code})`, 'stderr'))
    return
  }
  terminal.line(`${terminal.paint('bold', grouped(BigInt(answer.gramsCO2e)))} g CO2e, by ${answer.level}`)
  for (const { year, kWh, factor, vintage } of answer.parts) {
    const note = vintage === 'exact' ? '' : ` (for ${year} none is published yet)`
    const name = `${factor.dataset} ${factor.version} ${factor.region} ${factor.year}`
    terminal.line(`  ${year}: ${kWh} kWh x ${factor.value} ${factor.unit}  ${name}${note}`)
  }
}
