import type { BaseBlock } from 'asn1js'
import { BasicConstraints, Certificate as PkiCertificate, ExtKeyUsage } from 'pkijs'
import type { Extension } from 'pkijs'
import { equalBytes, sha256, toHex } from '#protocol'
import { childrenOf, contentOf, decodeWith, isContext, octetsOf, parseAsn1, rawOf, readTime } from './asn1.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'

/** A certificate of a file (RFC 5280), with what trust is judged by; nothing in it has been checked yet. */
export type Certificate = {
  /** SHA-256 over the DER bytes as they stand in the file, and the same as lower-case hex without `0x`. */
  readonly hash: Uint8Array
  readonly hashHex: string
  readonly der: Uint8Array
  /** Names as encoded; equal bytes mean the same name. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Serial number as encoded, without tag and length. */
  readonly serial: Uint8Array
  /** SubjectPublicKeyInfo as encoded. */
  readonly keyInfo: Uint8Array
  readonly subjectKeyId: Uint8Array | undefined
  /** 14 digits of UTC, see {@link readTime}. */
  readonly notBefore: string
  readonly notAfter: string
  /** Subject in words. */
  readonly name: string
  readonly pki: PkiCertificate
}

const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const

/** Bits of a key usage (RFC 5280 section 4.2.1.3), from the most significant one of the first byte. */
const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, certificateSigning: 0x04 } as const

/** Purposes for which a certificate was issued that have nothing to do with signing documents. */
const FOREIGN_PURPOSES: ReadonlySet<string> = new Set([
  '1.3.6.1.5.5.7.3.1', // TLS server
  '1.3.6.1.5.5.7.3.3', // code
  '1.3.6.1.5.5.7.3.8', // time stamps
  '1.3.6.1.5.5.7.3.9', // answers on revocation
])
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/** Short names of RFC 4514, and those of RFC 5280's other attributes that utilities' certificates have. */
const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.97': 'organizationIdentifier',
}

/**
 * A certificate of its DER bytes.
 *
 * @throws {SignatureError} when the bytes are not exactly one certificate.
 */
function parseCertificate(der: Uint8Array): Certificate {
  const root = parseAsn1(der, 'certificate')
  const fields = childrenOf(childrenOf(root)[0])
  const [serial, , issuer, validity, subject, keyInfo] = isContext(fields[0], 0) ? fields.slice(1) : fields
  if (serial === undefined || issuer === undefined || subject === undefined || keyInfo === undefined) {
    throw new SignatureError('certificate is malformed')
  }
  const [notBefore, notAfter] = childrenOf(validity)
  const parts = {
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    serial: contentOf(serial),
    keyInfo: rawOf(keyInfo),
    notBefore: readTime(notBefore, 'certificate'),
    notAfter: readTime(notAfter, 'certificate'),
  }
  const pki = decodeWith('certificate', () => new PkiCertificate({ schema: root }))
  checkExtensions(pki.extensions ?? [])
  const hash = sha256(der)
  return {
    ...parts,
    der,
    hash,
    hashHex: toHex(hash).slice(2),
    subjectKeyId: keyIdOf(pki),
    name: nameOf(pki),
    pki,
  }
}

/**
 * Certificates of a file, none twice. One that is malformed is left out: files bring some along that nobody needs, and a
 * signer without certificate is refused.
 */
export function parseCertificates(ders: readonly Uint8Array[]): readonly Certificate[] {
  if (ders.length > ORIGIN_LIMITS.certificates) throw new SignatureError('signature brings too many certificates')
  const certificates: Certificate[] = []
  for (const der of ders) {
    const certificate = tryParse(der)
    const isNew = certificate !== undefined && !certificates.some((other) => isSameCertificate(other, certificate))
    if (isNew) certificates.push(certificate)
  }
  return certificates
}

function tryParse(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (thrown) {
    if (thrown instanceof SignatureError) return undefined
    throw thrown
  }
}

/** One certificate twice, as files often bring it, is one certificate. */
function isSameCertificate(a: Certificate, b: Certificate): boolean {
  return equalBytes(a.hash, b.hash)
}

