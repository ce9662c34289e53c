import type { Origin } from '#protocol'
import { formatTime } from './asn1.ts'
import { maySignDocuments } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import type { Strength } from './strength.ts'
import type { TrustList } from './trust-list.ts'
import { hasTrustPath } from './trust-path.ts'

/** What a valid signature of a certificate says of its writer. */
export type SignerOrigin = Omit<Origin, 'kind' | 'covers'>

/** Input of {@link judgeSigner}. */
export type SignerInit = {
  readonly certificate: Certificate
  readonly strength: Strength
  /** Certificates that came along. */
  readonly pool: readonly Certificate[]
  /** Proven time of signing, 14 digits of UTC. */
  readonly at: string | undefined
}

/**
 * Origin of what a certificate signed: trusted if the certificate or an authority above it is in the list, everything on
 * the way is strong, and the time of signing, when it is proven, lies within the validity. Without a proven time no clock
 * decides: the validity is reported as the certificate states it.
 */
export async function judgeSigner(init: SignerInit, trust: TrustList): Promise<SignerOrigin> {
  const { certificate, strength, pool, at } = init
  const isTrusted =
    strength === 'strong' &&
    maySignDocuments(certificate) &&
    (await hasTrustPath({ leaf: certificate, pool, anchors: trust.certificates, at }))
  return {
    signer: certificate.name,
    keyHash: certificate.hash,
    isTrusted,
    validity: {
      notBefore: formatTime(certificate.notBefore),
      notAfter: formatTime(certificate.notAfter),
      ...(at === undefined ? {} : { signedAt: formatTime(at) }),
    },
  }
}
