import { z } from 'zod'
import { billState } from './bills.ts'
import { nodeHealth } from './node.ts'

const finding = z
  .object({
    code: z.string(),
    level: z.enum(['warning', 'alarm']).describe('`alarm`: work stops or soon will'),
    message: z.string(),
    remedy: z.string().describe('What to do about it'),
  })
  .meta({ id: 'Finding' })

/** {@link Readiness} as JSON. */
export const readiness = z
  .object({ ready: z.boolean(), reasons: z.array(finding).describe('Why it is not ready') })
  .meta({ id: 'Readiness' })

/** What every key with the scope may know of a node: health, and whether it is ready. */
const brief = nodeHealth.extend({ ready: z.boolean() })

/** {@link NodeStatus} as JSON. */
const whole = brief.extend({
  findings: z.array(finding).describe('Everything that is wrong, alarms first'),
  peers: z.object({
    connected: z.int(),
    refused: z.int().describe('Times that a peer was turned away since the start'),
    refusedMembers: z.int().describe('Auditors of this committee of which that is true and that are not here'),
  }),
  margin: z.int().describe('Auditors that are here minus quorum'),
  queueLimit: z.int().describe('Bills that may wait before new ones are refused'),
  reviews: z.int().describe('Bills that people must read, of all sponsors'),
  bills: z.partialRecord(billState, z.int()).describe('Bills handed in here, by state'),
  certified: z.object({
    claims: z.int().describe('Since the start'),
    perSecond: z.number().describe('Over the last minute'),
  }),
  disk: z
    .object({
      freeBytes: z.number(),
      totalBytes: z.number(),
      usedBytes: z.number().optional().describe('What the data directory takes'),
    })
    .optional(),
  payer: z
    .object({
      address: z.string().describe('0x hex'),
      balanceWei: z.string().optional().describe('Decimal, as text; absent when the endpoint does not answer'),
      weiPerAnchor: z.string().optional().describe('Mean gas of the latest anchors at the present price'),
      runwayAnchors: z.number().optional(),
      runwayDays: z.number().optional().describe('At the present pace, if this node sent them all'),
    })
    .optional()
    .describe('Absent without a key that pays'),
  tls: z
    .object({
      problem: z.string().optional().describe('Why the certificate of the files is not the one that is shown'),
    })
    .optional()
    .describe('Absent without a certificate'),
  webhooks: z.object({ total: z.int(), failing: z.int(), disabled: z.int() }).optional(),
})

/** Answer of the status: everything for `admin`, else health. */
export const nodeStatus = z.union([whole, brief]).meta({ id: 'NodeStatus' })
