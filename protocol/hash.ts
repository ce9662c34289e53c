import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** Keccak-256 as Ethereum uses it; 32 bytes. */
export function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = keccak_256.create()
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}

/** SHA-256; 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

/** HMAC-SHA256; 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, message)
}
