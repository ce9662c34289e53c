import type { AlgorithmIdentifier } from 'pkijs'
import { RSASSAPSSParams } from 'pkijs'
import { childrenOf, contentOf, decodeWith, isUniversal, oidOf, parseAsn1, TAG } from './asn1.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'

/**
 * `strong`: may be trusted. `weak`: holds, but somebody with money could have forged it; reported, never trusted.
 * What is neither is not checked at all.
 */
export type Strength = 'strong' | 'weak'

/** A hash function by its object identifier. */
const HASHES: Readonly<Record<string, { readonly name: string; readonly strength: Strength }>> = {
  '1.3.14.3.2.26': { name: 'SHA-1', strength: 'weak' },
  '2.16.840.1.101.3.4.2.1': { name: 'SHA-256', strength: 'strong' },
  '2.16.840.1.101.3.4.2.2': { name: 'SHA-384', strength: 'strong' },
  '2.16.840.1.101.3.4.2.3': { name: 'SHA-512', strength: 'strong' },
}

/** RSA keys, and PKCS #1 v1.5 signatures that leave the hash function to their frame (RFC 3370). */
export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const RSA_PSS = '1.2.840.113549.1.1.10'
/** Keys of elliptic curves (RFC 5480). */
export const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
/** Ed25519 (RFC 8410), for keys and signatures alike. */
export const ED25519 = '1.3.101.112'

/** Signature algorithms that name their hash function. */
const SIGNATURES: Readonly<
  Record<string, { readonly hash: string; readonly key: string; readonly strength: Strength }>
> = {
  '1.2.840.113549.1.1.5': { hash: 'SHA-1', key: RSA_ENCRYPTION, strength: 'weak' },
  '1.2.840.113549.1.1.11': { hash: 'SHA-256', key: RSA_ENCRYPTION, strength: 'strong' },
  '1.2.840.113549.1.1.12': { hash: 'SHA-384', key: RSA_ENCRYPTION, strength: 'strong' },
  '1.2.840.113549.1.1.13': { hash: 'SHA-512', key: RSA_ENCRYPTION, strength: 'strong' },
  '1.2.840.10045.4.1': { hash: 'SHA-1', key: EC_PUBLIC_KEY, strength: 'weak' },
  '1.2.840.10045.4.3.2': { hash: 'SHA-256', key: EC_PUBLIC_KEY, strength: 'strong' },
  '1.2.840.10045.4.3.3': { hash: 'SHA-384', key: EC_PUBLIC_KEY, strength: 'strong' },
  '1.2.840.10045.4.3.4': { hash: 'SHA-512', key: EC_PUBLIC_KEY, strength: 'strong' },
}

const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
}

/** What is known of a public key before it is used. */
export type KeyKind = {
  readonly oid: string
  readonly strength: Strength
  /** Name of the curve of an elliptic key, as WebCrypto has it. */
  readonly curve?: string
}

/**
 * Name and strength of a hash function.
 *
 * @throws {SignatureError} for MD5 and everything else that is not checked.
 */
export function hashOf(oid: string): { readonly name: string; readonly strength: Strength } {
  const hash = HASHES[oid]
  if (hash === undefined) throw new SignatureError(`hash function ${oid} is not one that is checked`)
  return hash
}

/**
 * Kind and strength of a public key: RSA of 2048 bits or more, the NIST curves, Ed25519.
 *
 * @param keyInfo SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
 * @throws {SignatureError} for keys of other kinds.
 */
export function keyKindOf(keyInfo: Uint8Array): KeyKind {
  const [algorithm, key] = childrenOf(parseAsn1(keyInfo, 'public key'))
  const [id, parameters] = childrenOf(algorithm)
  const oid = oidOf(id) ?? 'without name'
  if (key === undefined) throw new SignatureError('public key is malformed')
  switch (oid) {
    case RSA_ENCRYPTION:
    case RSA_PSS:
      return { oid, strength: rsaStrength(contentOf(key).subarray(1)) }
    case EC_PUBLIC_KEY:
      return { oid, strength: 'strong', curve: curveOf(oidOf(parameters) ?? 'without name') }
    case ED25519:
      return { oid, strength: 'strong' }
    default:
      throw new SignatureError(`public key of kind ${oid} is not one that is checked`)
  }
}

