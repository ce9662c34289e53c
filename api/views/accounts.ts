import type { ApiScope } from '../api-key.ts'

/** What an account may use; `undefined` is without limit. */
export type Quota = {
  /** Bills taken in a UTC day. */
  readonly billsPerDay?: number
  /** Bytes of all its bills that are kept here. */
  readonly storedBytes?: number
}

/** A user of the region, as its operator signed it up. Names and contacts are the operator's notes and leave the node never. */
export type Account = {
  /** `[a-z0-9][a-z0-9._-]{0,62}`; part of no certified figure. */
  readonly id: string
  readonly name?: string
  /** age recipient (`age1…`) that its sealed bills are made for, beside the region's archive key; none once it is closed. */
  readonly recipient?: string
  readonly quota: Quota
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** `closing` while its bills are destroyed; a closed account has no keys, and its id is never given again. */
  readonly state: 'open' | 'closing' | 'closed'
  /** ISO 8601, UTC. */
  readonly closedAt?: string
  /** Bills kept for it, and their bytes. */
  readonly usage: { readonly bills: number; readonly storedBytes: number; readonly billsToday: number }
}

/** A key as its owner and the operator see it: never its secret. */
export type KeyView = {
  /** 12 hex digits; the part after `kw_`. */
  readonly id: string
  readonly account: string
  readonly label?: string
  readonly scopes: readonly ApiScope[]
  /** ISO 8601, UTC, as all times here. */
  readonly createdAt: string
  readonly expiresAt?: string
  readonly revokedAt?: string
  /** To the minute; written now and then, so a crash may lose the latest use. */
  readonly lastUsedAt?: string
}

/** One line of the audit log: who did what, when. */
export type AuditEntry = {
  /** Ascending without gaps, from 1. */
  readonly seq: number
  readonly at: string
  /** `key:<id>`, or `operator` for a command on the data directory itself. */
  readonly actor: string
  /** `account.add`, `account.quota`, `account.close`, `key.create`, `key.rotate`, `key.revoke`, `bill.disclose`, … Submissions are told by the bills themselves. */
  readonly action: string
  /** What it was done to: an account, a key's id, a CID. */
  readonly subject: string
  readonly requestId?: string
}

/** Who does something, for the audit log. */
export type Actor = {
  /** `key:<id>`, or `operator`. */
  readonly actor: string
  readonly requestId?: string
}

/** What an account is made with. */
export type NewAccount = {
  readonly id: string
  readonly name?: string
  /** @default a key pair made here, whose secret half is handed out once and not kept */
  readonly recipient?: string
  readonly quota?: Quota
}

/** What a key is made with. */
export type NewKey = {
  readonly account: string
  readonly label?: string
  readonly scopes: readonly ApiScope[]
  /** ISO 8601, UTC. @default never */
  readonly expiresAt?: string
}

/** A part of a list: items behind the one with this id. */
export type ListPart = {
  readonly after?: string
  /** @default all */
  readonly limit?: number
}

/** Accounts and keys, for the operator (DESIGN 15). `by` goes into the audit log with each change, in one commit. */
export interface AccountsView {
  /** @throws {CodedError} ERR_ACCOUNT_EXISTS, ERR_ACCOUNT_FIELD, ERR_ACCOUNT_LIMIT. */
  addAccount(account: NewAccount, by: Actor): Promise<{ account: Account; identity?: string }>
  /** By id. */
  listAccounts(part?: ListPart): Promise<Account[]>
  findAccount(id: string): Promise<Account | undefined>
  /** @throws {CodedError} ERR_ACCOUNT_UNKNOWN. */
  getAccount(id: string): Promise<Account>
  /**
   * Changes what an account may use: the whole quota, what is left out is without limit.
   *
   * @throws {CodedError} ERR_ACCOUNT_UNKNOWN, ERR_ACCOUNT_CLOSED, ERR_ACCOUNT_FIELD.
   */
  changeQuota(id: string, quota: Quota, by: Actor): Promise<Account>
  /**
   * Revokes its keys, destroys what is kept for it alone, unpins and removes its sealed bills. Told again, it goes on where a
   * crash ended it. `account.state` is `closing` where destroying is left to the node's next start.
   *
   * @throws {CodedError} ERR_ACCOUNT_UNKNOWN, ERR_ACCOUNT_CLOSED.
   */
  closeAccount(id: string, by: Actor): Promise<{ account: Account; removedBills: number }>
  /** @returns the key's text, shown once. @throws {CodedError} ERR_ACCOUNT_UNKNOWN, ERR_ACCOUNT_CLOSED, ERR_KEY_FIELD, ERR_KEY_LIMIT. */
  createKey(key: NewKey, by: Actor): Promise<{ key: KeyView; text: string }>
  /** Keys of an account (of all, without one), the oldest first; ended ones too. */
  listKeys(account?: string, part?: ListPart): Promise<KeyView[]>
  /**
   * A new key with the same rights and the same time to live; the old one stays valid for `graceMs`.
   *
   * @throws {CodedError} ERR_KEY_UNKNOWN, ERR_KEY_REVOKED (it is not valid any more), ERR_KEY_FIELD, ERR_KEY_LIMIT.
   */
  rotateKey(id: string, graceMs: number, by: Actor): Promise<{ key: KeyView; text: string }>
  /** Ends a key at once. @throws {CodedError} ERR_KEY_UNKNOWN. */
  revokeKey(id: string, by: Actor): Promise<KeyView>
  /** The audit log after an entry, oldest first. @param limit at most 1,000. */
  listAudit(afterSeq: number, limit: number): Promise<AuditEntry[]>
  /**
   * Whether an account may hand in another bill of this size, as far as can be told before it is read: for an early answer.
   * What counts is decided when the bill is taken.
   *
   * @throws {CodedError} ERR_QUOTA_BILLS with `retryAfterS` (429), ERR_QUOTA_BYTES (403), ERR_ACCOUNT_CLOSED.
   */
  checkQuota(account: string, sizeBytes: number): void
}

/** Whose key it is. */
export type Principal = { readonly keyId: string; readonly account: string; readonly scopes: readonly ApiScope[] }

/** Tells whose key a text is: in memory, in constant time, without a difference between an unknown id and a wrong secret. */
export interface KeyRing {
  /** `undefined` for every text that is no valid key now: malformed, unknown, wrong, expired, revoked, of a closed account. */
  authenticate(text: string): Principal | undefined
}
