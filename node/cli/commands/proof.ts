import type { Command } from 'commander'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { writeResult } from '../files.ts'
import { parseOrdinal } from '../number-option.ts'
import type { Terminal } from '../terminal.ts'

type ProofOptions = ClientOptions & { readonly output: string; readonly claim: number; readonly json?: boolean }

/** `kwitness proof CID -o FILE`: the proof file of a claim. */
export function registerProof(program: Command, terminal: Terminal): void {
  const command = program
    .command('proof')
    .description('fetch the proof file of a bill, which anybody can verify without trusting the node')
    .argument('<cid>', 'CID of the bill')
    .requiredOption('-o, --output <file>', 'where to write it; - is standard output')
    .option('--claim <ordinal>', 'which claim of the bill, from 0', parseOrdinal, 0)
  addClientOptions(command)
    .option('--json', 'one line of JSON about the file')
    .addHelpText('after', examples(['kwitness proof bafkrei… -o june.proof.json', 'kwitness verify june.proof.json']))
    .action(async (cid: string, options: ProofOptions) => {
      const client = await createClient(terminal, options)
      const bytes = await client.readProof(cid, options.claim)
      await writeResult(terminal, options.output, bytes)
      if (options.output === '-') return
      if (options.json === true) terminal.json({ cid, output: options.output, sizeBytes: bytes.byteLength })
      else
        terminal.line(`${options.output}: ${bytes.byteLength} bytes; check it with kwitness verify ${options.output}`)
    })
}
