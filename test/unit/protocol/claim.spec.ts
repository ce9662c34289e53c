import assert from 'node:assert/strict'
import { AbiCoder, encodeBytes32String, getBytes, id, keccak256, ZeroHash } from 'ethers'
import fc from 'fast-check'
import { ASSURANCES, claimIdOf, claimShape, decodeCanonical, digestOf, encodeCanonical } from '#protocol'
import { leafOf, ORIGINS, pointTagOf, TAG_BASES } from '#protocol'
import type { Claim } from '#protocol'
import { claims } from '../../support/arbitraries.ts'
import { foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'

const { domain } = foundRegion()
const coder = AbiCoder.defaultAbiCoder()

// The leaf by Solidity's own types, as docs/spec/claims.md gives them.
function leafByEthers(claim: Claim): Uint8Array {
  const words: [string, unknown][] = [
    ['bytes32', domain.networkId],
    ['bytes32', encodeBytes32String(REGION)],
    ['uint64', claim.bill.code],
    ['bytes32', digestOf(claim.bill)],
    ['bytes32', claim.plainHash],
    ['uint32', claim.ordinal],
    ['bytes32', claim.factsHash],
    ['bytes32', claim.derivationHash],
    ['bytes32', id(claim.rules)],
    ['bytes32', claim.pointTag],
    ['uint8', TAG_BASES.indexOf(claim.tagBasis)],
    ['int64', claim.startDay],
    ['int64', claim.endDay],
    ['uint256', claim.energyWh.n],
    ['uint256', claim.energyWh.d],
    ['uint256', claim.gramsLocation],
    ['bool', claim.gramsMarket !== undefined],
    ['uint256', claim.gramsMarket ?? 0],
    ['uint8', ASSURANCES.indexOf(claim.assurance)],
    ['uint8', ORIGINS.indexOf(claim.origin)],
    ['bytes32', claim.holder],
    ['bytes32', claim.supersedes ?? ZeroHash],
    ['bytes32', claim.salt],
  ]
  const encoded = coder.encode(
    words.map(([type]) => type),
    words.map(([, value]) => value),
  )
  return getBytes(keccak256(keccak256(encoded)))
}

describe('claim', () => {
  it("has the leaf that Solidity's abi.encode gives, for every claim", () => {
    fc.assert(fc.property(claims, (claim) => assert.deepEqual(leafOf(domain, REGION, claim), leafByEthers(claim))))
  })

  it('keeps its leaf and id over the wire', () => {
    fc.assert(
      fc.property(claims, (claim) => {
        const decoded = claimShape.parse(decodeCanonical(encodeCanonical(claim), 1 << 16))
        assert.deepEqual(leafOf(domain, REGION, decoded), leafOf(domain, REGION, claim))
        assert.deepEqual(claimIdOf(domain, REGION, decoded), claimIdOf(domain, REGION, claim))
      }),
    )
  })

  it('has another leaf for every other field, network and region', () => {
    const claim = makeClaim('a')
    const other = hashOf('other')
    const changes: Partial<Claim>[] = [
      { bill: makeClaim('b').bill },
      { ordinal: 1 },
      { rules: 'rules-2' },
      { tagBasis: 'account' },
      { startDay: 17_999 },
      { endDay: -1 },
      { energyWh: { n: '1', d: '1' } },
      { energyWh: { n: '128000', d: '3' } },
      { gramsLocation: '1' },
      { gramsMarket: '0' },
      { assurance: 'place-declared' },
      { origin: 'utility-signed' },
      { supersedes: other },
      ...(['plainHash', 'factsHash', 'derivationHash', 'pointTag', 'holder', 'salt'] as const).map((name) => ({
        [name]: other,
      })),
    ]
    const leaves = changes.map((change) => leafOf(domain, REGION, { ...claim, ...change }).join())
    leaves.push(leafOf(domain, 'europe', claim).join(), leafOf({ ...domain, networkId: other }, REGION, claim).join())
    assert.equal(new Set([...leaves, leafOf(domain, REGION, claim).join()]).size, leaves.length + 1)
  })

  it('has one id whoever sponsors, salts or seals it', () => {
    const claim = makeClaim('a')
    const ours = claimIdOf(domain, REGION, claim).join()
    const other = hashOf('other')
    const same: Partial<Claim>[] = [{ salt: other }, { bill: makeClaim('b').bill }, { holder: other }, { ordinal: 3 }]
    for (const change of same) assert.equal(claimIdOf(domain, REGION, { ...claim, ...change }).join(), ours)
    const different: Partial<Claim>[] = [
      { pointTag: other },
      { startDay: 17_999 },
      { endDay: 18_032 },
      { energyWh: { n: '1', d: '1' } },
      { gramsLocation: '1' },
      { gramsMarket: '0' },
      { rules: 'rules-2' },
      { supersedes: other },
    ]
    const ids = different.map((change) => claimIdOf(domain, REGION, { ...claim, ...change }).join())
    assert.equal(new Set([...ids, ours]).size, ids.length + 1)
    assert.notEqual(claimIdOf(domain, 'europe', claim).join(), ours)
  })

  it('refuses wrong fields', () => {
    const claim = makeClaim('a')
    const wrong: object[] = [
      { salt: new Uint8Array(31) },
      { ordinal: 64 },
      { startDay: 0.5 },
      { endDay: 100_001 },
      { gramsLocation: '-1' },
      { gramsLocation: 22_480 },
      { rules: '' },
      { tagBasis: 'meter' },
      { energyWh: { n: '1' } },
      { declaredPlace: { country: 'us' } },
      { declaredPlace: { country: 'US', city: 'X' } },
      { extra: 1 },
    ]
    assert.ok(claimShape.safeParse(claim).success)
    for (const change of wrong)
      assert.ok(!claimShape.safeParse({ ...claim, ...change }).success, JSON.stringify(change))
  })
})

describe('point tag', () => {
  it('is the same for one point only: secret, basis, id, commodity and direction each make another', () => {
    const secret = hashOf('secret')
    const tags = [
      pointTagOf(secret, { basis: 'point', id: 'A1' }, 'electricity', 'import'),
      pointTagOf(hashOf('other'), { basis: 'point', id: 'A1' }, 'electricity', 'import'),
      pointTagOf(secret, { basis: 'account', id: 'A1' }, 'electricity', 'import'),
      pointTagOf(secret, { basis: 'point', id: 'A2' }, 'electricity', 'import'),
      pointTagOf(secret, { basis: 'point', id: 'A1' }, 'gas', 'import'),
      pointTagOf(secret, { basis: 'point', id: 'A1' }, 'electricity', 'export'),
    ].map((tag) => tag.join())
    assert.equal(new Set(tags).size, tags.length)
    assert.equal(pointTagOf(secret, { basis: 'point', id: 'A1' }, 'electricity', 'import').join(), tags[0])
  })
})
