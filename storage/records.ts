import type { CID } from 'multiformats/cid'
import type {
  Announcement,
  AnchorWire,
  Certificate,
  Claim,
  Equivocation,
  Refusal,
  ReviewEntry,
  ReviewRequest,
  VoteContent,
} from '#protocol'

/** Place as a claim carries it. */
export type DeclaredPlace = NonNullable<Claim['declaredPlace']>

/** Why a bill goes no further. */
export type Reason = {
  readonly code: string
  readonly message: string
  readonly place?: string
  readonly heldBy?: string
}

/** A bill that was submitted to this node. Key: CID bytes. */
export type BillRecord = {
  readonly cid: CID
  readonly visibility: 'public' | 'sealed'
  readonly plainHash: Uint8Array
  readonly sizeBytes: number
  readonly file?: string
  readonly declaredPlace?: DeclaredPlace
  readonly holder: Uint8Array
  readonly receivedAtMs: number
  /** `open` until its claims are proposed; then their records tell. */
  readonly state: 'open' | 'claimed' | 'rejected' | 'needs-review'
  readonly reason?: Reason
  /** When its account was closed and its bytes were given up; their claims stay. */
  readonly withdrawnAtMs?: number
  /** Bills of the file, by their place in it, that give no claim. */
  readonly unclaimed?: readonly { readonly ordinal: number; readonly reason: Reason }[]
  readonly claimIds: readonly Uint8Array[]
}

/** A claim that this node has seen in a batch. Key: claim id. */
export type ClaimRecord = {
  readonly claimId: Uint8Array
  readonly claim: Claim
  readonly visibility: 'public' | 'sealed'
  /** Digest of the batch that stands for it: the first certified one, else the last seen. */
  readonly batch: Uint8Array
  readonly index: number
  readonly state: 'proposed' | 'certified' | 'anchored' | 'final'
  readonly anchorSeq?: number
  readonly proposedAtMs: number
  readonly certifiedAtMs?: number
  readonly anchoredAtMs?: number
  readonly finalAtMs?: number
}

/** A batch of the region. Key: digest of its CID. */
export type BatchRecord = {
  readonly announcement: Announcement
  readonly state: 'announced' | 'certified' | 'anchored' | 'abandoned'
  /** Of each claim, in batch order; known once the batch was audited. */
  readonly leaves: readonly Uint8Array[]
  readonly claimIds: readonly Uint8Array[]
  readonly certificate?: Certificate
  readonly anchorSeq?: number
}

/** This node's own vote: the intent is durable before the signature exists. Key: batch digest. */
export type OwnVoteRecord = {
  readonly content: VoteContent
  readonly bitmap: Uint8Array
  readonly refusals: readonly Refusal[]
}

/**
 * Claimed periods of one point tag, ascending by start day. They overlap only where a claim that is not certified yet is to
 * replace another one. Key: point tag.
 */
export type LockRecord = readonly { readonly startDay: number; readonly endDay: number; readonly claimId: Uint8Array }[]

/** An anchor that the chain has. Key: sequence number. */
export type AnchorRecord = {
  readonly anchor: AnchorWire
  readonly manifest: CID
  readonly signatures: readonly Uint8Array[]
  readonly state: 'anchored' | 'final'
  readonly transactionHash: Uint8Array
  readonly blockNumber: number
  readonly blockHash: Uint8Array
  readonly gasUsed: string
}

/** An anchor that auditors have signed and the chain may not have yet. Key: anchor's struct hash. */
export type ProposalRecord = {
  readonly anchor: AnchorWire
  readonly manifest: CID
  readonly signatures: readonly { readonly signer: Uint8Array; readonly signature: Uint8Array }[]
}

/** A bill that people must read. Key: CID bytes. */
export type ReviewRecord = {
  readonly request: ReviewRequest
  /**
   * `wanted` until its bytes are here; `false` when they are not those of the plain hash; `ended` when nobody waits for it
   * any more, or it is withdrawn; `done` once it is certified.
   */
  readonly state: 'wanted' | 'here' | 'false' | 'ended' | 'done'
}

/** A bill whose bytes are to be destroyed, or were. Key: CID bytes | sponsor. */
export type WithdrawnRecord = {
  readonly bill: CID
  readonly sponsor: Uint8Array
  /** `due`: an own bill that nobody wants kept, not decided yet; `told`: its sponsor has signed its withdrawal; `gone`: removed here. */
  readonly state: 'due' | 'told' | 'gone'
}

