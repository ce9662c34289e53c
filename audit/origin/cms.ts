import type { BaseBlock } from 'asn1js'
import { SignerInfo } from 'pkijs'
import type { Attribute } from 'pkijs'
import { concatBytes, equalBytes } from '#protocol'
import {
  childrenOf,
  contentOf,
  decodeWith,
  isContext,
  isUniversal,
  octetsOf,
  oidOf,
  parseAsn1Prefix,
  rawOf,
  TAG,
} from './asn1.ts'
import { parseCertificates } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { checkSigningCertificate } from './signing-certificate.ts'
import { SignatureError } from './signature-error.ts'
import { hashOf } from './strength.ts'
import type { Strength } from './strength.ts'
import { digestOf, verifyWithKey } from './verify-key.ts'

/** Object identifiers of RFC 5652. */
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
/** Plain bytes, such as a file. */
export const ID_DATA = '1.2.840.113549.1.7.1'

/** A CMS SignedData structure (RFC 5652 section 5) as the file has it; nothing has been checked. */
export type Cms = {
  readonly contentType: string
  /** What the structure encloses; absent when the signed bytes are elsewhere. */
  readonly content?: Uint8Array
  /** Certificates that came along, none twice. */
  readonly certificates: readonly Certificate[]
  readonly signers: readonly Signer[]
}

/** One signer of a {@link Cms}. */
export type Signer = {
  readonly info: SignerInfo
  /** Element that says which certificate is the signer's. */
  readonly id: BaseBlock
}

/** A signature that holds. */
export type CheckedSigner = {
  readonly certificate: Certificate
  readonly strength: Strength
  readonly signer: Signer
}

/**
 * The SignedData of DER or BER bytes.
 *
 * @param padding bytes that may follow the structure: the hex of a PDF is filled up with zeros, text files end with
 * blanks.
 * @throws {SignatureError} when the bytes are something else, or over a limit.
 */
export function readCms(bytes: Uint8Array, padding: readonly number[] = []): Cms {
  const { block: root, sizeBytes } = parseAsn1Prefix(bytes, 'signature')
  if (!bytes.subarray(sizeBytes).every((byte) => padding.includes(byte))) {
    throw new SignatureError('bytes follow the signature structure')
  }
  const [type, wrapped] = childrenOf(root)
  const signedData = isContext(wrapped, 0) ? childrenOf(wrapped)[0] : undefined
  if (oidOf(type) !== SIGNED_DATA || !isUniversal(signedData, TAG.sequence)) {
    throw new SignatureError(`content ${oidOf(type) ?? 'without type'} is not signed data`)
  }
  const [, , enclosed, ...rest] = childrenOf(signedData)
  const signerSet = rest.at(-1)
  const [contentType, content] = childrenOf(enclosed)
  if (!isUniversal(signerSet, TAG.set) || !isUniversal(contentType, TAG.oid)) {
    throw new SignatureError('signed data is malformed')
  }
  const octets = content === undefined ? undefined : joinOctets(childrenOf(content)[0])
  return {
    contentType: oidOf(contentType) ?? '',
    ...(octets === undefined ? {} : { content: octets }),
    certificates: readCertificates(rest.find((block) => isContext(block, 0))),
    signers: readSigners(childrenOf(signerSet)),
  }
}

/**
 * The signer of a SignedData, when its signature over the content holds (RFC 5652 sections 5.4 and 5.6).
 *
 * @param content bytes that were signed: {@link Cms.content}, or what a detached signature stands beside.
 * @throws {SignatureError} when anything does not hold.
 */
export async function checkSigner(cms: Cms, signer: Signer, content: Uint8Array): Promise<CheckedSigner> {
  const { info } = signer
  const certificate = findSigner(cms, signer)
  const digest = hashOf(info.digestAlgorithm.algorithmId).name
  const attributes = info.signedAttrs?.attributes
  let signed = content
  if (attributes !== undefined) {
    checkOnce(attributes)
    if (oidOf(findAttribute(attributes, CONTENT_TYPE)) !== cms.contentType) {
      throw new SignatureError('signed content type is another one')
    }
    const found = octetsOf(findAttribute(attributes, MESSAGE_DIGEST))
    if (found === undefined || !equalBytes(found, await digestOf(digest, content))) {
      throw new SignatureError('digest of the signed bytes is another one')
    }
    await checkSigningCertificate(attributes, certificate)
    signed = new Uint8Array(info.signedAttrs?.encodedValue ?? new ArrayBuffer(0))
  }
  const strength = await verifyWithKey({
    signed,
    signature: info.signature.valueBlock.valueHexView,
    algorithm: info.signatureAlgorithm,
    keyInfo: certificate.keyInfo,
    digest,
  })
  return { certificate, strength, signer }
}

/** The one value of an attribute; `undefined` when it is absent, or has none or several. */
export function findAttribute(attributes: readonly Attribute[], type: string): BaseBlock | undefined {
  const values: readonly BaseBlock[] = attributes.find((attribute) => attribute.type === type)?.values ?? []
  return values.length === 1 ? values[0] : undefined
}

/** RFC 5652 section 11: no attribute twice; two digests would let each reader take its own. */
function checkOnce(attributes: readonly Attribute[]): void {
  if (attributes.length > ORIGIN_LIMITS.attributes) throw new SignatureError('signature has too many attributes')
  const types = new Set(attributes.map(({ type }) => type))
  if (types.size !== attributes.length) throw new SignatureError('signature has an attribute twice')
}

function readCertificates(block: BaseBlock | undefined): readonly Certificate[] {
  return parseCertificates(
    childrenOf(block)
      .filter((child) => isUniversal(child, TAG.sequence))
      .map(rawOf),
  )
}

function readSigners(blocks: readonly BaseBlock[]): readonly Signer[] {
  if (blocks.length === 0) throw new SignatureError('nobody signed')
  if (blocks.length > ORIGIN_LIMITS.signers) throw new SignatureError('too many signers')
  return blocks.map((block) => {
    const [, id] = childrenOf(block)
    if (id === undefined) throw new SignatureError('signer is malformed')
    return { id, info: decodeWith('signer', () => new SignerInfo({ schema: block })) }
  })
}

/** The certificate that a signer names, by issuer and serial number or by key identifier (RFC 5652 section 5.3). */
function findSigner(cms: Cms, { id }: Signer): Certificate {
  const [issuer, serial] = childrenOf(id)
  const found = cms.certificates.filter((certificate) => {
    if (isContext(id, 0)) {
      return certificate.subjectKeyId !== undefined && equalBytes(certificate.subjectKeyId, contentOf(id))
    }
    if (issuer === undefined || serial === undefined) return false
    return equalBytes(certificate.issuer, rawOf(issuer)) && equalBytes(certificate.serial, contentOf(serial))
  })
  const [certificate] = found
  if (certificate === undefined) throw new SignatureError('certificate of the signer is not in the file')
  if (found.length > 1) throw new SignatureError('several certificates claim to be the signer')
  return certificate
}

/** Bytes of an OCTET STRING; BER writers cut it into pieces, which may be cut again. */
function joinOctets(block: BaseBlock | undefined): Uint8Array {
  const whole = octetsOf(block)
  if (whole !== undefined) return whole
  if (block === undefined || !isUniversal(block, TAG.octetString)) {
    throw new SignatureError('signed content is not a string of bytes')
  }
  return concatBytes(childrenOf(block).map(joinOctets))
}
