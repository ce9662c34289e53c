import type { Command } from 'commander'
import { DEFAULT_AUDITORS } from '../../devnet/constants.ts'
import { DEVNET_REGIONS } from '../../devnet/regions.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../number-option.ts'
import { addPlaceOptions } from '../place-option.ts'
import type { Terminal } from '../terminal.ts'
import type { DevnetOptions } from '../run/devnet.ts'

/** `kwitness devnet`: a whole network on this machine, with bills going through it. */
export function registerDevnet(program: Command, terminal: Terminal): void {
  const command = program
    .command('devnet')
    .description('run a whole network on this machine: chain, contract, auditors, and bills on their way')
    .option('--once', 'end when the last bill is verified; exit code 0 only if every check passed')
    .option('--auditors <number>', 'auditors of each region, at least 4', parseCount, DEFAULT_AUDITORS)
    .option('--regions <names>', 'regions, separated by commas', Object.keys(DEVNET_REGIONS).join(','))
    .option('--bills <dir>', 'bills to submit instead of the samples; places from its manifest.json, or from flags')
    .option('--public', 'submit bills without a manifest as public')
  addPlaceOptions(command)
    .option('--keep <dir>', 'keep data directories and logs in a new folder')
    .option('--json', 'one line of JSON about all bills; what happens goes to standard error')
    .addHelpText(
      'after',
      examples([
        'kwitness devnet',
        'kwitness devnet --once --json --regions europe',
        'kwitness devnet --bills ./my-bills --place US-CA --keep ./devnet',
      ]),
    )
    .action(async (options: DevnetOptions) => {
      const { runDevnet } = await import('../run/devnet.ts')
      await runDevnet(terminal, options)
    })
}
