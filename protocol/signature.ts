import secp256k1 from 'secp256k1'
import { fromHex, orderBytes } from './bytes.ts'
import { keccak256 } from './hash.ts'
import { ProtocolError } from './protocol-error.ts'

/** Half of the order of secp256k1: signatures with a larger s are the malleable twins of valid ones, and refused. */
const HALF_ORDER = fromHex('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 32)

function addressOfPoint(uncompressed: Uint8Array): Uint8Array {
  return keccak256(uncompressed.subarray(1)).slice(12)
}

/** Ethereum address (20 bytes) of a secp256k1 public key, 33 or 65 bytes. */
export function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  return addressOfPoint(secp256k1.publicKeyConvert(publicKey, false))
}

/** Ethereum address (20 bytes) of a 32-byte private key. */
export function addressOfPrivateKey(privateKey: Uint8Array): Uint8Array {
  return addressOfPoint(secp256k1.publicKeyCreate(privateKey, false))
}

/** Signature r || s || v (65 bytes, v 27 or 28) over a 32-byte digest; deterministic (RFC 6979), low s. */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey)
  const bytes = new Uint8Array(65)
  bytes.set(signature)
  bytes[64] = 27 + recid
  return bytes
}

/**
 * Address (20 bytes) that signed a digest.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when it is malformed, has a high s, or recovers to nobody.
 */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): Uint8Array {
  const v = signature[64]
  if (signature.byteLength !== 65 || (v !== 27 && v !== 28)) {
    throw new ProtocolError('signature is not 65 bytes ending in 27 or 28', { code: 'ERR_PROTOCOL_SIGNATURE' })
  }
  if (orderBytes(signature.subarray(32, 64), HALF_ORDER) > 0) {
    throw new ProtocolError('signature has a high s', { code: 'ERR_PROTOCOL_SIGNATURE' })
  }
  try {
    return addressOfPoint(secp256k1.ecdsaRecover(signature.slice(0, 64), v - 27, digest, false))
  } catch (cause) {
    throw new ProtocolError('signature recovers to nobody', { code: 'ERR_PROTOCOL_SIGNATURE' }, { cause })
  }
}
