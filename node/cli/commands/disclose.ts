import type { Command } from 'commander'
import { addClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import type { DiscloseOptions } from '../run/disclose.ts'

/** `kwitness disclose CID --to age1… -o FILE`: hands a sealed bill on to one verifier. */
export function registerDisclose(program: Command, terminal: Terminal): void {
  const command = program
    .command('disclose')
    .description('hand a sealed bill on: the same bill as an age file that one verifier opens, and nobody else')
    .argument('[cid]', 'CID of the bill; or name its age file with --bill')
    .requiredOption('--to <recipient>', 'age recipient of the verifier, as age-keygen prints it: age1…')
    .requiredOption('-o, --output <file>', 'where to write the age file; - is standard output')
    .option('--armor', 'as text that mails and chats carry')
    .option('--bill <file>', 'without a node: the age file of the bill, or the bill itself')
    .option('--identity <file>', 'without a node: your age key file, which opens --bill')
  addClientOptions(command)
    .option('--json', 'one line of JSON about the file')
    .addHelpText(
      'after',
      examples([
        'kwitness disclose bafkrei… --to age1… -o june.age --key-file my.key',
        'kwitness disclose --bill archived.age --identity my.age-key --to age1… -o june.age',
        'kwitness proof bafkrei… -o june.proof.json --key-file my.key',
      ]),
    )
    .action(async (cid: string | undefined, options: DiscloseOptions) => {
      const { runDisclose } = await import('../run/disclose.ts')
      await runDisclose(terminal, cid, options)
    })
}
