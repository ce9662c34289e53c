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
  /** `wanted` until its bytes are here; `false` when they are not those of the plain hash; `done` once it is certified. */
  readonly state: 'wanted' | 'here' | 'false' | 'done'
}

/** What this auditor's people read, kept after it is withdrawn as absent. Key: plain hash. */
export type ReviewEntryRecord = { readonly entry?: ReviewEntry }

/** A sponsor that signed two batches for one sequence number. Key: sponsor | sequence number. */
export type EquivocationRecord = Equivocation
