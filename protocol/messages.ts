import { z } from 'zod'
import { announcementShape } from './batch.ts'
import { certificateShape } from './certificate.ts'
import { decodeCanonical, encodeCanonical, parseShape } from './codec.ts'
import { LIMITS } from './limits.ts'
import { reviewNoticeShape, reviewRequestShape } from './review.ts'
import {
  addressShape,
  blockCidShape,
  countShape,
  decimalTextShape,
  hashShape,
  regionNameShape,
  signatureShape,
} from './shapes.ts'
import { voteShape } from './vote.ts'
import { withdrawalShape } from './withdrawal.ts'

/** Schema of an anchor on the wire. */
export const anchorShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  seq: z.number().int().min(1),
  prev: hashShape,
  root: hashShape,
  manifest: hashShape,
  claims: z.number().int().min(1).max(LIMITS.anchorClaims),
  gramsLocation: decimalTextShape,
  gramsMarket: decimalTextShape,
})

/** Two announcements of one sponsor for one sequence number: a portable proof that it lied. */
export const equivocationShape = z.strictObject({ first: announcementShape, second: announcementShape })

/** Proof of equivocation. */
export type Equivocation = z.infer<typeof equivocationShape>

const gossipShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('announcement'), announcement: announcementShape }),
  z.strictObject({ kind: z.literal('vote'), vote: voteShape }),
  z.strictObject({
    kind: z.literal('anchor-signature'),
    anchor: anchorShape,
    signer: addressShape,
    signature: signatureShape,
  }),
  z.strictObject({ kind: z.literal('equivocation'), equivocation: equivocationShape }),
  z.strictObject({ kind: z.literal('review-request'), request: reviewRequestShape }),
  z.strictObject({ kind: z.literal('review-notice'), notice: reviewNoticeShape }),
  z.strictObject({ kind: z.literal('withdrawal'), withdrawal: withdrawalShape }),
])

/** What the topic of a region carries. An anchor is proposed by its first signature. */
export type GossipMessage = z.infer<typeof gossipShape>
/** An anchor as messages carry it: grams as decimal texts. */
export type AnchorWire = z.infer<typeof anchorShape>

/** Canonical bytes of a gossip message. */
export function encodeGossip(message: GossipMessage): Uint8Array {
  return encodeCanonical(message)
}

/**
 * A gossip message from bytes of unknown origin; signatures are not checked yet.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA.
 */
export function decodeGossip(bytes: Uint8Array): GossipMessage {
  return parseShape(gossipShape, decodeCanonical(bytes, LIMITS.gossipBytes), 'gossip message')
}

/** Most chains that one sync request names: founding and later members of a region's committees. */
const SYNC_CHAINS = 256
/** Most batches of one sponsor that a request names as open; an honest one has a few. */
export const SYNC_OPEN = 64
/** Most records that one sync answer carries; the requester asks again while it learns. */
export const SYNC_RECORDS = 256

const syncRequestShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  /** For each sponsor, the last of its batches that is known here, and those before it that lack a certificate. */
  chains: z
    .array(
      z.strictObject({
        sponsor: addressShape,
        knownUpTo: countShape,
        open: z.array(countShape).max(SYNC_OPEN),
      }),
    )
    .max(SYNC_CHAINS),
  /** Height of anchors known, and open proposals wanted from there on. */
  anchoredUpTo: countShape,
  /** SHA-256 over the bills under review and notices of entries that are known; absent: none are wanted. */
  reviews: hashShape.optional(),
  /** For each sponsor, the last of its withdrawals up to which all are known; absent: none are wanted. */
  withdrawals: z
    .array(z.strictObject({ sponsor: addressShape, knownUpTo: countShape }))
    .max(SYNC_CHAINS)
    .optional(),
})

/** "This is what I have; send what I lack" (anti-entropy). */
export type SyncRequest = z.infer<typeof syncRequestShape>

/** Canonical bytes of a sync request. */
export function encodeSyncRequest(request: SyncRequest): Uint8Array {
  return encodeCanonical(request)
}

/** @throws {ProtocolError} as {@link decodeGossip}. */
export function decodeSyncRequest(bytes: Uint8Array): SyncRequest {
  return parseShape(syncRequestShape, decodeCanonical(bytes, LIMITS.gossipBytes), 'sync request')
}

const syncRecordShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('batch'),
    announcement: announcementShape,
    certificate: certificateShape.nullable(),
    votes: z.array(voteShape).max(64),
  }),
  z.strictObject({
    kind: z.literal('anchor'),
    anchor: anchorShape,
    manifest: blockCidShape,
    signatures: z.array(z.strictObject({ signer: addressShape, signature: signatureShape })).max(64),
  }),
  z.strictObject({ kind: z.literal('equivocation'), equivocation: equivocationShape }),
  z.strictObject({
    kind: z.literal('review'),
    request: reviewRequestShape,
    notices: z.array(reviewNoticeShape).max(64),
  }),
  z.strictObject({ kind: z.literal('withdrawal'), withdrawal: withdrawalShape }),
])

/** One thing that a peer may lack: a batch with its certificate or votes, an anchor, a proof of equivocation, a review, a withdrawal. */
export type SyncRecord = z.infer<typeof syncRecordShape>

/** Canonical bytes of a sync record. */
export function encodeSyncRecord(record: SyncRecord): Uint8Array {
  return encodeCanonical(record)
}

/** @throws {ProtocolError} as {@link decodeGossip}. */
export function decodeSyncRecord(bytes: Uint8Array): SyncRecord {
  return parseShape(syncRecordShape, decodeCanonical(bytes, LIMITS.gossipBytes * 4), 'sync record')
}
