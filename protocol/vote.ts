import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfBytes32, wordOfUint } from './abi-words.ts'
import { equalBytes } from './bytes.ts'
import { digestOf } from './codec.ts'
import { digestInDomain, typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import {
  addressShape,
  blockCidShape,
  bytesUpToShape,
  countShape,
  decimalTextShape,
  hashShape,
  regionNameShape,
  signatureShape,
} from './shapes.ts'
import { recoverAddress, signDigest } from './signature.ts'

/** What a vote signs; votes with equal content make a certificate. */
export const voteContentShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  round: countShape,
  batch: blockCidShape,
  /** Merkle root over the accepted leaves, in batch order. */
  acceptedRoot: hashShape,
  accepted: z.number().int().min(0).max(LIMITS.batchClaims),
  /** Sum of the accepted claims' location-based grams. */
  totalGrams: decimalTextShape,
})

/** Content of a vote. */
export type VoteContent = z.infer<typeof voteContentShape>

/** Why an auditor does not accept one claim of a batch; travels beside the vote. */
export const refusalShape = z.strictObject({
  index: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.batchClaims - 1),
  code: z.string().regex(/^ERR_[A-Z0-9_]{2,60}$/),
  /** Claim id that holds the period, for ERR_CLAIM_OVERLAP. */
  heldBy: hashShape.optional(),
})

/** Refusal of one claim. */
export type Refusal = z.infer<typeof refusalShape>

/** Schema of a vote as gossip carries it. */
export const voteShape = z.strictObject({
  content: voteContentShape,
  /** One bit a claim, least significant bit of the first byte first; 1 = accepted. */
  bitmap: bytesUpToShape(LIMITS.batchClaims / 8),
  refusals: z.array(refusalShape).max(LIMITS.batchClaims),
  voter: addressShape,
  signature: signatureShape,
})

/** One auditor's signature over what it accepts of a batch. */
export type Vote = z.infer<typeof voteShape>

const VOTE_TYPE = typeHash(
  'Vote(bytes32 region,uint64 epoch,uint32 round,bytes32 batch,bytes32 acceptedRoot,uint32 accepted,uint256 totalGrams)',
)

/** EIP-712 digest of a vote's content. */
export function hashVote(domain: Domain, content: VoteContent): Uint8Array {
  return digestInDomain(
    domain,
    keccak256(
      abiEncode([
        VOTE_TYPE,
        encodeRegion(content.region),
        wordOfUint(content.epoch, 64),
        wordOfUint(content.round, 32),
        digestOf(content.batch),
        wordOfBytes32(content.acceptedRoot),
        wordOfUint(content.accepted, 32),
        wordOfUint(BigInt(content.totalGrams)),
      ]),
    ),
  )
}

/** Signs a vote's content; the same content gives the same bytes. */
export function signVote(domain: Domain, content: VoteContent, privateKey: Uint8Array): Uint8Array {
  return signDigest(hashVote(domain, content), privateKey)
}

/**
 * Checks that the named voter signed a vote.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
 */
export function verifyVote(domain: Domain, vote: Vote): void {
  if (!equalBytes(recoverAddress(hashVote(domain, vote.content), vote.signature), vote.voter)) {
    throw new ProtocolError('vote is not signed by its voter', { code: 'ERR_PROTOCOL_SIGNATURE' })
  }
}

/** Bitmap with a bit for each of `size` claims, set where `isAccepted` says so. */
export function encodeBitmap(size: number, isAccepted: (index: number) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(size / 8))
  for (let i = 0; i < size; i += 1) if (isAccepted(i)) bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (1 << (i & 7))
  return bitmap
}

/** True if the bitmap has the bit of claim `index`. */
export function isBitSet(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}
