import { ownBytes } from './asn1.ts'
import { SignatureError } from './signature-error.ts'
import { EC_PUBLIC_KEY, ED25519, keyKindOf, RSA_ENCRYPTION } from './strength.ts'
import type { KeyKind, Strength } from './strength.ts'

/** Hash function of a digest method, by its name in WebCrypto. */
export type XmlDigest = { readonly name: string; readonly strength: Strength }

type Method = {
  readonly key: string
  readonly algorithm: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS' | 'ECDSA' | 'Ed25519'
  readonly hash: string
  /** Bytes of salt of RSA-PSS: as many as the hash function gives. */
  readonly saltLength?: number
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#'
const XMLENC = 'http://www.w3.org/2001/04/xmlenc#'

const DIGESTS: Readonly<Record<string, string>> = {
  'http://www.w3.org/2000/09/xmldsig#sha1': 'SHA-1',
  [`${XMLENC}sha256`]: 'SHA-256',
  [`${MORE}sha384`]: 'SHA-384',
  [`${XMLENC}sha512`]: 'SHA-512',
}

/** Signature methods of xmldsig-core1 section 6.4 and RFC 9231. */
const METHODS: Readonly<Record<string, Method>> = {
  'http://www.w3.org/2000/09/xmldsig#rsa-sha1': rsa('SHA-1'),
  [`${MORE}rsa-sha256`]: rsa('SHA-256'),
  [`${MORE}rsa-sha384`]: rsa('SHA-384'),
  [`${MORE}rsa-sha512`]: rsa('SHA-512'),
  [`${PSS}sha256-rsa-MGF1`]: { key: RSA_ENCRYPTION, algorithm: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  [`${PSS}sha384-rsa-MGF1`]: { key: RSA_ENCRYPTION, algorithm: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 },
  [`${PSS}sha512-rsa-MGF1`]: { key: RSA_ENCRYPTION, algorithm: 'RSA-PSS', hash: 'SHA-512', saltLength: 64 },
  [`${MORE}ecdsa-sha256`]: { key: EC_PUBLIC_KEY, algorithm: 'ECDSA', hash: 'SHA-256' },
  [`${MORE}ecdsa-sha384`]: { key: EC_PUBLIC_KEY, algorithm: 'ECDSA', hash: 'SHA-384' },
  [`${MORE}ecdsa-sha512`]: { key: EC_PUBLIC_KEY, algorithm: 'ECDSA', hash: 'SHA-512' },
  'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519': { key: ED25519, algorithm: 'Ed25519', hash: 'SHA-512' },
}

function rsa(hash: string): Method {
  return { key: RSA_ENCRYPTION, algorithm: 'RSASSA-PKCS1-v1_5', hash }
}

/**
 * Hash function of a digest method.
 *
 * @throws {SignatureError} for one that is not checked.
 */
export function xmlDigestOf(uri: string | undefined): XmlDigest {
  const name = Object.entries(DIGESTS).find(([known]) => known === uri)?.[1]
  if (name === undefined) throw new SignatureError('digest method is not one that is checked')
  return { name, strength: name === 'SHA-1' ? 'weak' : 'strong' }
}

/** A signature over bytes in the manner of XML. */
export type XmlSignedBytes = {
  /** Name of the signature method. */
  readonly method: string | undefined
  readonly signed: Uint8Array
  /** Value as decoded from base64; of ECDSA the two numbers side by side (RFC 9231 section 2.3.6). */
  readonly value: Uint8Array
  /** SubjectPublicKeyInfo. */
  readonly keyInfo: Uint8Array
}

/**
 * Strength of a signature when it holds with a key; `undefined` when it does not, or the key is of another kind.
 *
 * @throws {SignatureError} when the method is not checked.
 */
export async function verifyXmlMethod({
  method,
  signed,
  value,
  keyInfo,
}: XmlSignedBytes): Promise<Strength | undefined> {
  const known = Object.entries(METHODS).find(([name]) => name === method)?.[1]
  if (known === undefined) throw new SignatureError('signature method is not one that is checked')
  const key = tryKeyKind(keyInfo)
  if (key === undefined || key.oid !== known.key) return undefined
  const { algorithm: name, hash, saltLength } = known
  const { curve: namedCurve } = key
  const imported = { name, hash, ...(namedCurve === undefined ? {} : { namedCurve }) }
  const used = { name, hash, ...(saltLength === undefined ? {} : { saltLength }) }
  let holds: boolean
  try {
    const publicKey = await crypto.subtle.importKey('spki', ownBytes(keyInfo), imported, false, ['verify'])
    holds = await crypto.subtle.verify(used, publicKey, ownBytes(value), ownBytes(signed))
  } catch (cause) {
    throw new SignatureError('signature cannot be checked', { cause })
  }
  if (!holds) return undefined
  return key.strength === 'strong' && hash !== 'SHA-1' ? 'strong' : 'weak'
}

/** A certificate that came along may have a key that is not checked; it is then not the signer's. */
function tryKeyKind(keyInfo: Uint8Array): KeyKind | undefined {
  try {
    return keyKindOf(keyInfo)
  } catch (thrown) {
    if (thrown instanceof SignatureError) return undefined
    throw thrown
  }
}
