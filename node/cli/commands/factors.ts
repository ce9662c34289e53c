import type { Command } from 'commander'
import { DATASETS_OPTION } from '../datasets-option.ts'
import { examples } from '../examples.ts'
import { addPlaceOptions } from '../place-option.ts'
import type { FactorsOptions } from '../run/factors.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness factors`: which factor the rules take for a place and a year, and why not another one. */
export function registerFactors(program: Command, terminal: Terminal): void {
  const command = program
    .command('factors')
    .description('which factor the rules take for a place and a year, what comes next, and what is never used')
  addPlaceOptions(command)
    .option('--year <year>', 'calendar year of consumption (default: all years, as a table)')
    .option('--dataset <name>', 'of this data set, or of this edition of one: owid, eGRID2022')
    .option('--activity <text>', "fuels, heat and travel whose publisher's words have this text: diesel")
    .option(...DATASETS_OPTION)
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      examples([
        'kwitness factors --place US-CA --year 2023',
        'kwitness factors --utility 14328:CA --year 2022',
        'kwitness factors --place DE',
        'kwitness factors --activity diesel --place GB --year 2024',
      ]),
    )
    .action(async (options: FactorsOptions) => {
      const { runFactors } = await import('../run/factors.ts')
      await runFactors(terminal, options)
    })
}
