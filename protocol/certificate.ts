import { z } from 'zod'
import { equalBytes, orderBytes } from './bytes.ts'
import type { Domain } from './domain.ts'
import { LIMITS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { quorumOf } from './quorum.ts'
import { bytesUpToShape, signatureShape } from './shapes.ts'
import { recoverAddress } from './signature.ts'
import { hashVote, voteContentShape } from './vote.ts'

/** Schema of a certificate: a quorum of votes with equal content. */
export const certificateShape = z.strictObject({
  content: voteContentShape,
  /** Which claims of the batch are accepted; `content.acceptedRoot` commits to them. */
  bitmap: bytesUpToShape(LIMITS.batchClaims / 8),
  /** Signatures in ascending order of their signers' addresses. */
  signatures: z.array(signatureShape).min(1).max(64),
})

/** A quorum of votes over the same accepted set. */
export type Certificate = z.infer<typeof certificateShape>

/**
 * Checks that `signatures` over `digest` are those of a quorum of distinct members, in ascending order of address.
 *
 * @returns the signers' addresses.
 * @throws {ProtocolError} ERR_PROTOCOL_QUORUM, ERR_PROTOCOL_SIGNATURE.
 */
export function verifyQuorum(
  committee: readonly Uint8Array[],
  digest: Uint8Array,
  signatures: readonly Uint8Array[],
): Uint8Array[] {
  const signers = signatures.map((signature) => recoverAddress(digest, signature))
  const isMember = (signer: Uint8Array): boolean => committee.some((member) => equalBytes(member, signer))
  const ascending = signers.every((signer, i) => i === 0 || orderBytes(signers[i - 1] ?? signer, signer) < 0)
  if (!ascending || !signers.every(isMember) || signers.length < quorumOf(committee.length)) {
    throw new ProtocolError(
      `${signers.length} signatures are no quorum of ${committee.length} members (need ${quorumOf(committee.length)} distinct members in ascending order)`,
      { code: 'ERR_PROTOCOL_QUORUM' },
    )
  }
  return signers
}

/**
 * Checks a certificate's quorum; the accepted set is checked where the batch is at hand.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_QUORUM, ERR_PROTOCOL_SIGNATURE.
 */
export function verifyCertificate(
  domain: Domain,
  committee: readonly Uint8Array[],
  certificate: Certificate,
): Uint8Array[] {
  return verifyQuorum(committee, hashVote(domain, certificate.content), certificate.signatures)
}
