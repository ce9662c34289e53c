import { z } from 'zod'
import { cursorText, limitText } from './common.ts'

/** {@link RegionView} as JSON. */
const regionView = z
  .object({
    name: z.string(),
    jurisdictions: z.array(z.string()).describe('Countries, ISO 3166-1 alpha-2'),
    committeeSize: z.int(),
    quorum: z.int(),
    archiveRecipient: z.string().describe('age recipient of its archive'),
    own: z.boolean().describe('True for the region that this node answers for'),
  })
  .meta({ id: 'Region' })

/** Answer of the list of regions. */
export const regionList = z.object({ regions: z.array(regionView) })

/** {@link CommitteeView} as JSON. */
export const committeeView = z
  .object({
    region: z.string(),
    epoch: z.int(),
    quorum: z.int(),
    margin: z
      .int()
      .describe('Members that are here minus quorum; at 1 or less one or two more outages stop certificates'),
    members: z.array(
      z.object({
        address: z.string().describe('0x hex'),
        self: z.boolean(),
        connected: z.boolean(),
        peerId: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Committee' })

/** {@link AnchorView} as JSON. */
export const anchorView = z
  .object({
    seq: z.int(),
    epoch: z.int(),
    root: z.string().describe('0x hex'),
    manifest: z.string().describe('CID of the list of its batches'),
    claims: z.int(),
    gramsLocation: z.string().describe('Whole grams CO2e, as text'),
    gramsMarket: z.string().describe('Whole grams CO2e, as text'),
    state: z.enum(['anchored', 'final']),
    tx: z.string().describe('Transaction hash, 0x hex'),
    block: z.int(),
    gasUsed: z.string().describe('Decimal, as text'),
  })
  .meta({ id: 'Anchor' })

const batchState = z.enum(['announced', 'certified', 'anchored', 'abandoned'])

/** {@link BatchView} as JSON. */
export const batchView = z
  .object({
    cid: z.string(),
    sponsor: z.string().describe('0x hex'),
    epoch: z.int(),
    seq: z.int(),
    claims: z.int(),
    state: batchState,
    accepted: z.int().optional().describe('Claims that the quorum accepted; only with a certificate'),
    gramsCO2e: z.string().optional().describe('Whole grams of the accepted claims, as text'),
    anchorSeq: z.int().optional(),
  })
  .meta({ id: 'Batch' })

/** Query of the list of anchors. */
export const anchorsQuery = z.strictObject({ limit: limitText, cursor: cursorText.optional() })

/** Query of the list of batches. */
export const batchesQuery = anchorsQuery.extend({ state: batchState.optional().describe('Only batches in this state') })

/** Path of one anchor. */
export const anchorParams = z.object({
  seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).describe('Sequence number, from 1'),
})
