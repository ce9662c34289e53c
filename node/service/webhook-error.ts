import { CodedError } from '#protocol'

/** Failures of webhooks. */
export type WebhookFailure =
  /** The URL cannot be posted to: not https, with a user name, or an address inside of a network. Choose another one. */
  | { readonly code: 'ERR_WEBHOOK_URL'; readonly url: string }
  /** The account has as many webhooks as it may have: remove one. */
  | { readonly code: 'ERR_WEBHOOK_LIMIT'; readonly limit: number }
  /** The account has added, changed and tested as many webhooks as it may on this UTC day; `retryAfterS` is the time to midnight. */
  | { readonly code: 'ERR_WEBHOOK_CHANGES'; readonly limit: number; readonly retryAfterS: number }
  /** The account has no webhook with this id. */
  | { readonly code: 'ERR_WEBHOOK_UNKNOWN'; readonly id: string }
  /** The host has an address that is not public; nothing was sent. */
  | { readonly code: 'ERR_WEBHOOK_ADDRESS' }
  /** No answer in time, no connection, or no TLS with a certificate that stands. */
  | { readonly code: 'ERR_WEBHOOK_POST'; readonly reason: string }

/** Error of webhooks. */
export class WebhookError extends CodedError<WebhookFailure> {}
