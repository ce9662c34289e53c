import { z } from 'zod'
import { timeText } from './common.ts'

/** {@link NodeHealth} as JSON. */
export const nodeHealth = z
  .object({
    ok: z.boolean().describe('False when the node cannot reach a quorum of its committee'),
    region: z.string(),
    address: z.string().describe("The auditor's address, 0x hex"),
    peerId: z.string(),
    listen: z.array(z.string()).describe('Multiaddrs'),
    network: z.string().describe('CID of the charter'),
    committee: z.object({ size: z.int(), quorum: z.int(), alive: z.int() }),
    queue: z.int().describe('Bills that wait to be proposed'),
    anchorLag: z.object({ claims: z.int(), oldestMs: z.number() }),
    chain: z.object({ ok: z.boolean(), reason: z.string().optional() }),
    version: z.string(),
    uptimeS: z.int(),
    rssBytes: z.int(),
  })
  .meta({ id: 'NodeHealth' })

/** Answer of the list of peers. */
export const peersAnswer = z
  .object({
    peers: z.array(
      z.object({
        peerId: z.string(),
        address: z.string().describe("The peer's address as an auditor, 0x hex"),
        remote: z.string().describe('Multiaddr of the connection'),
        direction: z.enum(['inbound', 'outbound']),
        since: timeText,
        member: z.boolean().describe("True if it is in the committee of this node's region"),
      }),
    ),
    refusals: z.array(z.object({ peer: z.string(), reason: z.string(), at: timeText })),
  })
  .meta({ id: 'Peers' })