/** What this auditor's people read, kept after it is withdrawn as absent. Key: plain hash. */
export type ReviewEntryRecord = {
  readonly entry?: ReviewEntry
  /** Of the commitment to the entry, 32 bytes; absent in records of before commitments had one: they are committed to anew. */
  readonly salt?: Uint8Array
}

/** A sponsor that signed two batches for one sequence number. Key: sponsor | sequence number. */
export type EquivocationRecord = Equivocation

/** A user that the operator signed up. Key: UTF-8 id. */
export type AccountRecord = {
  readonly id: string
  /** The operator's note; removed when the account is closed. */
  readonly name?: string
  /** age recipient of its sealed bills; removed when the account is closed. */
  readonly recipient?: string
  readonly billsPerDay?: number
  readonly storedBytes?: number
  readonly createdAtMs: number
  /** `closing` while its bills are destroyed: durable before anything is, so that a crash does not leave half. */
  readonly state: 'open' | 'closing' | 'closed'
  readonly closedAtMs?: number
  /** Bills destroyed when it was closed. */
  readonly removedBills?: number
}

/** An API key without its secret. Key: UTF-8 id. */
export type KeyRecord = {
  /** 12 hex digits. */
  readonly id: string
  /** SHA-256 of the secret's text. */
  readonly secretHash: Uint8Array
  readonly account: string
  readonly label?: string
  readonly scopes: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs?: number
  readonly revokedAtMs?: number
  /** It came from `api-keys.json`. */
  readonly isSeed?: true
}

/** What an account has taken of its quota, written with each of its bills. Key: UTF-8 account id. */
export type AccountUsageRecord = {
  readonly bills: number
  readonly storedBytes: number
  /** UTC day (days since 1970) that `billsOnDay` counts. */
  readonly day: number
  readonly billsOnDay: number
}

/** How often an account did one thing on a day, written with what it did. Key: UTF-8 account id | 0x00 | UTF-8 kind. */
export type DailyCountRecord = {
  /** UTC day (days since 1970). */
  readonly day: number
  readonly count: number
}

/** That an account handed in a bill: its own view of it. Key: UTF-8 account id | 0x00 | CID bytes. */
export type AccountBillRecord = {
  readonly atMs: number
  readonly sizeBytes: number
  /** As the account handed it in: whoever hands in somebody's age file as a public bill is not its holder. */
  readonly visibility: 'public' | 'sealed'
  readonly file?: string
  /** Key that it was handed in with. */
  readonly keyId?: string
}

/** One line of the audit log. Key: sequence number. */
export type AuditRecord = {
  readonly seq: number
  readonly atMs: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly requestId?: string
}

/** One change of a bill's state, for one reader. Key: UTF-8 account id | 0x00 | sequence number. */
export type EventRecord = {
  readonly atMs: number
  readonly cid: CID
  /** A state as users see it (DESIGN 9). */
  readonly state: string
  /** Code of the reason, for `rejected` and `needs-review`. */
  readonly code?: string
  /** Its file was withdrawn. */
  readonly withdrawn?: true
}

/** What a reader was told of a bill last. Key: CID bytes | UTF-8 account id. */
export type ToldRecord = { readonly state: string; readonly code?: string; readonly withdrawn?: true }

/** Where an account's events are posted to. Key: UTF-8 account id | 0x00 | UTF-8 id. */
export type WebhookRecord = {
  readonly id: string
  readonly account: string
  readonly url: string
  /** States that are told; empty: all. */
  readonly states: readonly string[]
  readonly createdAtMs: number
}

/** A webhook's secret before the present one, which signs beside it for a while. Key: as of the webhook. */
export type WebhookOldSecretRecord = { readonly secret: Uint8Array; readonly untilMs: number }

/** How far a webhook is: the journal is its queue. Key: as of the webhook. */
export type WebhookProgressRecord = {
  /** Every event up to this sequence number was answered, or is not wanted. */
  readonly doneSeq: number
  /** Attempts that failed one after another. */
  readonly failures: number
  /** Not tried again before. */
  readonly nextAtMs?: number
  readonly disabledAtMs?: number
  readonly last?: { readonly atMs: number; readonly ok: boolean; readonly status?: number; readonly error?: string }
}

/** What a request with an `Idempotency-Key` was, and which bill it gave. Key: UTC day | name. */
export type IdempotencyRecord = {
  /** SHA-256 over everything that the request said. */
  readonly fingerprint: Uint8Array
  readonly cid: CID
  readonly atMs: number
}
