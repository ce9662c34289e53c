import { z } from 'zod'
import { billState } from './bills.ts'
import { limitText, timeText } from './common.ts'

const seqText = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** {@link BillEvent} as JSON. */
const billEvent = z
  .object({
    seq: z.int().describe("Ascending without gaps among the events of the key's account; for `admin`, among all"),
    at: timeText.describe('When this node saw it'),
    cid: z.string(),
    state: billState,
    code: z.string().optional().describe('Why, for `rejected` and `needs-review`'),
    withdrawn: z
      .literal(true)
      .optional()
      .describe('The file was withdrawn, since its account was closed; `state` stands'),
  })
  .meta({ id: 'BillEvent' })

/** What a reader of events asks for. */
export const eventsQuery = z.strictObject({
  after: seqText
    .optional()
    .describe('Number of the last event that is known. Default: the latest (stream), or none (page)'),
  limit: limitText,
})

/** How a reader of events asks. */
export const eventsHeaders = z.object({
  accept: z.string().optional().describe('`application/json` gives a page, anything else the stream'),
  'last-event-id': seqText.optional().describe('Sent by event sources when they come back; goes before `after`'),
})

/** Events as one JSON answer. */
export const eventsPage = z
  .object({
    items: z.array(billEvent),
    after: z.int().describe('What to ask for next: `?after=` this'),
    last: z.int().describe('Number of the latest event'),
  })
  .meta({ id: 'BillEventPage' })

/** Path of a webhook. */
export const webhookParams = z.object({ id: z.string().min(1).max(64) })

/** A webhook as an account asks for it. */
export const newWebhook = z
  .strictObject({
    url: z.string().min(1).max(2_048).describe('https, on the public internet'),
    states: z.array(billState).max(7).default([]).describe('States that are told; none: all'),
  })
  .meta({ id: 'NewWebhook' })

const outcome = {
  ok: z.boolean(),
  status: z.int().optional().describe('HTTP status, if there was an answer'),
  error: z.string().optional(),
}

/** Longest time that two secrets sign: owners change over within days. */
const MAX_SECRET_GRACE_MS = 7 * 24 * 3_600_000
/** A rotation must not lose events of who does not say: a day to change over. */
const SECRET_GRACE_MS = 24 * 3_600_000

/** How long a rotated secret signs beside its successor. */
export const rotateWebhookBody = z.strictObject({
  graceMs: z
    .int()
    .min(0)
    .max(MAX_SECRET_GRACE_MS)
    .default(SECRET_GRACE_MS)
    .describe('Time that the old secret signs too, at most 7 days; 0 for one that others have seen'),
})

/** {@link WebhookOutcome} as JSON. */
export const webhookOutcome = z.object(outcome).meta({ id: 'WebhookOutcome' })

/** {@link Webhook} as JSON. */
const webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    states: z.array(billState).describe('States that are told; none: all'),
    createdAt: timeText,
    oldSecretUntil: timeText.optional().describe('While the secret before the present one signs too'),
    waiting: z.int().describe('Events of the account that are not settled yet'),
    failures: z.int().describe('Attempts that failed one after another'),
    nextAt: timeText.optional().describe('When the next attempt is made'),
    disabledAt: timeText.optional().describe('Set when it was switched off; a ping that is answered switches it on'),
    last: z.object({ at: timeText, ...outcome }).optional(),
  })
  .meta({ id: 'Webhook' })

/** A new webhook with its secret, which is shown only here. */
export const createdWebhook = webhook
  .extend({ secret: z.string().describe('`whsec_…`: shown this once') })
  .meta({ id: 'CreatedWebhook' })

/** All webhooks of an account. */
export const webhookList = z.object({ items: z.array(webhook) })
