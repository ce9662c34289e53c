import type { Command } from 'commander'
import { DATASETS_OPTION } from '../datasets-option.ts'
import { examples } from '../examples.ts'
import type { DatasetsCommandOptions } from '../run/datasets.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness datasets [NAME]`: whose figures the rules use, and what they cover. */
export function registerDatasets(program: Command, terminal: Terminal): void {
  program
    .command('datasets')
    .description('list the data sets with publisher, licence and CID; of one, what it covers and what was left out')
    .argument('[name]', "a data set: its name, its publisher's name for it, or an edition")
    .option(...DATASETS_OPTION)
    .option('--json', 'one line of JSON: {datasets}, or one data set with its coverage')
    .addHelpText('after', examples(['kwitness datasets', 'kwitness datasets egrid', 'kwitness datasets owid --json']))
    .action(async (name: string | undefined, options: DatasetsCommandOptions) => {
      const { runDatasets } = await import('../run/datasets.ts')
      await runDatasets(terminal, name, options)
    })
}
