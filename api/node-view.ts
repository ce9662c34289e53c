import type { Claim, PartialReadingJson, Place, ReviewEntry } from '#protocol'
import type { Viewer } from './views/access.ts'
import type { DisclosureView } from './views/disclosure.ts'
import type { AccountsView, Actor } from './views/accounts.ts'
import type { BlocksView } from './views/blocks.ts'
import type { EventsView, WebhooksView } from './views/events.ts'
import type { IdempotencyView } from './views/idempotency.ts'
import type { FiguresView, Page, RegionsView } from './views/region.ts'
import type { StatusView } from './views/status.ts'

/** States of a bill and of its claims (DESIGN 9). An unsupported format is `needs-review` with its code. */
export type BillState = 'received' | 'proposed' | 'certified' | 'anchored' | 'final' | 'rejected' | 'needs-review'

/** Whether anybody may read a bill, or only its holder and the region's auditors. */
export type Visibility = 'public' | 'sealed'

/** Where on the chain a claim is anchored. */
export type AnchorStatus = {
  readonly seq: number
  /** Claims of the whole anchor: gas of one claim is `gasUsed / claims`. */
  readonly claims: number
  /** Transaction hash, `0x` hex. */
  readonly tx: string
  readonly block: number
  /** Decimal text. */
  readonly gasUsed: string
}

/** One claim of a bill. */
export type ClaimStatus = {
  /** `0x` hex. */
  readonly claimId: string
  readonly ordinal: number
  readonly state: BillState
  /** Civil days, half-open. */
  readonly service: { readonly start: string; readonly end: string }
  /** Exact decimal text. */
  readonly energyKWh: string
  /** Decimal text. */
  readonly gramsCO2e: string
  /** `extracted`, `place-declared`, `template` or `reviewed`. */
  readonly assurance: string
  /** `unsigned` or `utility-signed`. */
  readonly origin: string
  /** CID of the batch. */
  readonly batch: string
  /** Address of the sponsor, `0x` hex. */
  readonly sponsor: string
  readonly anchor?: AnchorStatus
  /** Claim that this one replaces, `0x` hex. */
  readonly supersedes?: string
  /** Certified claim that replaced this one, `0x` hex: the period is its own now, and both stay on record. */
  readonly supersededBy?: string
}

/** Why a bill was refused or waits for a person. */
export type StatusReason = {
  readonly code: string
  readonly message: string
  /** Where in the file. */
  readonly place?: string
  /** Claim that holds the metering point's period. */
  readonly heldBy?: string
}

/** That a sealed bill's file was given up, since its account was closed (docs/spec/withdrawal.md). Its claims stand. */
export type WithdrawnStatus = {
  /** When this node withdrew it; absent where another auditor did. ISO 8601, UTC. */
  readonly at?: string
  /** This node has destroyed the file; else it does when the claims are final. */
  readonly removed: boolean
}

/** A bill as its submitter sees it. */
export type BillStatus = {
  readonly cid: string
  /** The least advanced state of its claims. */
  readonly state: BillState
  readonly visibility: Visibility
  readonly region: string
  /** File name that the submitter gave. */
  readonly file?: string
  /** ISO 8601, UTC. */
  readonly receivedAt?: string
  readonly reason?: StatusReason
  readonly claims: readonly ClaimStatus[]
  /** Bills of the file that give no claim, by their place in it; known where the file was submitted. */
  readonly unclaimed?: readonly { readonly ordinal: number; readonly reason: StatusReason }[]
  /** While people read it: auditors that have entered it, and how many equal entries it takes. */
  readonly review?: { readonly entries: number; readonly quorum: number }
  readonly withdrawn?: WithdrawnStatus
  /** Times since the bill was received, in ms. */
  readonly certifiedMs?: number
  readonly anchoredMs?: number
  readonly finalMs?: number
}

/** A bill that people must read, as an auditor's people see it. */
export type ReviewView = {
  readonly cid: string
  readonly visibility: Visibility
  /** Auditor that it was handed in at, `0x` hex. */
  readonly sponsor: string
  /** False until its bytes are here. */
  readonly here: boolean
  /** What the holder says; the bill itself decides. */
  readonly declaredPlace?: NonNullable<Claim['declaredPlace']>
  /** Auditors that have entered it, this one included. */
  readonly entries: number
  /** Equal entries that it takes. */
  readonly quorum: number
  readonly own: 'none' | 'entered' | 'withdrawn'
  /** Entries equal to the own one, it included; only with an own one, and once a quorum has entered. */
  readonly equal?: number
  readonly entry?: ReviewEntry
  /** Why extraction left it to people; only where one bill is asked for. */
  readonly reason?: StatusReason
  /** What the file states all the same, to be compared with the bill; only where one bill is asked for. */
  readonly read?: readonly PartialReadingJson[]
}

/** How a node is. */
export type NodeHealth = {
  /** False when the operator must act, or when the node cannot reach a quorum of its committee. */
  readonly ok: boolean
  readonly region: string
  /** The auditor's address, `0x` hex. */
  readonly address: string
  readonly peerId: string
  readonly listen: readonly string[]
  /** CID of the charter. */
  readonly network: string
  /** `alive` counts this node and the committee members that it is connected to. */
  readonly committee: { readonly size: number; readonly quorum: number; readonly alive: number }
  /** Bills that wait to be proposed. */
  readonly queue: number
  /** Certified claims without anchor, and the age of the oldest. */
  readonly anchorLag: { readonly claims: number; readonly oldestMs: number }
  readonly chain: { readonly ok: boolean; readonly reason?: string }
  readonly version: string
  readonly uptimeS: number
  readonly rssBytes: number
}

