import type { Command } from 'commander'
import { addClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { parseOrdinal } from '../number-option.ts'
import { addPlaceOptions } from '../place-option.ts'
import type { ExplainOptions } from '../run/explain.ts'
import type { Terminal } from '../terminal.ts'
import { addTrustOption } from '../trust-option.ts'

/** `kwitness explain CID|FILE`: how a figure follows from a bill, step by step. */
export function registerExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .description('show how the grams follow from a bill, step by step: everybody can do it again with a calculator')
    .argument('<cid|file>', 'the CID of a certified bill, or a file; for a file no node is needed')
  addPlaceOptions(command)
    .option('--claim <ordinal>', 'only this bill of the file, from 0 (default: all)', parseOrdinal)
    .option('--charter <file>', "the network's charter: the certificate's signatures are checked too")
    .option('--identity <file>', 'age key file that opens the bill')
    .option('--region-keys <file>', 'for auditors: opens sealed bills')
  addTrustOption(command)
  addClientOptions(command)
    .option('--json', 'one line of JSON: {ok, bills}')
    .addHelpText(
      'after',
      examples([
        'kwitness explain samples/europe/household.csv',
        'kwitness explain june.xml --utility 14328:CA',
        'kwitness explain bafkrei… --api http://127.0.0.1:4480',
      ]),
    )
    .action(async (target: string, options: ExplainOptions) => {
      const { runExplain } = await import('../run/explain.ts')
      await runExplain(terminal, target, options)
    })
}
