import { fromString } from 'uint8arrays/from-string'

/**
 * Bytes of base64 text (RFC 4648 section 4) with its padding; `undefined` for anything else, unused bits that are set
 * included, so that bytes have one spelling.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  try {
    return fromString(text, 'base64pad')
  } catch {
    return undefined
  }
}
