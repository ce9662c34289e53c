import { randomBytes } from 'node:crypto'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { addressOfPrivateKey, toHex } from '#protocol'

/** Who an auditor is: one key, seen from libp2p and from Ethereum (DESIGN 4). */
export type Identity = {
  /** Ethereum address, `0x` lower-case hex. */
  readonly address: string
  readonly peerId: string
}

/** A new secp256k1 private key, 32 bytes. */
export function createPrivateKey(): Uint8Array {
  // All but 2^-128 of the 32-byte strings are valid keys.
  return Uint8Array.from(randomBytes(32))
}

/** The public identity of a private key. */
export function identityOf(privateKey: Uint8Array): Identity {
  return {
    address: toHex(addressOfPrivateKey(privateKey)),
    peerId: peerIdFromPrivateKey(privateKeyFromRaw(privateKey)).toString(),
  }
}
