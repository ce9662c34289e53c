import type { Command } from 'commander'
import { billLines, isStuck } from '../bill-lines.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import { followBill } from '../follow-bill.ts'

type StatusOptions = ClientOptions & { readonly watch?: boolean; readonly json?: boolean }

/** `kwitness status [CID]`: where a bill is on its way, or the latest bills. */
export function registerStatus(program: Command, terminal: Terminal): void {
  const command = program
    .command('status')
    .description('show how far a bill is: received -> proposed -> certified -> anchored -> final')
    .argument('[cid]', 'CID of the bill; without it, the latest bills of the node')
    .option('--watch', 'stay and show every change until the bill is final')
  addClientOptions(command)
    .option('--json', 'one line of JSON for each state')
    .addHelpText('after', examples(['kwitness status bafkrei…', 'kwitness status bafkrei… --watch --json']))
    .action(async (cid: string | undefined, options: StatusOptions) => {
      const client = await createClient(terminal, options)
      if (cid === undefined) {
        const bills = await client.listBills(100)
        if (options.json === true) terminal.json({ bills })
        else for (const bill of bills) billLines(terminal, bill).forEach((line) => terminal.line(line))
        return
      }
      const until = options.watch === true ? 'final' : undefined
      const last = await followBill({ client, terminal, cid, until }, (status) => {
        if (options.json === true) terminal.json(status)
        else billLines(terminal, status).forEach((line) => terminal.line(line))
      })
      if (isStuck(last)) terminal.exitCode = 1
    })
}
