import type { BaseBlock } from 'asn1js'
import { equalBytes } from '#protocol'
import { childrenOf, octetsOf, oidOf, parseAsn1, rawOf, readTime } from './asn1.ts'
import { mayStampTime } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { checkSigner, findAttribute, readCms } from './cms.ts'
import type { CheckedSigner } from './cms.ts'
import { hasSigningCertificate } from './signing-certificate.ts'
import { SignatureError } from './signature-error.ts'
import { hashOf } from './strength.ts'
import { hasTrustPath } from './trust-path.ts'
import { digestOf } from './verify-key.ts'

const TIME_STAMP_TOKEN = '1.2.840.113549.1.9.16.2.14'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'

/**
 * When a signature existed, as a trusted time-stamping service says (RFC 3161), in 14 digits of UTC.
 *
 * A token stands outside of what is signed, so that anybody may put a false one in: one that does not hold, or whose
 * service is not in the list, proves nothing and refuses nothing.
 *
 * @param pool certificates of the signature; the token brings its own as well.
 */
export async function findSigningTime(
  checked: CheckedSigner,
  pool: readonly Certificate[],
  authorities: ReadonlySet<string>,
): Promise<string | undefined> {
  const token = findAttribute(checked.signer.info.unsignedAttrs?.attributes ?? [], TIME_STAMP_TOKEN)
  if (token === undefined || authorities.size === 0) return undefined
  try {
    return await readToken(token, checked, { pool, authorities })
  } catch (thrown) {
    if (thrown instanceof SignatureError) return undefined
    throw thrown
  }
}

async function readToken(
  token: BaseBlock,
  { signer }: CheckedSigner,
  trust: { readonly pool: readonly Certificate[]; readonly authorities: ReadonlySet<string> },
): Promise<string | undefined> {
  const cms = readCms(rawOf(token))
  const [stamper, second] = cms.signers
  if (cms.contentType !== TST_INFO || cms.content === undefined || stamper === undefined || second !== undefined) {
    return undefined
  }
  const checked = await checkSigner(cms, stamper, cms.content)
  // TSTInfo ::= SEQUENCE { version, policy, messageImprint, serialNumber, genTime, … }
  const [, , imprint, , genTime] = childrenOf(parseAsn1(cms.content, 'time stamp'))
  const [algorithm, stamped] = childrenOf(imprint)
  const hash = hashOf(oidOf(childrenOf(algorithm)[0]) ?? 'without name')
  const digest = await digestOf(hash.name, signer.info.signature.valueBlock.valueHexView)
  const time = readTime(genTime, 'time stamp')
  const isSound =
    checked.strength === 'strong' &&
    hash.strength === 'strong' &&
    equalBytes(octetsOf(stamped) ?? new Uint8Array(0), digest) &&
    mayStampTime(checked.certificate) &&
    hasSigningCertificate(stamper.info.signedAttrs?.attributes ?? [])
  if (!isSound) return undefined
  const isTrusted = await hasTrustPath({
    leaf: checked.certificate,
    pool: [...cms.certificates, ...trust.pool],
    anchors: trust.authorities,
    at: time,
  })
  return isTrusted ? time : undefined
}
