import assert from 'node:assert/strict'
import { computeAddress, getBytes, Signature, SigningKey } from 'ethers'
import fc from 'fast-check'
import { addressOfPrivateKey, addressOfPublicKey, recoverAddress, signDigest, toHex } from '#protocol'
import { hashes } from '../../support/arbitraries.ts'
import { flipBit, hashOf } from '../../support/region-fixture.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('signatures', () => {
  const key = hashOf('key')
  const signing = new SigningKey(key)

  it('are those of ethers, byte for byte, and deterministic', () => {
    fc.assert(
      fc.property(hashes, (digest) => {
        const signature = signDigest(digest, key)
        assert.deepEqual(signature, getBytes(signing.sign(digest).serialized))
        assert.deepEqual(signature, signDigest(digest, key))
        assert.deepEqual(recoverAddress(digest, signature), addressOfPrivateKey(key))
      }),
      { numRuns: 30 },
    )
  })

  it("recover to Ethereum's address of the key", () => {
    assert.equal(toHex(addressOfPrivateKey(key)), computeAddress(signing).toLowerCase())
    assert.deepEqual(addressOfPublicKey(getBytes(signing.publicKey)), addressOfPrivateKey(key))
    assert.deepEqual(addressOfPublicKey(getBytes(signing.compressedPublicKey)), addressOfPrivateKey(key))
  })

  it('with one bit turned recover to somebody else or to nobody', () => {
    const digest = hashOf('digest')
    const signature = signDigest(digest, key)
    for (let bit = 0; bit < 65 * 8; bit += 1) {
      let signer = 'nobody'
      try {
        signer = toHex(recoverAddress(digest, flipBit(signature, bit)))
      } catch (thrown) {
        assert.equal((thrown as { code: string }).code, 'ERR_PROTOCOL_SIGNATURE')
      }
      assert.notEqual(signer, toHex(addressOfPrivateKey(key)), `bit ${bit}`)
    }
  })

  it('are refused as their malleable twin, of another length, or with another v', () => {
    const digest = hashOf('digest')
    const signature = signDigest(digest, key)
    const { r, s, v } = Signature.from(toHex(signature))
    const twinS = (ORDER - BigInt(s)).toString(16).padStart(64, '0')
    const twin = getBytes(`${r}${twinS}${v === 27 ? '1c' : '1b'}`)
    const refused = { code: 'ERR_PROTOCOL_SIGNATURE' }
    assert.throws(() => recoverAddress(digest, twin), { ...refused, message: /high s/ })
    assert.throws(() => recoverAddress(digest, signature.slice(0, 64)), refused)
    assert.throws(() => recoverAddress(digest, new Uint8Array([...signature, 0])), refused)
    assert.throws(() => recoverAddress(digest, signature.with(64, 0)), refused)
    assert.throws(() => recoverAddress(digest, signature.with(64, 29)), refused)
    assert.throws(() => recoverAddress(digest, new Uint8Array(65).with(64, 27)), refused)
  })
})
