import { z } from 'zod'
import { reviewEntryShape } from '#protocol'
import { MAX_FILE_NAME } from '../constants.ts'
import { cursorText, limitText, timeText } from './common.ts'

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
    supersedes: z.string().optional().describe('Claim that this one replaces, 0x hex'),
    supersededBy: z.string().optional().describe('Certified claim that replaced this one, 0x hex'),
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
    withdrawn: z
      .object({
        at: timeText.optional().describe('When this node withdrew it; absent where another auditor did'),
        removed: z.boolean().describe('The file is destroyed here; else it is when the claims are final'),
      })
      .optional()
      .describe('The file of the sealed bill was given up, since its account was closed; state and claims stand'),
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

const placeText = z
  .string()
  .max(1_000)
  .optional()
  .describe('Where the energy was used, for bills that do not say: JSON such as {"country":"US","state":"CA"}')

const visibilityText = visibility
  .optional()
  .describe(
    '`sealed` encrypts the bill for its holder and the region; `public` lets anybody read it. Without it: `sealed`',
  )

/** What a submission says beside the bytes. */
export const submissionQuery = z.strictObject({
  visibility: visibilityText,
  file: fileName.optional().describe('Name of the file, for people'),
  place: placeText,
})

/** What a submission says beside the bytes. */
export type SubmissionQuery = z.output<typeof submissionQuery>

/** The fields that a form may have beside the file. */
export const formFields = z.strictObject({ visibility: visibilityText, place: placeText })

/** Head of a submission. */
export const submissionHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'expected 1 to 255 visible characters')
    .optional()
    .describe('A name of your own for this request: sent again within 24 hours, it gives the same bill'),
})

/** Query of the list of bills. */
export const billsQuery = z.strictObject({
  state: billState.optional().describe('Only bills of this state'),
  from: timeText.optional().describe('Handed in at this time or later'),
  to: timeText.optional().describe('Handed in before this time'),
  limit: limitText,
  cursor: cursorText.optional(),
})

/** What people read in a bill. */
export const reviewedFacts = z.object({ bills: reviewEntryShape }).meta({ id: 'ReviewedFacts' })
