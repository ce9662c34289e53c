import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { LIMITS } from '#protocol'
import { DEFAULT_LISTED_BILLS, MAX_LISTED_BILLS } from '../constants.ts'

/** A CID in a path; its canonical text (version 1, base32) comes out, whatever base it was written in. */
const cidText = z
  .string()
  .min(1)
  .max(128)
  .transform((text, context) => {
    try {
      return CID.parse(text).toV1().toString()
    } catch {
      context.addIssue({ code: 'custom', message: `not a CID: ${text}` })
      return z.NEVER
    }
  })

/** Path of everything that a CID names. */
export const cidParams = z.object({ cid: cidText.describe('CID, in any base') })

/** Most items of a page. */
export const limitText = z.coerce
  .number()
  .int()
  .min(1)
  .max(MAX_LISTED_BILLS)
  .default(DEFAULT_LISTED_BILLS)
  .describe('Most items of the page')

/** Cursor of a page: `next` of the page before. */
export const cursorText = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,256}$/, 'expected the `next` of the page before')
  .describe('`next` of the page before')

/** A time: ISO 8601, UTC. */
export const timeText = z.iso.datetime()

/** Which claim of a bill. */
const ordinalText = z.coerce
  .number()
  .int()
  .min(0)
  .max(LIMITS.billsPerFile - 1)
  .default(0)
  .describe('Which claim of the bill, from 0')

/** Query of a proof. */
export const proofQuery = z.strictObject({ claim: ordinalText })

/** A page of a list of `item`. */
export function pageOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; next: z.ZodOptional<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().optional() })
}
