import { OctetString } from 'asn1js'
import type { BitString } from 'asn1js'
import { CryptoEngine, PublicKeyInfo } from 'pkijs'
import type { AlgorithmIdentifier } from 'pkijs'
import { ownBytes, parseAsn1 } from './asn1.ts'
import { SignatureError } from './signature-error.ts'
import { ED25519, keyKindOf, RSA_ENCRYPTION, strengthOf } from './strength.ts'
import type { Strength } from './strength.ts'

/** WebCrypto of the machine, which is OpenSSL in Node; nothing here uses its clock or its random numbers. */
const ENGINE = new CryptoEngine({ name: 'kwitness', crypto })

/** What was signed, with what, and by which key. */
export type SignedBytes = {
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  /** SubjectPublicKeyInfo of the signer. */
  readonly keyInfo: Uint8Array
  /** Hash function that the frame of the signature names, such as `SHA-256`; certificates have no such frame. */
  readonly digest?: string
}

/**
 * Strength of a signature that holds.
 *
 * @throws {SignatureError} when it does not hold, or its algorithm is not checked.
 */
export async function verifyWithKey(init: SignedBytes): Promise<Strength> {
  const key = keyKindOf(init.keyInfo)
  const strength = strengthOf(init.algorithm, key, init.digest)
  let holds: boolean
  try {
    holds = await (key.oid === ED25519 ? verifyEd25519(init) : verifyByEngine(init))
  } catch (cause) {
    throw new SignatureError('signature cannot be checked', { cause })
  }
  if (!holds) throw new SignatureError('signature does not hold')
  return strength
}

async function verifyByEngine({ keyInfo, signature, signed, algorithm, digest }: SignedBytes): Promise<boolean> {
  const publicKey = new PublicKeyInfo({ schema: parseAsn1(keyInfo, 'public key') })
  const value = new OctetString({ valueHex: ownBytes(signature) })
  // An identifier that names no hash function takes that of the frame; every other one has its own.
  const hash = algorithm.algorithmId === RSA_ENCRYPTION ? digest : undefined
  return ENGINE.verifyWithPublicKey(ownBytes(signed).buffer, value, publicKey, algorithm, hash)
}

// RFC 8410; pkijs does not know it.
async function verifyEd25519({ keyInfo, signature, signed }: SignedBytes): Promise<boolean> {
  const key = await crypto.subtle.importKey('spki', ownBytes(keyInfo), { name: 'Ed25519' }, false, ['verify'])
  return crypto.subtle.verify({ name: 'Ed25519' }, key, ownBytes(signature), ownBytes(signed))
}

/** Digest of bytes by a hash function of {@link strengthOf}. */
export async function digestOf(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(name, ownBytes(bytes)))
}

/**
 * Bytes of a signature in a certificate.
 *
 * @throws {SignatureError} when its BIT STRING is no whole number of bytes.
 */
export function bytesOfBits(bits: BitString): Uint8Array {
  if (bits.valueBlock.unusedBits !== 0) throw new SignatureError('signature is no whole number of bytes')
  return bits.valueBlock.valueHexView
}
