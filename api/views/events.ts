import type { BillState } from '../node-view.ts'

/** A change of a bill's state, in the order in which this node saw them. */
export type BillEvent = {
  /** Ascending, from 1; the id of the server-sent event. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly cid: string
  readonly state: BillState
  /** Code of the reason, for `rejected` and `needs-review`. */
  readonly code?: string
}

/** State changes of the bills of an account (of all, for `admin`). */
export interface EventsView {
  /** Events after `afterSeq`, oldest first. They are kept for a time: what is older than the oldest kept is gone. */
  list(
    viewer: { readonly account: string; readonly all: boolean },
    afterSeq: number,
    limit: number,
  ): Promise<BillEvent[]>
  /** The latest sequence number; 0 if there is none. */
  readonly lastSeq: number
  /** Tells that there is something new (never what: the listener lists). @returns what ends it. */
  onNew(listener: () => void): () => void
}

/** Where an account's events are posted to, signed (Standard Webhooks). */
export type Webhook = {
  readonly id: string
  readonly url: string
  /** States that are told; empty: all. */
  readonly states: readonly BillState[]
  readonly createdAt: string
  /** Deliveries that wait, and how the last one went. */
  readonly waiting: number
  readonly last?: { readonly at: string; readonly ok: boolean; readonly status?: number; readonly error?: string }
  /** Set when it was switched off after failing for too long. */
  readonly disabledAt?: string
}

/** Webhooks of accounts. */
export interface WebhooksView {
  /** @returns the secret (`whsec_…`), shown once. @throws {CodedError} ERR_WEBHOOK_URL, ERR_WEBHOOK_LIMIT. */
  add(account: string, url: string, states: readonly BillState[]): Promise<{ webhook: Webhook; secret: string }>
  list(account: string): Promise<Webhook[]>
  /** @throws {CodedError} ERR_WEBHOOK_UNKNOWN. */
  remove(account: string, id: string): Promise<void>
  /** Sends a `ping` at once, also to a disabled one, which it enables again if it is answered with 2xx. @throws ERR_WEBHOOK_UNKNOWN. */
  ping(account: string, id: string, signal: AbortSignal): Promise<{ ok: boolean; status?: number; error?: string }>
}
