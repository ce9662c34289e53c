import assert from 'node:assert/strict'
import { orderBytes, quorumOf, faultsTolerated, signDigest, verifyCertificate, verifyQuorum, toHex } from '#protocol'
import { certifyBatch, foundRegion, hashOf, makeClaim } from '../../support/region-fixture.ts'

const refused = { code: 'ERR_PROTOCOL_QUORUM' }

describe('quorum', () => {
  it('of n = 4 to 31: two quorums share an honest member, and the honest ones alone make a quorum', () => {
    for (let n = 4; n <= 31; n += 1) {
      const f = faultsTolerated(n)
      const q = quorumOf(n)
      assert.ok(3 * f < n && n <= 3 * (f + 1), `f of ${n}`)
      assert.ok(2 * q - n > f, `two quorums of ${n} may share liars only`)
      assert.ok(n - f >= q, `${f} of ${n} that stop would block the rest`)
      // And no fewer would do: one less, and two quorums may share f members.
      assert.ok(2 * (q - 1) - n <= f, `quorum of ${n} is larger than needed`)
    }
    assert.deepEqual([4, 5, 6, 7, 10, 13, 31].map(quorumOf), [3, 4, 4, 5, 7, 9, 21])
  })

  it('is counted the same way for every committee size, and never from one signature less', () => {
    const digest = hashOf('digest')
    for (const n of [4, 5, 7, 10, 31]) {
      const { members } = foundRegion(n)
      const committee = members.map((member) => member.address)
      const signatures = members.map((member) => signDigest(digest, member.key))
      const q = quorumOf(n)
      assert.equal(verifyQuorum(committee, digest, signatures.slice(0, q)).length, q)
      assert.equal(verifyQuorum(committee, digest, signatures.slice(n - q)).length, q)
      assert.equal(verifyQuorum(committee, digest, signatures).length, n)
      assert.throws(() => verifyQuorum(committee, digest, signatures.slice(0, q - 1)), refused)
    }
  })

  it('counts nobody twice, nobody from outside, and nothing out of order', () => {
    const digest = hashOf('digest')
    const { members } = foundRegion(4)
    const committee = members.map((member) => member.address)
    const [a, b, c] = members.map((member) => signDigest(digest, member.key))
    const outsider = signDigest(digest, hashOf('outsider'))
    const otherDigest = signDigest(hashOf('other'), members[2]?.key ?? hashOf('none'))
    assert.ok(a !== undefined && b !== undefined && c !== undefined)
    for (const signatures of [
      [a, a, b],
      [a, b, b],
      [b, a, c],
      [a, b, outsider],
      [outsider, a, b, c],
      [a, b, otherDigest],
      [],
    ]) {
      assert.throws(() => verifyQuorum(committee, digest, signatures), refused)
    }
    assert.deepEqual(verifyQuorum(committee, digest, [a, b, c]).map(toHex), committee.slice(0, 3).map(toHex))
    assert.ok(committee.every((member, i) => i === 0 || orderBytes(committee[i - 1] ?? member, member) < 0))
  })
})

describe('certificate', () => {
  const region = foundRegion(7)
  const { certificate } = certifyBatch(region, [makeClaim('a'), makeClaim('b')])
  const committee = region.members.map((member) => member.address)

  it("verifies with its committee's quorum in its network only", () => {
    assert.equal(verifyCertificate(region.domain, committee, certificate).length, 5)
    assert.throws(
      () => verifyCertificate({ ...region.domain, networkId: hashOf('x') }, committee, certificate),
      refused,
    )
    const others = foundRegion(7, 'other').domain
    assert.throws(() => verifyCertificate(others, committee, certificate), refused)
    assert.throws(() => verifyCertificate(region.domain, committee.slice(1), certificate), refused)
  })

  it('does not verify with changed content', () => {
    const { content } = certificate
    for (const change of [
      { accepted: 1 },
      { totalGrams: '1' },
      { acceptedRoot: hashOf('x') },
      { round: 1 },
      { epoch: 1 },
    ]) {
      assert.throws(
        () => verifyCertificate(region.domain, committee, { ...certificate, content: { ...content, ...change } }),
        refused,
      )
    }
  })
})
