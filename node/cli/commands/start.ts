import type { Command } from 'commander'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import type { StartOptions } from '../run/start.ts'

/** `kwitness start`: one auditor, until it is told to stop. */
export function registerStart(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('run the auditor of a data directory; logs are JSON lines on standard error')
    .option('--dir <dir>', 'the directory that init made (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--passphrase-file <file>', 'passphrase of the keystore (KWITNESS_PASSPHRASE_FILE)')
    .option('--api-port <port>', 'port of the HTTP API')
    .option('--rpc <url>', "JSON-RPC endpoint of the charter's chain (KWITNESS_RPC)")
    .option('--listen <multiaddrs...>', 'where other auditors reach this node')
    .option('--bootstrap <multiaddrs...>', 'auditors to dial at start')
    .option('--set <key=value...>', 'any key of the configuration: anchor.intervalMs=60000 (docs/operate.md)')
    .option('--json', 'one line of JSON when the auditor is up')
    .addHelpText('after', examples(['kwitness start --dir ./auditor', 'kwitness start --set log.level=debug']))
    .action(async (options: StartOptions) => {
      const { runStart } = await import('../run/start.ts')
      await runStart(terminal, options)
    })
}
