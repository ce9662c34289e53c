import { z } from 'zod'
import { API_SCOPES } from '../api-key.ts'
import { timeText } from './common.ts'

/** One right of a key. */
const scope = z.enum(API_SCOPES).meta({ id: 'Scope' })

/** Id of an account as it stands in a path; accounts of earlier versions have any text. */
const accountId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^\P{Cc}+$/u, 'expected the id of an account')

const keyId = z.string().regex(/^[0-9a-f]{12}$/, 'expected the 12 hex digits after kw_')

/** What an account may use. */
export const quota = z
  .strictObject({
    billsPerDay: z.int().min(1).optional().describe('Bills taken in a UTC day; absent: no limit'),
    storedBytes: z.int().min(1).optional().describe('Bytes of all its bills that are kept here; absent: no limit'),
  })
  .meta({ id: 'Quota' })

/** {@link Account} as JSON. */
export const account = z
  .object({
    id: z.string(),
    name: z.string().optional().describe("The operator's note; leaves the node never"),
    recipient: z.string().optional().describe('age recipient of its sealed bills; none once it is closed'),
    quota,
    createdAt: timeText,
    state: z.enum(['open', 'closing', 'closed']).describe('`closing` while its bills are destroyed'),
    closedAt: timeText.optional(),
    usage: z.object({
      bills: z.int(),
      storedBytes: z.int(),
      billsToday: z.int().describe('Bills taken in this UTC day'),
    }),
  })
  .meta({ id: 'Account' })

/** {@link KeyView} as JSON: never the secret. */
export const key = z
  .object({
    id: z.string().describe('The part after `kw_`'),
    account: z.string(),
    label: z.string().optional(),
    scopes: z.array(scope),
    createdAt: timeText,
    expiresAt: timeText.optional(),
    revokedAt: timeText.optional(),
    lastUsedAt: timeText.optional().describe('To the minute'),
  })
  .meta({ id: 'Key' })

/** A new key with its text. */
export const madeKey = z
  .object({ key, apiKey: z.string().describe('The key itself; shown this once, the node keeps only its hash') })
  .meta({ id: 'MadeKey' })

/** {@link NewAccount} as JSON. */
export const newAccount = z
  .strictObject({
    id: z.string().min(1).max(64).describe('a-z, 0-9, dot, hyphen, underscore; never given again'),
    name: z.string().max(200).optional(),
    recipient: z
      .string()
      .max(4_096)
      .optional()
      .describe('age recipient (age1…); without one a key pair is made, and its secret half answered this once'),
    quota: quota.optional(),
  })
  .meta({ id: 'NewAccount' })

/** A new account, with the secret half of a key pair that was made for it. */
export const madeAccount = z
  .object({ account, identity: z.string().optional().describe('age identity; shown this once and not kept') })
  .meta({ id: 'MadeAccount' })

/** {@link NewKey} as JSON. */
export const newKey = z
  .strictObject({
    account: accountId,
    label: z.string().max(100).optional(),
    scopes: z.array(scope).min(1).max(API_SCOPES.length),
    expiresAt: timeText.optional().describe('Without it the key is valid until it is revoked'),
  })
  .meta({ id: 'NewKey' })

/** Path of an account. */
export const accountParams = z.object({ id: accountId.describe('Id of the account') })

/** Path of a key. */
export const keyParams = z.object({ id: keyId.describe('Id of the key: the part after kw_') })

const partLimit = z.coerce.number().int().min(1).max(1_000).default(1_000).describe('Most items')

/** Which accounts. */
export const accountsQuery = z.strictObject({
  after: accountId.optional().describe('Accounts behind this one: `next` of the answer before'),
  limit: partLimit,
})

/** Accounts by id. */
export const accountList = z
  .object({ accounts: z.array(account), next: z.string().optional().describe('There are more behind this one') })
  .meta({ id: 'Accounts' })

/** Which keys. */
export const keysQuery = z.strictObject({
  account: accountId.optional().describe('Keys of this account alone'),
  after: keyId.optional().describe('Keys behind this one: `next` of the answer before'),
  limit: partLimit,
})

/** Keys, the oldest first. */
export const keyList = z
  .object({ keys: z.array(key), next: z.string().optional().describe('There are more behind this one') })
  .meta({ id: 'Keys' })

/** Says once more what is to be closed. */
export const closeBody = z.strictObject({
  confirm: z.string().max(64).describe('The id of the account again: what is destroyed cannot be brought back'),
})

/** How long a rotated key stays valid beside its successor. */
export const rotateBody = z.strictObject({
  graceMs: z.int().min(0).default(0).describe('Time that the old key stays valid, at most 30 days'),
})

/** A closed account. */
export const closedAccount = z
  .object({ account, removedBills: z.int().describe('Bills that were destroyed: those of no other account') })
  .meta({ id: 'ClosedAccount' })

/** Which entries of the audit log. */
export const auditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('Entries behind this sequence number'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('Most entries'),
})

/** Entries of the audit log. */
export const auditEntries = z
  .object({
    entries: z.array(
      z.object({
        seq: z.int().describe('Without gaps, from 1'),
        at: timeText,
        actor: z.string().describe('`key:<id>`, `operator` (on the data directory) or `node`'),
        action: z.string(),
        subject: z.string().describe('What it was done to: an account, a key, a CID'),
        requestId: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'AuditEntries' })

/** What a key's owner may know of itself. */
export const ownAccount = z.object({ account, key }).meta({ id: 'OwnAccount' })
