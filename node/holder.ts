import { hmacSha256, utf8 } from '#protocol'

/**
 * What a claim says of its holder: a keyed hash, so that the public cannot try account names; this node alone can show whose
 * claim it is.
 */
export function commitToAccount(privateKey: Uint8Array, accountId: string): Uint8Array {
  return hmacSha256(privateKey, utf8(`kwitness holder 1\0${accountId}`))
}
