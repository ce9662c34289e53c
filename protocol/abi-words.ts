import { concatBytes, utf8 } from './bytes.ts'
import { ProtocolError } from './protocol-error.ts'

/*
 * Static ABI encoding: every value one 32-byte word, concatenated. All structures that kWitness signs or hashes are
 * static, so that this (fast and without a schema interpreter) equals Solidity's abi.encode; a test compares it to ethers.
 */

function outOfRange(what: string): ProtocolError {
  return new ProtocolError(`${what} does not fit its word`, { code: 'ERR_PROTOCOL_RANGE' })
}

/** Word of an unsigned integer of at most `bits` bits. */
export function wordOfUint(value: bigint | number, bits = 256): Uint8Array {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw outOfRange(`number ${value}`)
  let rest = BigInt(value)
  if (rest < 0n || rest >> BigInt(bits) !== 0n) throw outOfRange(`uint${bits} ${rest}`)
  const word = new Uint8Array(32)
  for (let i = 31; rest > 0n; i -= 1) {
    word[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return word
}

/** Word of a signed 64-bit integer (two's complement). */
export function wordOfInt64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw outOfRange(`number ${value}`)
  return value >= 0 ? wordOfUint(value) : wordOfUint((1n << 256n) + BigInt(value))
}

/** Word of 32 bytes, as they are. */
export function wordOfBytes32(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength !== 32) throw outOfRange(`${bytes.byteLength} bytes as bytes32`)
  return bytes
}

/** Word of a 20-byte address. */
export function wordOfAddress(address: Uint8Array): Uint8Array {
  if (address.byteLength !== 20) throw outOfRange(`${address.byteLength} bytes as address`)
  const word = new Uint8Array(32)
  word.set(address, 12)
  return word
}

/** `bytes32` short string of a region's name: UTF-8, right padded with zeros. */
export function encodeRegion(name: string): Uint8Array {
  const text = utf8(name)
  if (text.byteLength === 0 || text.byteLength > 31) throw outOfRange(`region name "${name}"`)
  const word = new Uint8Array(32)
  word.set(text)
  return word
}

/** Words one after another: `abi.encode` of static values. */
export function abiEncode(words: readonly Uint8Array[]): Uint8Array {
  return concatBytes(words as Uint8Array[], words.length * 32)
}
