import type { Prng } from './prng.ts'

/** Bytes with one change that knows nothing of their meaning. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, random: Prng): Uint8Array {
  const at = random.below(bytes.length)
  const length = 1 + random.below(random.once(4) ? 512 : 8)
  switch (random.below(9)) {
    case 0:
      return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)))
    case 1:
      return withByte(bytes, at, random.pick([0x00, 0x20, 0x22, 0x2d, 0x30, 0x39, 0x3c, 0x80, 0xc0, 0xff]))
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(at + length))
    case 3:
      return join(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at))
    case 4:
      return bytes.slice(0, at)
    case 5:
      return bytes.slice(at)
    case 6:
      return join(bytes, other)
    case 7: {
      const from = random.below(other.length)
      return join(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at))
    }
    default:
      return changeDigitByte(bytes, at, random)
  }
}

/** Changes the first digit from a place on: numbers in PDF objects, mails and tables. */
function changeDigitByte(bytes: Uint8Array, from: number, random: Prng): Uint8Array {
  const found = bytes.subarray(from).findIndex((byte) => byte >= 0x30 && byte <= 0x39)
  return withByte(bytes, found < 0 ? from : from + found, 0x30 + random.below(10))
}

function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = byte
  return changed
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
