import assert from 'node:assert/strict'
import { AbiCoder, encodeBytes32String, getBytes, hexlify } from 'ethers'
import fc from 'fast-check'
import { abiEncode, encodeRegion, wordOfAddress, wordOfBytes32, wordOfInt64, wordOfUint } from '#protocol'
import { bytesOf, hashes } from '../../support/arbitraries.ts'

const coder = AbiCoder.defaultAbiCoder()

function encodeWithEthers(type: string, value: unknown): Uint8Array {
  return getBytes(coder.encode([type], [value]))
}

describe('ABI words', () => {
  it('equal those of ethers for unsigned integers of every width', () => {
    fc.assert(
      fc.property(fc.constantFrom(8, 32, 64, 128, 256), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (bits, value) => {
        const fitting = value >> BigInt(256 - bits)
        assert.deepEqual(wordOfUint(fitting, bits), encodeWithEthers(`uint${bits}`, fitting))
      }),
    )
  })

  it('equal those of ethers for signed integers', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        assert.deepEqual(wordOfInt64(value), encodeWithEthers('int64', value))
      }),
    )
  })

  it('equal those of ethers for addresses, hashes and short strings', () => {
    fc.assert(
      fc.property(bytesOf(20), hashes, fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), (address, hash, region) => {
        assert.deepEqual(wordOfAddress(address), encodeWithEthers('address', hexlify(address)))
        assert.deepEqual(wordOfBytes32(hash), encodeWithEthers('bytes32', hash))
        assert.deepEqual(encodeRegion(region), getBytes(encodeBytes32String(region)))
        assert.deepEqual(
          abiEncode([wordOfAddress(address), wordOfBytes32(hash)]),
          getBytes(coder.encode(['address', 'bytes32'], [hexlify(address), hash])),
        )
      }),
    )
  })

  it('refuse what does not fit', () => {
    const outside = { code: 'ERR_PROTOCOL_RANGE' }
    assert.throws(() => wordOfUint(-1), outside)
    assert.throws(() => wordOfUint(2n ** 64n, 64), outside)
    assert.throws(() => wordOfUint(2n ** 256n), outside)
    assert.throws(() => wordOfUint(2 ** 53), outside)
    assert.throws(() => wordOfUint(1.5), outside)
    assert.throws(() => wordOfInt64(2 ** 53), outside)
    assert.throws(() => wordOfAddress(new Uint8Array(19)), outside)
    assert.throws(() => wordOfBytes32(new Uint8Array(33)), outside)
    assert.throws(() => encodeRegion(''), outside)
    assert.throws(() => encodeRegion('x'.repeat(32)), outside)
  })
})
