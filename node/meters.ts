import type { BillState } from '#api'

/** What components tell of their work as it happens; what stands still is asked for when somebody looks. */
export type Meters = {
  /** A batch was certified here with so many accepted claims. */
  certified(claims: number): void
  /** This auditor voted; `refusals` are the codes of the claims that it did not accept. */
  voted(refusals: readonly string[]): void
  /** The chain has a new anchor of the region. */
  anchored(): void
  /** This node's payer has paid for an anchor. */
  paid(spent: { readonly gas: bigint; readonly wei: bigint }): void
  /** A peer was turned away, or turned this node away. */
  peerRefused(refusal: { readonly by: 'us' | 'them'; readonly code: string; readonly isMember: boolean }): void
  /** A bill that was handed in here is in another state; `before` is absent when it is new. */
  billMoved(before: BillState | undefined, after: BillState): void
  /** An event was posted to a webhook; `ok` if it was answered with 2xx. */
  webhookPosted(ok: boolean): void
}
