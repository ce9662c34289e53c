import { z } from 'zod'
import { reviewEntryShape } from '#protocol'
import { MAX_FILE_NAME } from '../constants.ts'
import { timeText } from './common.ts'

/** States of a bill. */
export const billState = z
  .enum(['received', 'proposed', 'certified', 'anchored', 'final', 'rejected', 'needs-review'])
  .meta({ id: 'BillState' })

/** Whether anybody may read a bill. */
export const visibility = z.enum(['public', 'sealed'])

const reason = z
  .object({
    code: z.string().describe('Stable code, ERR_…'),
    message: z.string(),
    place: z.string().optional().describe('Where in the file'),
    heldBy: z.string().optional().describe("Claim that holds the metering point's period"),
  })
  .meta({ id: 'StatusReason' })

const claimStatus = z
  .object({
    claimId: z.string().describe('0x hex'),
    ordinal: z.int().describe('Which claim of the bill, from 0'),
    state: billState,
    service: z
      .object({ start: z.string(), end: z.string() })
      .describe('Civil days, half-open: `end` is the first day after the period'),
    energyKWh: z.string().describe('Exact decimal, as text'),
    gramsCO2e: z.string().describe('Whole grams, as text'),
    assurance: z.string().describe('`extracted`, `place-declared`, `template` or `reviewed`'),
    origin: z.string().describe('`unsigned` or `utility-signed`'),
    batch: z.string().describe('CID of the batch'),
    sponsor: z.string().describe('Address of the auditor that proposed it, 0x hex'),
    anchor: z
      .object({
        seq: z.int(),
        claims: z.int().describe('Claims of the whole anchor'),
        tx: z.string().describe('Transaction hash, 0x hex'),
        block: z.int(),
        gasUsed: z.string().describe('Decimal, as text'),
      })
      .optional(),
  })
  .meta({ id: 'ClaimStatus' })

/** {@link BillStatus} as JSON. */
export const billStatus = z
  .object({
    cid: z.string().describe('CID of the file as it is archived'),
    state: billState.describe('The least advanced state of its claims'),
    visibility,
    region: z.string(),
    file: z.string().optional().describe('File name that the submitter gave'),
    receivedAt: timeText.optional(),
    reason: reason.optional(),
    claims: z.array(claimStatus),
    unclaimed: z.array(z.object({ ordinal: z.int(), reason })).optional(),
    review: z.object({ entries: z.int(), quorum: z.int() }).optional(),
    certifiedMs: z.number().optional().describe('Time since the bill was received'),
    anchoredMs: z.number().optional(),
    finalMs: z.number().optional(),
  })
  .meta({ id: 'BillStatus' })

/** A file's name: for people, never a path; control characters would reach terminals. */
export const fileName = z
  .string()
  .min(1)
  .max(MAX_FILE_NAME)
  .regex(/^[^/\\\p{Cc}]+$/u, 'expected a file name without path')

/** What a submission says beside the bytes. DESIGN 5: sealed unless the holder says otherwise. */
export const submissionQuery = z.strictObject({
  visibility: visibility.default('sealed').describe('`sealed` encrypts the bill for its holder and the region'),
  file: fileName.optional().describe('Name of the file, for people'),
  place: z
    .string()
    .max(1_000)
    .optional()
    .describe('Where the energy was used, for bills that do not say: JSON such as {"country":"US","state":"CA"}'),
})

/** What people read in a bill. */
export const reviewedFacts = z.object({ bills: reviewEntryShape }).meta({ id: 'ReviewedFacts' })
