import { z } from 'zod'
import { reviewEntryShape } from '#protocol'
import { billStatus, visibility } from './bills.ts'

/** What a person enters: one bill, or a list of those in the file. Read by the protocol's own parser. */
export const entryBody = z
  .union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))])
  .describe('What a person read: one bill, or a list (docs/spec/review.md)')

/** {@link ReviewView} as JSON. */
export const reviewView = z
  .object({
    cid: z.string(),
    visibility,
    sponsor: z.string().describe('Auditor that it was handed in at, 0x hex'),
    here: z.boolean().describe('False until its bytes are here'),
    declaredPlace: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('What the holder says; the bill itself decides'),
    entries: z.int().describe('Auditors that have entered it, this one included'),
    quorum: z.int().describe('Equal entries that it takes'),
    own: z.enum(['none', 'entered', 'withdrawn']),
    equal: z.int().optional().describe('Entries equal to the own one, it included; absent before a quorum has entered'),
    entry: reviewEntryShape.optional(),
    reason: billStatus.shape.reason,
    read: z
      .array(z.record(z.string(), z.unknown()))
      .optional()
      .describe('What the file states all the same (docs/spec/cli-json.md); only where one bill is asked for'),
  })
  .meta({ id: 'Review' })

/** Answer of the list of bills that people must read. */
export const reviewList = z.object({ reviews: z.array(reviewView) })
