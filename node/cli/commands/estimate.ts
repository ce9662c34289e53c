import type { Command } from 'commander'
import { addEstimateOptions } from '../estimate/options.ts'
import type { EstimateOptions } from '../estimate/options.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness estimate`: emissions of an amount of something, from flags or from requests on standard input. */
export function registerEstimate(program: Command, terminal: Terminal): void {
  const command = program
    .command('estimate')
    .description(
      'emissions of electricity, gas, heat, fuel, flights and travel, by the rules and data sets of the auditors',
    )
  addEstimateOptions(command)
    .addHelpText(
      'after',
      examples([
        'kwitness estimate --amount 128 --place US-CA --year 2019',
        'kwitness estimate --amount 900 --zip 94110 --period 2022-12-12..2023-01-11',
        'kwitness estimate --amount 900 --place DE --year 2022 --green-tariff --instruments certificates.json',
        'kwitness estimate --commodity gas --amount 100 --unit therm-us --place US --year 2025',
        'kwitness estimate --flight long:economy --rf --amount 9000 --place GB --year 2024',
        `echo '{"place":{"country":"IN"},"year":2022,"energy":{"amount":"250.5","unit":"kWh"}}' | kwitness estimate --json`,
      ]),
    )
    .action(async (options: EstimateOptions) => {
      const { runEstimate } = await import('../run/estimate.ts')
      await runEstimate(terminal, options)
    })
}