/** A connected peer. */
export type PeerStatus = {
  readonly peerId: string
  /** The peer's address as an auditor, `0x` hex. */
  readonly address: string
  /** Multiaddr of the connection. */
  readonly remote: string
  readonly direction: 'inbound' | 'outbound'
  /** ISO 8601, UTC. */
  readonly since: string
  /** True if it is in the committee of this node's region. */
  readonly member: boolean
}

/** A peer that was turned away. */
export type PeerRefusal = {
  readonly peer: string
  /** What differs: rules, data set, chain, version, or who the peer is. */
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly at: string
}

/** A bill as it is handed in. */
export type Submission = {
  readonly bytes: Uint8Array
  readonly visibility: Visibility
  readonly file?: string
  /** Where the energy was used, for bills that do not say so themselves. */
  readonly declaredPlace?: Place
  /** Account of the API key. */
  readonly accountId: string
  /** Id of the API key; kept with the bill. */
  readonly keyId?: string
}

/** Which bills a list has. */
export type BillQuery = {
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string
  readonly state?: BillState
  /** When the bill was handed in, in ms since 1970: at `fromMs` or later. */
  readonly fromMs?: number
  /** Before `toMs`. */
  readonly toMs?: number
}

/** What the HTTP API sees of a node. */
export interface NodeView extends StatusView {
  /** Accounts, keys and the audit log. */
  readonly accounts: AccountsView
  readonly events: EventsView
  readonly webhooks: WebhooksView
  readonly idempotency: IdempotencyView
  readonly regions: RegionsView
  readonly figures: FiguresView
  readonly disclosure: DisclosureView
  /** Absent where the node is no gateway. */
  readonly blocks: BlocksView | undefined
  /**
   * Takes a bill; resolves only when it is durable, so that what is acknowledged is never lost.
   *
   * @throws {CodedError} when the bill is refused: nothing of it was kept.
   */
  submitBill(submission: Submission, signal: AbortSignal): Promise<BillStatus>
  /**
   * Status of a bill, by the text of its CID.
   *
   * @param viewer who asks: a bill that is not the account's is `undefined`, exactly as one that does not exist; file name and
   * times are those of the account's own submission. @default everything is seen, as for the operator
   */
  findStatus(cid: string, viewer?: Viewer): Promise<BillStatus | undefined>
  /**
   * Bills of an account (all that were submitted here, for `viewer.all`), newest first. A page that a filter leaves short
   * still has `next` while there is more to look at.
   *
   * @throws {CodedError} ERR_API_CURSOR.
   */
  pageBills(query: BillQuery, viewer: Viewer): Promise<Page<BillStatus>>
  /** The latest bills that were submitted here, newest first. */
  listBills(limit: number): Promise<BillStatus[]>
  /**
   * Bytes of a bill. A sealed one is opened for the account that handed it in at this node; for all others, and without
   * an account, `sealed` is true and the bytes are the age file.
   */
  readBill(
    cid: string,
    signal: AbortSignal,
    accountId?: string,
  ): Promise<{ bytes: Uint8Array; sealed: boolean } | undefined>
  /**
   * Canonical JSON bytes of the proof of one claim of a bill; `undefined` until it is certified.
   *
   * @param ordinal which claim of the bill. @default 0
   * @param accountId of a sealed bill only the account that handed it in here gets the claim; all others its leaf.
   */
  findProof(cid: string, signal: AbortSignal, ordinal?: number, accountId?: string): Promise<Uint8Array | undefined>
  /**
   * What people read in a bill, once that is certified; of a sealed bill only for the account that handed it in here, or
   * for auditors' people.
   */
  findReviewed(
    cid: string,
    access: { readonly accountId: string; readonly isReviewer: boolean },
  ): Promise<ReviewEntry | undefined>
  /** Bills that people must read. */
  listReviews(): Promise<ReviewView[]>
  /** @throws {CodedError} ERR_REVIEW_UNKNOWN. */
  showReview(cid: string, signal: AbortSignal): Promise<ReviewView>
  /**
   * The bill's own bytes, opened; with `by`, that they were read is in the audit log before this resolves.
   *
   * @throws {CodedError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT.
   */
  readReview(cid: string, signal: AbortSignal, by?: Actor): Promise<Uint8Array>
  /** @throws {CodedError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_ABSENT, ERR_REVIEW_NOT_NEEDED, ERR_REVIEW_FACTS, ERR_REVIEW_CLOSED. */
  enterReview(cid: string, entry: ReviewEntry, signal: AbortSignal): Promise<ReviewView>
  /** @throws {CodedError} ERR_REVIEW_UNKNOWN, ERR_REVIEW_CLOSED. */
  withdrawReview(cid: string): Promise<ReviewView>
  health(): NodeHealth
  peers(): PeerStatus[]
  /** Peers that were turned away lately, newest first. */
  refusals(): PeerRefusal[]
}
