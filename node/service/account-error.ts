import { CodedError } from '#protocol'

/** Failures of accounts, keys and quotas. Messages never have a secret. */
export type AccountFailure =
  /** An account of this id exists, or was closed: ids are never given again. Choose another. */
  | { readonly code: 'ERR_ACCOUNT_EXISTS'; readonly account: string }
  /** A field of the new account is malformed; `place` names it. */
  | { readonly code: 'ERR_ACCOUNT_FIELD'; readonly place: string }
  /** The node has as many accounts as it keeps in memory. */
  | { readonly code: 'ERR_ACCOUNT_LIMIT'; readonly limit: number }
  /** No account has this id. */
  | { readonly code: 'ERR_ACCOUNT_UNKNOWN'; readonly account: string }
  /** The account is closed or being closed: it has no keys and takes no bills. */
  | { readonly code: 'ERR_ACCOUNT_CLOSED'; readonly account: string }
  /** A field of the new key is malformed; `place` names it. */
  | { readonly code: 'ERR_KEY_FIELD'; readonly place: string }
  /** The account has as many valid keys as it may have: revoke one. */
  | { readonly code: 'ERR_KEY_LIMIT'; readonly limit: number }
  /** No key has this id. */
  | { readonly code: 'ERR_KEY_UNKNOWN'; readonly id: string }
  /** The key was revoked or has expired: create a new one. */
  | { readonly code: 'ERR_KEY_REVOKED'; readonly id: string }
  /** The account has handed in all bills of this UTC day; `retryAfterS` is the time to midnight. */
  | { readonly code: 'ERR_QUOTA_BILLS'; readonly limit: number; readonly retryAfterS: number }
  /** The account has handed on as many bills as it may on this UTC day; `retryAfterS` is the time to midnight. */
  | { readonly code: 'ERR_QUOTA_DISCLOSURES'; readonly limit: number; readonly retryAfterS: number }
  /** The bill would bring the account over its stored bytes; waiting does not help, the operator may raise the quota. */
  | { readonly code: 'ERR_QUOTA_BYTES'; readonly limitBytes: number; readonly usedBytes: number }

/** Error of accounts, keys and quotas. */
export class AccountError extends CodedError<AccountFailure> {}
