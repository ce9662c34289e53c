import { API_SCOPES } from '#api'
import type { Account, ApiScope, KeyView, NewAccount, NewKey, Quota } from '#api'
import type { AccountRecord, AccountUsageRecord, KeyRecord } from '#storage'
import { seal } from '#storage'
import { AccountError } from './account-error.ts'

/** Ids are typed, and stand in paths and logs: no blanks, no capitals to mix up. */
const ACCOUNT_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/
const MAX_NAME_CHARS = 200
const MAX_LABEL_CHARS = 100
/** Largest recipient that is taken: a post-quantum one has about 2 kB. */
const MAX_RECIPIENT_CHARS = 4_096

/**
 * Checks a new account; everything of it comes from an operator's hand.
 *
 * @throws {AccountError} ERR_ACCOUNT_FIELD
 */
export async function verifyNewAccount({ id, name, recipient, quota = {} }: NewAccount): Promise<void> {
  if (!ACCOUNT_ID.test(id)) throw accountField('id', 'expected a-z, 0-9, dot, hyphen and underscore, at most 63')
  if (name !== undefined && !isPlainText(name, MAX_NAME_CHARS)) {
    throw accountField('name', `expected a line of at most ${MAX_NAME_CHARS} characters`)
  }
  verifyQuota(quota)
  if (recipient !== undefined && !(await isRecipient(recipient))) {
    // Never the text itself: identities are pasted here by mistake.
    throw accountField('recipient', 'expected an age recipient (age1…)')
  }
}

/** @throws {AccountError} ERR_ACCOUNT_FIELD */
export function verifyQuota(quota: Quota): void {
  for (const place of ['billsPerDay', 'storedBytes'] as const) {
    const limit = quota[place]
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
      throw accountField(`quota.${place}`, 'expected a whole number from 1; leave it out for no limit')
    }
  }
}

/**
 * Checks a new key. @returns its scopes, each once and in their usual order, and when it ends.
 *
 * @throws {AccountError} ERR_KEY_FIELD
 */
export function verifyNewKey(key: NewKey, nowMs: number): { scopes: ApiScope[]; expiresAtMs?: number } {
  const { label, scopes, expiresAt } = key
  if (label !== undefined && !isPlainText(label, MAX_LABEL_CHARS)) {
    throw keyField('label', `expected a line of at most ${MAX_LABEL_CHARS} characters`)
  }
  const known = API_SCOPES.filter((scope) => scopes.includes(scope))
  if (known.length === 0 || new Set(scopes).size !== known.length) {
    throw keyField('scopes', `expected one or more of ${API_SCOPES.join(', ')}`)
  }
  if (expiresAt === undefined) return { scopes: known }
  const expiresAtMs = Date.parse(expiresAt)
  if (Number.isNaN(expiresAtMs)) throw keyField('expiresAt', 'expected a time such as 2027-01-31T00:00:00Z')
  if (expiresAtMs <= nowMs) throw keyField('expiresAt', 'expected a time to come')
  return { scopes: known, expiresAtMs }
}

/** An account as the operator sees it. */
export function describeAccount(record: AccountRecord, usage: AccountUsageRecord): Account {
  const { id, name, recipient, state, createdAtMs, closedAtMs } = record
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(recipient === undefined ? {} : { recipient }),
    quota: quotaOf(record),
    createdAt: timeOf(createdAtMs),
    state,
    ...(closedAtMs === undefined ? {} : { closedAt: timeOf(closedAtMs) }),
    usage: { bills: usage.bills, storedBytes: usage.storedBytes, billsToday: usage.billsOnDay },
  }
}

/** A key as its owner and the operator see it. @param lastUsedMs told to the minute. */
export function describeKey(key: KeyRecord, lastUsedMs: number | undefined): KeyView {
  return {
    id: key.id,
    account: key.account,
    ...(key.label === undefined ? {} : { label: key.label }),
    // Checked against API_SCOPES when the record was made.
    scopes: key.scopes as readonly ApiScope[],
    createdAt: timeOf(key.createdAtMs),
    ...(key.expiresAtMs === undefined ? {} : { expiresAt: timeOf(key.expiresAtMs) }),
    ...(key.revokedAtMs === undefined ? {} : { revokedAt: timeOf(key.revokedAtMs) }),
    ...(lastUsedMs === undefined ? {} : { lastUsedAt: timeOf(lastUsedMs - (lastUsedMs % 60_000)) }),
  }
}

/** Error of a field of a new key. */
export function keyField(place: string, why: string): AccountError {
  return new AccountError(`${place}: ${why}`, { code: 'ERR_KEY_FIELD', place })
}

function accountField(place: string, why: string): AccountError {
  return new AccountError(`${place}: ${why}`, { code: 'ERR_ACCOUNT_FIELD', place })
}

function quotaOf({ billsPerDay, storedBytes }: AccountRecord): Quota {
  return {
    ...(billsPerDay === undefined ? {} : { billsPerDay }),
    ...(storedBytes === undefined ? {} : { storedBytes }),
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

// Names and labels are shown on terminals: control characters would reach them.
function isPlainText(text: string, maxChars: number): boolean {
  return text.length > 0 && text.length <= maxChars && !/\p{Cc}/u.test(text)
}

async function isRecipient(text: string): Promise<boolean> {
  if (!text.startsWith('age1') || text.length > MAX_RECIPIENT_CHARS) return false
  try {
    // The library that will seal for it has the last word.
    await seal(new Uint8Array(1), [text])
    return true
  } catch {
    return false
  }
}
