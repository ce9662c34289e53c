import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfAddress, wordOfBytes32 } from './abi-words.ts'
import { equalBytes } from './bytes.ts'
import { decodeCanonical, encodeCanonical, parseShape } from './codec.ts'
import { typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'
import { reviewNoticeShape } from './review.ts'
import { hashShape } from './shapes.ts'

/** Largest opening on the wire: a notice (some 300 bytes) and two hashes. */
export const REVIEW_OPENING_BYTES = 1024

/**
 * Schema of an opening: the notice whose commitment it opens, and what went into that. It needs no signature beside the
 * notice's own, because nobody else can find what opens a commitment.
 */
export const reviewOpeningShape = z.strictObject({
  notice: reviewNoticeShape,
  /** Random, other for each commitment. */
  salt: hashShape,
  /** SHA-256 of the entry, `hashReviewEntry`. */
  entry: hashShape,
})

/** Opening of a commitment to an entry, from one auditor to another that has committed itself. */
export type ReviewOpening = z.infer<typeof reviewOpeningShape>

const COMMITMENT_TYPE = typeHash(
  'ReviewCommitment(bytes32 network,bytes32 region,bytes32 plainHash,address auditor,bytes32 salt,bytes32 entry)',
)

/** What an auditor commits to. */
export type Committed = {
  readonly region: string
  readonly plainHash: Uint8Array
  readonly auditor: Uint8Array
  /** 32 random bytes, never used twice. */
  readonly salt: Uint8Array
  /** SHA-256 of the entry. */
  readonly entry: Uint8Array
}

/**
 * Commitment of one auditor to an entry. Bills have few possible values, so that without the salt an entry could be found
 * by trying; with the auditor's address in it, another auditor's commitment, even opened, is of no use to anybody.
 *
 * ```
 * keccak256( type | network 32 | region 32 | plainHash 32 | 0 12, auditor 20 | salt 32 | entry 32 )
 * ```
 */
export function commitEntry(domain: Domain, { region, plainHash, auditor, salt, entry }: Committed): Uint8Array {
  return keccak256(
    abiEncode([
      COMMITMENT_TYPE,
      wordOfBytes32(domain.networkId),
      encodeRegion(region),
      wordOfBytes32(plainHash),
      wordOfAddress(auditor),
      wordOfBytes32(salt),
      wordOfBytes32(entry),
    ]),
  )
}

/** True if an opening is one of its own notice's commitment. Whether the notice is its auditor's is another question. */
export function isOpeningTrue(domain: Domain, { notice, salt, entry }: ReviewOpening): boolean {
  const { commitment, region, plainHash, auditor } = notice
  return commitment !== null && equalBytes(commitment, commitEntry(domain, { region, plainHash, auditor, salt, entry }))
}

/** Canonical bytes of an opening. */
export function encodeReviewOpening(opening: ReviewOpening): Uint8Array {
  return encodeCanonical(opening)
}

/** @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA. */
export function decodeReviewOpening(bytes: Uint8Array): ReviewOpening {
  return parseShape(reviewOpeningShape, decodeCanonical(bytes, REVIEW_OPENING_BYTES), 'opening of an entry')
}
