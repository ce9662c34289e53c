import assert from 'node:assert/strict'
import {
  charterCid,
  cidOfBlock,
  decodeCharter,
  digestOf,
  domainOf,
  encodeCanonical,
  encodeCharter,
  explainDifference,
  findRegion,
  findRegionOfCountry,
  LIMITS,
  protocolPrefix,
} from '#protocol'
import type { Charter } from '#protocol'
import { flipBit, foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'

const { charter } = foundRegion()
const [region] = charter.regions
assert.ok(region !== undefined)
const otherCid = cidOfBlock(encodeCanonical('other'))

describe('charter', () => {
  it('decodes to what was encoded, under the same CID', () => {
    const decoded = decodeCharter(encodeCharter(charter))
    assert.deepEqual(encodeCharter(decoded), encodeCharter(charter))
    assert.equal(charterCid(decoded).toString(), charterCid(charter).toString())
  })

  it('with one bit turned is refused or another network', () => {
    const bytes = encodeCharter(charter)
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
      let id = 'refused'
      try {
        id = charterCid(decodeCharter(flipBit(bytes, bit))).toString()
      } catch (thrown) {
        assert.match((thrown as { code: string }).code, /^ERR_PROTOCOL_(CODEC|SCHEMA)$/)
      }
      assert.notEqual(id, charterCid(charter).toString())
    }
  })

  it('refuses repeated regions and jurisdictions, and committees that are small or out of order', () => {
    const wrong: Charter['regions'][] = [
      [region, region],
      [region, { ...region, name: 'europe' }],
      [{ ...region, committee: region.committee.toReversed() }],
      [{ ...region, committee: region.committee.with(1, region.committee[0] ?? new Uint8Array(20)) }],
      [{ ...region, committee: region.committee.slice(1) }],
      [{ ...region, name: 'North America' }],
      [{ ...region, name: 'x'.repeat(32) }],
      [],
    ]
    for (const regions of wrong) {
      assert.throws(() => decodeCharter(encodeCharter({ ...charter, regions })), { code: 'ERR_PROTOCOL_SCHEMA' })
    }
    assert.throws(() => decodeCharter(encodeCanonical({ ...charter, extra: 1 })), { code: 'ERR_PROTOCOL_SCHEMA' })
    assert.throws(() => decodeCharter(new Uint8Array(LIMITS.charterBytes + 1)), { code: 'ERR_PROTOCOL_TOO_LARGE' })
  })

  it('gives the domain of every signature: chain, registry and its own digest', () => {
    const domain = domainOf(charter)
    assert.equal(domain.chainId, 31_337)
    assert.deepEqual(domain.registry, charter.chain.registry)
    assert.deepEqual(domain.networkId, digestOf(charterCid(charter)))
    assert.notDeepEqual(domainOf({ ...charter, name: 'other' }).networkId, domain.networkId)
    assert.notEqual(protocolPrefix({ ...charter, name: 'other' }), protocolPrefix(charter))
    assert.match(protocolPrefix(charter), /^\/kwitness\/[a-z2-7]{16}$/)
  })

  it('finds regions by name and by country', () => {
    assert.equal(findRegion(charter, REGION)?.name, REGION)
    assert.equal(findRegion(charter, 'europe'), undefined)
    assert.equal(findRegionOfCountry(charter, 'MX')?.name, REGION)
    assert.equal(findRegionOfCountry(charter, 'DE'), undefined)
  })

  it('says what makes another charter another network', () => {
    const cases: [RegExp, Charter][] = [
      [/^protocol version: ours 1, theirs 2$/, { ...charter, protocol: 2 }],
      [
        /^rules version: ours rules-1, theirs rules-2$/,
        { ...charter, rules: { ...charter.rules, version: 'rules-2' } },
      ],
      [/^golden vectors: /, { ...charter, rules: { ...charter.rules, vectors: otherCid } }],
      [/^data set eGRID: /, { ...charter, datasets: [{ name: 'eGRID', cid: otherCid }] }],
      [/^data set eGRID: .* theirs none$/, { ...charter, datasets: [] }],
      [/^data set OWID: ours none/, { ...charter, datasets: [...charter.datasets, { name: 'OWID', cid: otherCid }] }],
      [/^chain id: ours 31337, theirs 1$/, { ...charter, chain: { ...charter.chain, chainId: 1 } }],
      [/^registry: ours 0x/, { ...charter, chain: { ...charter.chain, registry: new Uint8Array(20) } }],
      [/^network name: ours fixture, theirs other$/, { ...charter, name: 'other' }],
      [/^regions or their committees$/, { ...charter, regions: [{ ...region, pointKeyHash: hashOf('x') }] }],
    ]
    assert.deepEqual(explainDifference(charter, charter), [])
    for (const [expected, theirs] of cases) {
      const differences = explainDifference(charter, theirs)
      assert.equal(differences.length, 1)
      assert.match(differences[0] ?? '', expected)
    }
  })
})
