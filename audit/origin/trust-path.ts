import { equalBytes } from '#protocol'
import { findIssuers, hasUnknownDemands, isAuthority } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'
import { bytesOfBits, verifyWithKey } from './verify-key.ts'

/** Question of {@link hasTrustPath}. */
export type TrustQuestion = {
  readonly leaf: Certificate
  /** Certificates that the file brings along; no other is ever fetched. */
  readonly pool: readonly Certificate[]
  /** SHA-256 (hex) of trusted certificates. */
  readonly anchors: ReadonlySet<string>
  /** Proven time of signing, 14 digits of UTC; without one, validity is judged by nothing. */
  readonly at: string | undefined
}

/**
 * True if the certificate, or an authority above it that the file brings along, stands in the list: each link is a
 * strong signature of an authority that may sign certificates (RFC 5280 section 6.1, without clock, names of policies
 * and revocation).
 *
 * The search is bounded in steps, so that certificates that name each other in circles end it and not the machine.
 */
export async function hasTrustPath({ leaf, pool, anchors, at }: TrustQuestion): Promise<boolean> {
  let steps = 0

  // A path length (RFC 5280 section 4.2.1.9) counts the authorities below the one that states it; the leaf is none.
  async function climb(certificate: Certificate, below: number): Promise<boolean> {
    if (!isValidAt(certificate, at)) return false
    if (anchors.has(certificate.hashHex)) return true
    if (below + 1 >= ORIGIN_LIMITS.pathLength || hasUnknownDemands(certificate)) return false
    for (const issuer of findIssuers(certificate, pool)) {
      steps += 1
      if (steps > ORIGIN_LIMITS.pathSteps) return false
      if (!isAuthority(issuer, below) || !(await isSignedBy(certificate, issuer))) continue
      if (await climb(issuer, below + 1)) return true
    }
    return false
  }

  return climb(leaf, 0)
}

function isValidAt(certificate: Certificate, at: string | undefined): boolean {
  return at === undefined || (certificate.notBefore <= at && at <= certificate.notAfter)
}

/** True if `issuer` signed `certificate`, strongly. */
async function isSignedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  const { tbsView, signature, signatureAlgorithm, signatureValue } = certificate.pki
  // RFC 5280 section 4.1.1.2: the signed field and the unsigned one must say the same.
  if (
    !equalBytes(new Uint8Array(signature.toSchema().toBER()), new Uint8Array(signatureAlgorithm.toSchema().toBER()))
  ) {
    return false
  }
  try {
    const strength = await verifyWithKey({
      signed: tbsView,
      signature: bytesOfBits(signatureValue),
      algorithm: signatureAlgorithm,
      keyInfo: issuer.keyInfo,
    })
    return strength === 'strong'
  } catch (thrown) {
    if (thrown instanceof SignatureError) return false
    throw thrown
  }
}
