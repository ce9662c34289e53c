import assert from 'node:assert/strict'
import { findEquivocation, isEquivocation } from '#consensus'
import type { Announcement } from '#protocol'
import { foundRegion, hashOf, makeBatch, makeClaim, publicEntry } from '../../support/region-fixture.ts'

const region = foundRegion()
const { domain } = region
const [liar, honest] = region.members
assert.ok(liar !== undefined && honest !== undefined)
const announce = (sponsor: typeof liar, label: string, seq = 1): Announcement =>
  makeBatch(region, sponsor, [publicEntry(makeClaim(label))], { seq }).announcement
const first = announce(liar, 'a')
const second = announce(liar, 'b')

describe('equivocation', () => {
  it('is two signed batches of one sponsor for one place in its chain', () => {
    const proof = findEquivocation(first, second)
    assert.deepEqual(proof, { first, second })
    assert.equal(proof !== undefined && isEquivocation(domain, proof), true)
  })

  it('is not the same batch twice, another place, or another sponsor', () => {
    assert.equal(findEquivocation(first, first), undefined)
    assert.equal(findEquivocation(first, announce(liar, 'b', 2)), undefined)
    assert.equal(findEquivocation(first, announce(honest, 'b')), undefined)
    for (const change of [{ epoch: 1 }, { region: 'europe' }]) {
      assert.equal(findEquivocation(first, { ...second, ...change }), undefined)
    }
  })

  it('cannot be made up: both signatures must be those of the sponsor, in this network', () => {
    assert.equal(isEquivocation(domain, { first, second: { ...second, signature: first.signature } }), false)
    assert.equal(isEquivocation(domain, { first, second: { ...second, batch: announce(liar, 'c').batch } }), false)
    assert.equal(isEquivocation(domain, { first, second: { ...second, signature: new Uint8Array(65) } }), false)
    const framed = { ...announce(honest, 'b'), sponsor: liar.address }
    assert.equal(isEquivocation(domain, { first, second: framed }), false)
    assert.equal(isEquivocation({ ...domain, networkId: hashOf('x') }, { first, second }), false)
  })
})
