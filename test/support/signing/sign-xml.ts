import { createHash, sign } from 'node:crypto'
import { certificateOf, privateKeyOf } from './keys.ts'
import type { Seal } from './keys.ts'

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED = `${DSIG}enveloped-signature`
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** One reference of {@link signXml}. */
type XmlReferenceInit = {
  /** @default '' */
  readonly uri?: string
  /** @default enveloped signature, then exclusive canonicalization */
  readonly transforms?: readonly string[]
  /** Canonical text that is digested. @default the document without the signature */
  readonly text?: string
  /** @default SHA-256 */
  readonly digest?: 'sha1' | 'sha256'
  /** @default '' */
  readonly attributes?: string
}

/** Options of {@link signXml}. */
export type XmlSigning = {
  /** @default 'utility' */
  readonly seal?: Seal
  /** @default the seal's, and `below` */
  readonly certificates?: readonly Seal[]
  readonly references?: readonly XmlReferenceInit[]
  /** Name of the signature method, when it is not that of the key with SHA-256. */
  readonly method?: string
  /** Elements behind KeyInfo, in canonical form with their namespaces declared. */
  readonly objects?: string
  /** Text of KeyInfo, when it is not certificates. */
  readonly keyInfo?: string
  readonly canonicalization?: string
}

/** Where the signature goes in a document of {@link signXml}. */
export const HERE = '<!--here-->'

/**
 * The document with an enveloped signature in the place of {@link HERE}.
 *
 * No canonicalization is done: the document must be written in its canonical form already, and the signature is.
 */
export function signXml(document: string, options: XmlSigning = {}): string {
  const { seal = 'utility', references = [{}], objects = '', canonicalization = EXCLUSIVE } = options
  const plain = document.replace(HERE, '')
  const key = privateKeyOf(seal)
  const method = options.method ?? methodOf(key.asymmetricKeyType ?? '')
  const info =
    `<ds:SignedInfo xmlns:ds="${DSIG}">` +
    `<ds:CanonicalizationMethod Algorithm="${canonicalization}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${method}"></ds:SignatureMethod>` +
    references.map((reference) => referenceOf(reference, plain)).join('') +
    '</ds:SignedInfo>'
  const hash = key.asymmetricKeyType === 'ed25519' ? null : method.endsWith('sha1') ? 'sha1' : 'sha256'
  const value = sign(hash, Buffer.from(info), { key, dsaEncoding: 'ieee-p1363' }).toString('base64')
  const keyInfo = options.keyInfo ?? certificatesOf(options.certificates ?? [seal, 'below'])
  return document.replace(
    HERE,
    `<ds:Signature xmlns:ds="${DSIG}">${info}<ds:SignatureValue>\n${value}\n</ds:SignatureValue>` +
      `<ds:KeyInfo>${keyInfo}</ds:KeyInfo>${objects}</ds:Signature>`,
  )
}

/** X509Data of certificates. */
export function certificatesOf(seals: readonly Seal[]): string {
  const certificates = seals.map((seal) => Buffer.from(certificateOf(seal)).toString('base64'))
  return `<ds:X509Data>${certificates.map((one) => `<ds:X509Certificate>${one}</ds:X509Certificate>`).join('')}</ds:X509Data>`
}

/** XAdES properties that say which certificate is the signer's, in canonical form. */
export function signedProperties(seal: Seal, id = 'properties'): string {
  const digest = createHash('sha256').update(certificateOf(seal)).digest('base64')
  return (
    `<xades:SignedProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Id="${id}">` +
    '<xades:SignedSignatureProperties><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>' +
    `<ds:DigestMethod xmlns:ds="${DSIG}" Algorithm="${SHA256}"></ds:DigestMethod>` +
    `<ds:DigestValue xmlns:ds="${DSIG}">${digest}</ds:DigestValue></xades:CertDigest></xades:Cert>` +
    '</xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>'
  )
}

function referenceOf(reference: XmlReferenceInit, plain: string): string {
  const { uri = '', transforms = [ENVELOPED, EXCLUSIVE], text = plain, digest = 'sha256', attributes = '' } = reference
  const value = createHash(digest).update(text).digest('base64')
  const algorithms = transforms.map((name) => `<ds:Transform Algorithm="${name}"></ds:Transform>`).join('')
  return (
    `<ds:Reference${attributes} URI="${uri}">${algorithms === '' ? '' : `<ds:Transforms>${algorithms}</ds:Transforms>`}` +
    `<ds:DigestMethod Algorithm="${digest === 'sha1' ? `${DSIG}sha1` : SHA256}"></ds:DigestMethod>` +
    `<ds:DigestValue>${value}</ds:DigestValue></ds:Reference>`
  )
}

function methodOf(keyType: string): string {
  if (keyType === 'ed25519') return 'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519'
  return `${MORE}${keyType === 'ec' ? 'ecdsa' : 'rsa'}-sha256`
}
