import type { Command } from 'commander'
import type { PeerRefusal, PeerStatus } from '#api'
import { printable } from '../bill-lines.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness peers`: who the node is connected to, and whom it turned away. */
export function registerPeers(program: Command, terminal: Terminal): void {
  addClientOptions(
    program.command('peers').description('show the peers of a node, and those that it turned away with the reason'),
  )
    .option('--json', 'one line of JSON')
    .addHelpText('after', examples(['kwitness peers --dir ~/.kwitness --key-file my.key']))
    .action(async (options: ClientOptions & { readonly json?: boolean }) => {
      const client = await createClient(terminal, options)
      const answer = await client.listPeers()
      if (options.json === true) terminal.json(answer)
      else [...answer.peers.map(peerLine), ...answer.refusals.map(refusalLine)].forEach((line) => terminal.line(line))
    })
}

function peerLine(peer: PeerStatus): string {
  const role = peer.member ? 'auditor' : 'peer   '
  return `${role}  ${peer.address}  ${peer.direction.padEnd(8)}  ${printable(peer.remote)}  since ${peer.since}`
}

function refusalLine(refusal: PeerRefusal): string {
  return `refused  ${printable(refusal.peer)}  ${printable(refusal.reason)}  at ${refusal.at}`
}
