import type { BaseBlock } from 'asn1js'
import type { Attribute } from 'pkijs'
import { equalBytes } from '#protocol'
import { childrenOf, isUniversal, octetsOf, oidOf, TAG } from './asn1.ts'
import type { Certificate } from './certificate.ts'
import { SignatureError } from './signature-error.ts'
import { hashOf } from './strength.ts'
import { digestOf } from './verify-key.ts'

/** ESS signing certificate: SHA-1 (RFC 2634 section 5.4), and any hash function (RFC 5035 section 3). */
const VERSION_1 = '1.2.840.113549.1.9.16.2.12'
const VERSION_2 = '1.2.840.113549.1.9.16.2.47'
const SHA_1 = '1.3.14.3.2.26'
const SHA_256 = '2.16.840.1.101.3.4.2.1'

/** True if a signer signed which certificate is its own, as CAdES and time stamps must (ETSI EN 319 122-1). */
export function hasSigningCertificate(attributes: readonly Attribute[]): boolean {
  return attributes.some(({ type }) => type === VERSION_1 || type === VERSION_2)
}

/**
 * Holds the signer's certificate against the one that it signed to be its own; without this, a certificate of the same
 * key and other words could take its place. Nothing to hold is nothing wrong.
 *
 * SHA-1 is good enough here: who wanted to exchange the certificate would need a second preimage of it.
 *
 * @throws {SignatureError}
 */
export async function checkSigningCertificate(
  attributes: readonly Attribute[],
  certificate: Certificate,
): Promise<void> {
  for (const { type, values } of attributes) {
    if (type !== VERSION_1 && type !== VERSION_2) continue
    const blocks: readonly BaseBlock[] = values
    // SigningCertificate ::= SEQUENCE { certs SEQUENCE OF ESSCertID, … }, the first is the signer's.
    const fields = childrenOf(childrenOf(childrenOf(blocks[0])[0])[0])
    const stated = isUniversal(fields[0], TAG.sequence) ? oidOf(childrenOf(fields[0])[0]) : undefined
    const wanted = octetsOf(stated === undefined ? fields[0] : fields[1])
    const oid = type === VERSION_1 ? SHA_1 : (stated ?? SHA_256)
    if (wanted === undefined || !equalBytes(wanted, await digestOf(hashOf(oid).name, certificate.der))) {
      throw new SignatureError('signer signed that another certificate is its own')
    }
  }
}