/** True if the certificate may sign others that stand `below` authorities under it (RFC 5280 section 6.1.4). */
export function isAuthority(certificate: Certificate, below: number): boolean {
  const constraints = findExtension(certificate, EXTENSION.basicConstraints)?.parsedValue
  if (!(constraints instanceof BasicConstraints) || !constraints.cA) return false
  const longest: unknown = constraints.pathLenConstraint
  // pkijs gives lengths beyond 2^31 as its own integer type; they limit nothing.
  if (typeof longest === 'number' && below > longest) return false
  const usage = keyUsageOf(certificate)
  return usage === undefined || (usage & KEY_USAGE.certificateSigning) !== 0
}

/** True if the certificate's stated uses let it sign documents: nothing stated, or something other than servers and code. */
export function maySignDocuments(certificate: Certificate): boolean {
  const usage = keyUsageOf(certificate)
  if (usage !== undefined && (usage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) === 0) return false
  const purposes = purposesOf(certificate)
  return purposes === undefined || purposes.some((purpose) => !FOREIGN_PURPOSES.has(purpose))
}

/** True if the certificate was issued for time stamps and nothing else (RFC 3161 section 2.3). */
export function mayStampTime(certificate: Certificate): boolean {
  const purposes = purposesOf(certificate)
  return (
    purposes?.length === 1 &&
    purposes[0] === TIME_STAMPING &&
    findExtension(certificate, EXTENSION.extendedKeyUsage)?.critical === true
  )
}

/** True if the certificate demands something that this version does not understand (RFC 5280 section 4.2). */
export function hasUnknownDemands(certificate: Certificate): boolean {
  const known: readonly string[] = Object.values(EXTENSION)
  return (certificate.pki.extensions ?? []).some(({ critical, extnID }) => critical && !known.includes(extnID))
}

function checkExtensions(extensions: readonly Extension[]): void {
  const ids = new Set(extensions.map(({ extnID }) => extnID))
  if (ids.size !== extensions.length) throw new SignatureError('certificate has an extension twice')
}

function findExtension(certificate: { readonly pki: PkiCertificate }, id: string): Extension | undefined {
  return certificate.pki.extensions?.find(({ extnID }) => extnID === id)
}

/** First byte of the key usage, which has all bits that matter here; `undefined` when none is stated. */
function keyUsageOf(certificate: Certificate): number | undefined {
  const extension = findExtension(certificate, EXTENSION.keyUsage)
  if (extension === undefined) return undefined
  const bits = contentOf(parseAsn1(extension.extnValue.valueBlock.valueHexView, 'key usage'))
  return bits[1] ?? 0
}

function purposesOf(certificate: Certificate): readonly string[] | undefined {
  const value = findExtension(certificate, EXTENSION.extendedKeyUsage)?.parsedValue
  return value instanceof ExtKeyUsage ? value.keyPurposes : undefined
}

function keyIdOf(pki: PkiCertificate): Uint8Array | undefined {
  const extension = findExtension({ pki }, EXTENSION.subjectKeyId)
  return extension === undefined
    ? undefined
    : octetsOf(parseAsn1(extension.extnValue.valueBlock.valueHexView, 'subject key identifier'))
}

function nameOf(pki: PkiCertificate): string {
  const parts = pki.subject.typesAndValues.map(({ type, value }) => {
    const text: unknown = (value as BaseBlock & { valueBlock: { value?: unknown } }).valueBlock.value
    return `${ATTRIBUTE_NAMES[type] ?? type}=${typeof text === 'string' ? text : '?'}`
  })
  return printable(parts.join(', '))
}

/** A name from outside as it may stand in a result: one line, no control characters, not longer than a line or two. */
export function printable(text: string): string {
  const plain = text.normalize('NFC').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
  return Array.from(plain).slice(0, ORIGIN_LIMITS.nameChars).join('')
}

/** Certificates by the name of their subject, to climb from one to its issuers. */
export function findIssuers(certificate: Certificate, pool: readonly Certificate[]): readonly Certificate[] {
  return pool.filter((other) => equalBytes(other.subject, certificate.issuer) && !isSameCertificate(other, certificate))
}