function curveOf(oid: string): string {
  const curve = CURVES[oid]
  if (curve === undefined) throw new SignatureError(`curve ${oid} is not one that is checked`)
  return curve
}

function rsaStrength(key: Uint8Array): Strength {
  const [modulus, exponent] = childrenOf(parseAsn1(key, 'RSA key'))
  if (modulus === undefined || exponent === undefined) throw new SignatureError('RSA key is malformed')
  const bits = bitLengthOf(contentOf(modulus))
  const exponentBits = bitLengthOf(contentOf(exponent))
  // Both take time without limit when nobody limits them; exponent 1 would sign anything.
  if (bits > ORIGIN_LIMITS.rsaBitsMost || exponentBits > 32 || exponentBits < 2) {
    throw new SignatureError(`RSA key of ${bits} bits is not one that is checked`)
  }
  return bits < ORIGIN_LIMITS.rsaBits ? 'weak' : 'strong'
}

/** Bits of an unsigned integer in big-endian bytes. */
function bitLengthOf(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  if (first === -1) return 0
  return (bytes.byteLength - first - 1) * 8 + (bytes[first] ?? 0).toString(2).length
}

/**
 * Strength of a signature made with a key: the weakest of key, hash function and padding.
 *
 * @param digest hash function that the signature's frame names; `undefined` for certificates, which name none.
 * @throws {SignatureError} when the algorithm is not checked, or does not fit the key or the frame.
 */
export function strengthOf(algorithm: AlgorithmIdentifier, key: KeyKind, digest: string | undefined): Strength {
  const used = algorithmStrength(algorithm, key, digest)
  const isStrong = used === 'strong' && key.strength === 'strong' && (digest === undefined || isStrongHash(digest))
  return isStrong ? 'strong' : 'weak'
}

function algorithmStrength(algorithm: AlgorithmIdentifier, key: KeyKind, digest: string | undefined): Strength {
  const id = algorithm.algorithmId
  const isRsa = key.oid === RSA_ENCRYPTION
  if (id === RSA_ENCRYPTION && isRsa && digest !== undefined) return 'strong'
  if (id === RSA_PSS && (isRsa || key.oid === RSA_PSS)) return pssStrength(algorithm, digest)
  if (id === ED25519 && key.oid === ED25519) return 'strong'
  const known = SIGNATURES[id]
  if (known === undefined) throw new SignatureError(`signature algorithm ${id} is not one that is checked`)
  if (known.key !== key.oid) throw new SignatureError('signature algorithm does not fit the key')
  if (isRsa && digest !== undefined && known.hash !== digest) {
    throw new SignatureError(`signature uses ${known.hash}, its frame says ${digest}`)
  }
  return known.strength
}

function isStrongHash(name: string): boolean {
  return name !== 'SHA-1'
}

/** RSASSA-PSS (RFC 4055): the default of an absent field is SHA-1. */
function pssStrength(algorithm: AlgorithmIdentifier, digest: string | undefined): Strength {
  const stated: unknown = algorithm.algorithmParams
  const parameters = decodeWith('RSASSA-PSS parameters', () => new RSASSAPSSParams({ schema: stated }))
  const hash = hashOf(parameters.hashAlgorithm.algorithmId)
  const mask = parameters.maskGenAlgorithm.algorithmParams as Parameters<typeof childrenOf>[0]
  const maskHash = isUniversal(mask, TAG.sequence) ? oidOf(childrenOf(mask)[0]) : undefined
  if (maskHash !== undefined && hashOf(maskHash).name !== hash.name) {
    throw new SignatureError('RSASSA-PSS with two hash functions is not checked')
  }
  if (digest !== undefined && hash.name !== digest) {
    throw new SignatureError(`signature uses ${hash.name}, its frame says ${digest}`)
  }
  return hash.strength
}
