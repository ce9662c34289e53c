import type { Command } from 'commander'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { writeResult } from '../files.ts'
import type { Terminal } from '../terminal.ts'

type BillOptions = ClientOptions & { readonly output: string; readonly json?: boolean }

/** `kwitness bill CID -o FILE`: the original bytes of a bill. */
export function registerBill(program: Command, terminal: Terminal): void {
  const command = program
    .command('bill')
    .description('fetch the original bytes of a bill')
    .argument('<cid>', 'CID of the bill')
    .requiredOption('-o, --output <file>', 'where to write them; - is standard output')
  addClientOptions(command)
    .option('--json', 'one line of JSON about the file')
    .addHelpText('after', examples(['kwitness bill bafkrei… -o june.xml']))
    .action(async (cid: string, options: BillOptions) => {
      const client = await createClient(terminal, options)
      const { bytes, isSealed: sealed } = await client.readBill(cid)
      await writeResult(terminal, options.output, bytes)
      if (options.output === '-') return
      if (options.json === true) terminal.json({ cid, output: options.output, sizeBytes: bytes.byteLength, sealed })
      else terminal.line(`${options.output}: ${bytes.byteLength} bytes${sealed ? ', sealed (open it with age)' : ''}`)
    })
}
