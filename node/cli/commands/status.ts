import type { Command } from 'commander'
import { billLines, isStuck } from '../bill-lines.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import { followBill } from '../follow-bill.ts'

type StatusOptions = ClientOptions & { readonly watch?: boolean; readonly once?: boolean; readonly json?: boolean }

/** `kwitness status [CID]`: where a bill is on its way, or how the node is. */
export function registerStatus(program: Command, terminal: Terminal): void {
  const command = program
    .command('status')
    .description('show how a node is, or how far a bill is: received -> proposed -> certified -> anchored -> final')
    .argument('[cid]', 'CID of a bill; without it, the node: a picture that stays fresh until Ctrl-C')
    .option('--watch', 'with a CID: stay and show every change until the bill is final')
    .option('--once', 'without a CID: show the node once')
  addClientOptions(command)
    .option('--json', 'one line of JSON for each state; one for a node')
    .addHelpText(
      'after',
      examples([
        'kwitness status --dir ~/.kwitness',
        'kwitness status bafkrei…',
        'kwitness status bafkrei… --watch --json',
      ]),
    )
    .action(async (cid: string | undefined, options: StatusOptions) => {
      if (cid === undefined) await showNode(terminal, options)
      else await showBill(terminal, cid, options)
    })
}

async function showNode(terminal: Terminal, options: StatusOptions): Promise<void> {
  const client = await createClient(terminal, options)
  const { linesOf, showLive } = await import('../status/live-status.ts')
  if (terminal.isResultLive && options.once !== true && options.json !== true) {
    await showLive(terminal, client)
    return
  }
  const status = await client.look()
  if (!status.ready) terminal.exitCode = 1
  if (options.json === true) terminal.json(status)
  else linesOf(terminal, status).forEach((line) => terminal.line(line))
}

async function showBill(terminal: Terminal, cid: string, options: StatusOptions): Promise<void> {
  const client = await createClient(terminal, options)
  const until = options.watch === true ? 'final' : undefined
  const last = await followBill({ client, terminal, cid, until }, (status) => {
    if (options.json === true) terminal.json(status)
    else billLines(terminal, status).forEach((line) => terminal.line(line))
  })
  if (isStuck(last)) terminal.exitCode = 1
}
