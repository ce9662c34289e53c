import assert from 'node:assert/strict'
import { encodeBytes32String, getBytes, hexlify, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { digestOf, encodeBitmap, hashVote, isBitSet, signVote, verifyVote, voteShape } from '#protocol'
import type { VoteContent } from '#protocol'
import { blockCids, decimalTexts, hashes } from '../../support/arbitraries.ts'
import { foundRegion, hashOf, makeBatch, makeClaim, makeVote, publicEntry } from '../../support/region-fixture.ts'
import { SIGNED_TYPES, typedDomain } from '../../support/typed-data.ts'

const region = foundRegion()
const { domain } = region
const [sponsor, voter] = region.members
assert.ok(sponsor !== undefined && voter !== undefined)
const list = [makeClaim('a'), makeClaim('b'), makeClaim('c')]
const { announcement } = makeBatch(region, sponsor, list.map(publicEntry))
const vote = makeVote(region, voter, announcement, list, [1])

const contents: fc.Arbitrary<VoteContent> = fc.record({
  region: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  epoch: fc.maxSafeInteger().map(Math.abs),
  round: fc.nat(),
  batch: blockCids,
  acceptedRoot: hashes,
  accepted: fc.nat(512),
  totalGrams: decimalTexts,
})

describe('vote', () => {
  it('has the EIP-712 digest of ethers', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const value = {
          ...content,
          region: encodeBytes32String(content.region),
          batch: hexlify(digestOf(content.batch)),
          acceptedRoot: hexlify(content.acceptedRoot),
        }
        const digest = TypedDataEncoder.hash(typedDomain(domain), { Vote: [...SIGNED_TYPES.Vote] }, value)
        assert.deepEqual(hashVote(domain, content), getBytes(digest))
      }),
    )
  })

  it('verifies as its voter made it, and with no other content', () => {
    verifyVote(domain, vote)
    assert.ok(voteShape.safeParse(vote).success)
    const changes: Partial<VoteContent>[] = [
      { region: 'europe' },
      { epoch: 1 },
      { round: 1 },
      { acceptedRoot: hashOf('x') },
      { accepted: 3 },
      { totalGrams: '0' },
    ]
    for (const change of changes) {
      const forged = { ...vote, content: { ...vote.content, ...change } }
      assert.throws(() => verifyVote(domain, forged), { code: 'ERR_PROTOCOL_SIGNATURE' })
    }
    assert.throws(() => verifyVote(domain, { ...vote, voter: sponsor.address }), { code: 'ERR_PROTOCOL_SIGNATURE' })
    assert.throws(() => verifyVote({ ...domain, chainId: 1 }, vote), { code: 'ERR_PROTOCOL_SIGNATURE' })
  })

  it('is the same bytes when the same content is signed again', () => {
    assert.deepEqual(signVote(domain, vote.content, voter.key), vote.signature)
  })
})

describe('bitmap', () => {
  it('has exactly the bits that were set, least significant first', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 512 }), (bits) => {
        const bitmap = encodeBitmap(bits.length, (i) => bits[i] === true)
        assert.equal(bitmap.byteLength, Math.ceil(bits.length / 8))
        for (let i = 0; i < bitmap.byteLength * 8 + 8; i += 1) assert.equal(isBitSet(bitmap, i), bits[i] === true)
      }),
    )
    assert.deepEqual(
      encodeBitmap(9, (i) => i === 0 || i === 8),
      new Uint8Array([1, 1]),
    )
  })
})
