import { Option } from 'commander'
import type { Command } from 'commander'
import { PRESETS } from '#config'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import type { InitOptions } from '../run/init.ts'

/** `kwitness init`: a data directory with keys, configuration and charter. */
export function registerInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('make a data directory: auditor key, API key, configuration, copy of the charter; overwrites nothing')
    .option('--dir <dir>', 'the directory (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--charter <file>', 'charter of the network; without it only keys are made, and a second init adds it')
    .option('--region <name>', 'region to audit for; may be left out if the charter has one only')
    .option('--region-keys <file>', "the region's keys, from its founders; without them a node cannot audit")
    .option('--passphrase-file <file>', 'passphrase of the keystore (KWITNESS_PASSPHRASE_FILE) (default: a new one)')
    .option('--payer', 'also make a key that pays for anchors')
    .option('--key-out <file>', 'write the API key to a new file instead of showing it')
    .option('--account <name>', 'account of the API key', 'operator')
    .addOption(new Option('--preset <name>', 'starting point of the configuration').choices(Object.keys(PRESETS)))
    .option('--rpc <url>', "JSON-RPC endpoint of the charter's chain (KWITNESS_RPC)")
    .option('--listen <multiaddrs...>', 'where other auditors reach this node')
    .option('--bootstrap <multiaddrs...>', 'auditors to dial at start')
    .option('--api-port <port>', 'port of the HTTP API')
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      examples([
        'kwitness init --dir ./auditor',
        'kwitness init --dir ./auditor --charter charter.json --region europe --region-keys europe.json --rpc http://127.0.0.1:8545',
      ]),
    )
    .action(async (options: InitOptions) => {
      const { runInit } = await import('../run/init.ts')
      await runInit(terminal, options)
    })
}
