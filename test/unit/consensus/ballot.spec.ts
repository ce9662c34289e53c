import assert from 'node:assert/strict'
import { fillBallot } from '#consensus'
import { encodeCanonical, isBitSet, merkleRoot, ZERO_32 } from '#protocol'
import { foundRegion, hashOf, makeBatch, makeClaim, publicEntry } from '../../support/region-fixture.ts'

const region = foundRegion()
const [sponsor] = region.members
assert.ok(sponsor !== undefined)
const { announcement } = makeBatch(
  region,
  sponsor,
  ['a', 'b', 'c'].map((label) => publicEntry(makeClaim(label))),
)
const refusal = { code: 'ERR_CLAIM_OVERLAP', heldBy: hashOf('holder') }

describe('ballot', () => {
  it('commits to the accepted leaves in batch order and to their sum', () => {
    const ballot = fillBallot(announcement, 2, [
      { leaf: hashOf('a'), grams: 2n ** 60n },
      { leaf: hashOf('b'), grams: 5n, refusal },
      { leaf: hashOf('c'), grams: 1n },
    ])
    assert.deepEqual(ballot.content, {
      region: announcement.region,
      epoch: 0,
      round: 2,
      batch: announcement.batch,
      acceptedRoot: merkleRoot([hashOf('a'), hashOf('c')]),
      accepted: 2,
      totalGrams: '1152921504606846977',
    })
    assert.deepEqual(
      [0, 1, 2].map((i) => isBitSet(ballot.bitmap, i)),
      [true, false, true],
    )
    assert.deepEqual(ballot.refusals, [{ index: 1, ...refusal }])
  })

  it('of nothing accepted has no root', () => {
    const { content } = fillBallot(announcement, 0, [{ leaf: hashOf('a'), grams: 1n, refusal }])
    assert.deepEqual(content.acceptedRoot, ZERO_32)
    assert.deepEqual([content.accepted, content.totalGrams], [0, '0'])
  })

  it('is equal for equal findings whatever the reason of a refusal, which is not signed', () => {
    const leaf = hashOf('a')
    const one = fillBallot(announcement, 0, [{ leaf, grams: 1n, refusal }])
    const other = fillBallot(announcement, 0, [{ leaf, grams: 1n, refusal: { code: 'ERR_CLAIM_FIGURES' } }])
    assert.deepEqual(encodeCanonical([one.content, one.bitmap]), encodeCanonical([other.content, other.bitmap]))
  })
})
