import assert from 'node:assert/strict'
import {
  commitEntry,
  decodeReviewOpening,
  encodeCanonical,
  encodeReviewOpening,
  hashReviewEntry,
  isOpeningTrue,
  parseReviewEntry,
  REVIEW_NOTICES,
  REVIEW_OPENING_BYTES,
  signReviewNotice,
  toHex,
} from '#protocol'
import type { Committed, ReviewOpening } from '#protocol'
import { foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const { domain } = region
const [first, second] = region.members as [Member, Member]
/** The commitment to words of 1 (network), 2 (plain hash), 3 (auditor), 4 (salt) and 5 (entry), in north-america. */
const VECTOR = '0x14f0e3bfe746cf49671704bfa2af16e8d291c08828adf2d1a7df786ca1044086'
const OF: Committed = {
  region: REGION,
  plainHash: hashOf('plain'),
  auditor: first.address,
  salt: hashOf('salt'),
  entry: hashOf('entry'),
}

function openingOf(committed: Committed, seq = 1): ReviewOpening {
  const { plainHash, auditor, salt, entry } = committed
  const header = { region: REGION, epoch: 0, auditor, plainHash, seq }
  const commitment = commitEntry(domain, committed)
  return { notice: signReviewNotice(domain, { ...header, commitment }, first.key), salt, entry }
}

describe('a commitment to an entry', () => {
  it('is another one for each salt, auditor, bill, entry, region and network', () => {
    const commitments = [
      commitEntry(domain, OF),
      commitEntry(domain, { ...OF, salt: hashOf('other salt') }),
      commitEntry(domain, { ...OF, auditor: second.address }),
      commitEntry(domain, { ...OF, plainHash: hashOf('other') }),
      commitEntry(domain, { ...OF, entry: hashOf('other') }),
      commitEntry(domain, { ...OF, region: 'elsewhere' }),
      commitEntry({ ...domain, networkId: hashOf('another') }, OF),
      // Salt and entry do not stand for each other.
      commitEntry(domain, { ...OF, salt: OF.entry, entry: OF.salt }),
    ]
    assert.equal(new Set(commitments.map(toHex)).size, commitments.length)
    assert.deepEqual(commitEntry(domain, { ...OF }), commitments[0])
  })

  it('is what the specification says, word by word', () => {
    // Computed apart from this code: docs/spec/review.md has the same words.
    const word = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
    const commitment = commitEntry(
      { ...domain, networkId: word(1) },
      {
        region: 'north-america',
        plainHash: word(2),
        auditor: new Uint8Array(20).fill(3),
        salt: word(4),
        entry: word(5),
      },
    )
    assert.equal(toHex(commitment), VECTOR)
  })

  it('is not found by trying all that a bill may say', () => {
    const entryOf = (value: number): Uint8Array =>
      hashReviewEntry(
        parseReviewEntry({
          commodity: 'electricity',
          point: 'P1',
          service: { start: '2022-03-01', end: '2022-04-01' },
          import: { value: String(value), unit: 'kWh' },
          kind: 'actual',
          place: { country: 'US', state: 'CA' },
        }),
      )
    const { commitment } = openingOf({ ...OF, entry: entryOf(128) }).notice
    assert.ok(commitment !== null)
    // Who tries has everything but the salt.
    for (let value = 0; value < 300; value += 1) {
      const tried = commitEntry(domain, { ...OF, salt: new Uint8Array(32), entry: entryOf(value) })
      assert.notDeepEqual(tried, commitment)
    }
  })
})

describe('an opening', () => {
  it('is true of its own commitment alone', () => {
    const opening = openingOf(OF)
    assert.equal(isOpeningTrue(domain, opening), true)
    const { notice } = opening
    const changes: Partial<ReviewOpening>[] = [
      { salt: hashOf('other') },
      { entry: hashOf('other') },
      { notice: { ...notice, commitment: null } },
      { notice: { ...notice, commitment: hashOf('other') } },
      { notice: { ...notice, auditor: second.address } },
      { notice: { ...notice, plainHash: hashOf('other') } },
      { notice: { ...notice, region: 'elsewhere' } },
    ]
    for (const change of changes) assert.equal(isOpeningTrue(domain, { ...opening, ...change }), false)
    assert.equal(isOpeningTrue({ ...domain, networkId: hashOf('another') }, opening), false)
  })

  it('survives the wire, and nothing else does', () => {
    const opening = openingOf(OF, REVIEW_NOTICES)
    const bytes = encodeReviewOpening(opening)
    assert.ok(bytes.byteLength < REVIEW_OPENING_BYTES / 2)
    assert.deepEqual(decodeReviewOpening(bytes), opening)
    assert.throws(() => decodeReviewOpening(new Uint8Array(REVIEW_OPENING_BYTES + 1)), {
      code: 'ERR_PROTOCOL_TOO_LARGE',
    })
    assert.throws(() => decodeReviewOpening(bytes.slice(1)), { code: 'ERR_PROTOCOL_CODEC' })
    for (const wrong of [{ ...opening, more: 1 }, { ...opening, salt: new Uint8Array(31) }, { salt: opening.salt }]) {
      assert.throws(() => decodeReviewOpening(encodeCanonical(wrong)), { code: 'ERR_PROTOCOL_SCHEMA' })
    }
  })
})
