import type { Command } from 'commander'
import { addClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { parseOrdinal } from '../number-option.ts'
import type { Terminal } from '../terminal.ts'
import { addTrustOption } from '../trust-option.ts'
import type { VerifyOptions } from '../run/verify.ts'

/** `kwitness verify CID|FILE`: checks a proof, trusting nothing but the charter. */
export function registerVerify(program: Command, terminal: Terminal): void {
  const command = program
    .command('verify')
    .description('check a proof, line by line; trusts the charter alone, not the node that the proof comes from')
    .argument('<cid|file>', 'a proof file, or the CID of a bill whose proof is fetched')
    .option('--charter <file>', "the network's charter (default: that of --dir)")
    .option('--bill <file>', 'the bill: every figure is computed again from its bytes')
    .option('--identity <file>', 'age key file that opens the bill, if it is sealed or was disclosed to you')
    .option('--facts <file>', 'of a reviewed bill: what people read, as for kwitness review enter')
    .option('--rpc <url>', 'JSON-RPC endpoint of the chain: the contract is asked itself (KWITNESS_RPC)')
    .option('--via <url>', 'any node, to fetch proof and bill from by CID; the same as --api')
    .option('--claim <ordinal>', 'which claim of the bill, from 0', parseOrdinal, 0)
    .option('--region-keys <file>', 'for auditors: opens sealed bills and checks point tags')
  addTrustOption(command)
  addClientOptions(command)
    .option('--json', 'one line of JSON: {ok, checks}')
    .addHelpText(
      'after',
      examples([
        'kwitness verify june.proof.json --charter charter.json',
        'kwitness verify june.proof.json --charter charter.json --bill june.xml --rpc http://127.0.0.1:8545',
        'kwitness verify june.proof.json --charter charter.json --bill june.age --identity my.age-key',
        'kwitness verify bafkrei… --via http://127.0.0.1:4480 --charter charter.json',
      ]),
    )
    .action(async (target: string, options: VerifyOptions) => {
      const { runVerify } = await import('../run/verify.ts')
      await runVerify(terminal, target, options)
    })
}
