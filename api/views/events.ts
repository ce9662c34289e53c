import type { BillState } from '../node-view.ts'
import type { Viewer } from './access.ts'
import type { Actor } from './accounts.ts'

/** A change of a bill's state. */
export type BillEvent = {
  /** From 1, without gaps among the events of one account (or of all accounts, for `admin`); the id of the server-sent event. */
  readonly seq: number
  /** When this node saw it. ISO 8601, UTC. */
  readonly at: string
  readonly cid: string
  readonly state: BillState
  /** Code of the reason, for `rejected` and `needs-review`. */
  readonly code?: string
  /** True once the bill's file was withdrawn: `state` stands. */
  readonly withdrawn?: true
}

/**
 * State changes of the bills of an account; of all bills handed in here, for a viewer of all. Each account has its own
 * numbers, so that nobody learns from gaps how much others hand in.
 */
export interface EventsView {
  /** Events after `afterSeq`, oldest first. They are kept for a time: what is older than the oldest kept is gone. */
  list(viewer: Viewer, afterSeq: number, limit: number): Promise<BillEvent[]>
  /** Number of the latest event; 0 if there is none. */
  lastSeq(viewer: Viewer): Promise<number>
  /** Tells that there is something new for a viewer (never what: the listener lists). @returns what ends it. */
  onNew(viewer: Viewer, listener: () => void): () => void
}

/** How a delivery went. */
export type WebhookOutcome = {
  readonly ok: boolean
  /** HTTP status, if there was an answer. */
  readonly status?: number
  /** Why there was none, or why it does not count. */
  readonly error?: string
}

/** Where an account's events are posted to, signed (Standard Webhooks). */
export type Webhook = {
  readonly id: string
  readonly url: string
  /** States that are told; empty: all. */
  readonly states: readonly BillState[]
  readonly createdAt: string
  /** While the secret before the present one signs too. */
  readonly oldSecretUntil?: string
  /** Events of the account, of any state, that are not settled yet, and how the last delivery went. */
  readonly waiting: number
  readonly last?: WebhookOutcome & { readonly at: string }
  /** Attempts that failed one after another, and when the next one is made. */
  readonly failures: number
  readonly nextAt?: string
  /** Set when it was switched off: after failing for too long, or by 410. A ping that is answered switches it on. */
  readonly disabledAt?: string
}

/** A webhook as an account asks for it: no states are all of them. */
export type NewWebhook = { readonly url: string; readonly states: readonly BillState[] }

/** Webhooks of accounts. `by` goes into the audit log with each change. */
export interface WebhooksView {
  /** @returns the secret (`whsec_…`), shown once. @throws {CodedError} ERR_WEBHOOK_URL, ERR_WEBHOOK_LIMIT, ERR_WEBHOOK_CHANGES. */
  add(account: string, webhook: NewWebhook, by: Actor): Promise<{ webhook: Webhook; secret: string }>
  list(account: string): Promise<Webhook[]>
  /**
   * Gives a webhook a new secret; the one before signs beside it for `graceMs`.
   *
   * @returns the new secret, shown once. @throws {CodedError} ERR_WEBHOOK_UNKNOWN, ERR_WEBHOOK_CHANGES.
   */
  rotate(
    account: string,
    id: string,
    change: { readonly graceMs: number; readonly by: Actor },
  ): Promise<{ webhook: Webhook; secret: string }>
  /** @throws {CodedError} ERR_WEBHOOK_UNKNOWN. */
  remove(account: string, id: string, by: Actor): Promise<void>
  /**
   * Sends a `ping` at once, also to a disabled one, which it enables again if it is answered with 2xx.
   *
   * @throws {CodedError} ERR_WEBHOOK_UNKNOWN, ERR_WEBHOOK_CHANGES.
   */
  ping(account: string, id: string, call: { readonly by: Actor; readonly signal: AbortSignal }): Promise<WebhookOutcome>
  /** Webhooks of all accounts that are switched off or failing now, for the operator's eyes. */
  health(): { readonly total: number; readonly failing: number; readonly disabled: number }
}
