import assert from 'node:assert/strict'
import { encodeBytes32String, hexlify, verifyTypedData, ZeroHash } from 'ethers'
import fc from 'fast-check'
import {
  announcementShape,
  billOfEntry,
  cidOfBlock,
  decodeBatch,
  digestOf,
  encodeBatch,
  encodeCanonical,
  LIMITS,
  toHex,
  verifyAnnouncement,
  verifyBatchMatches,
} from '#protocol'
import type { Announcement, Batch } from '#protocol'
import { claims } from '../../support/arbitraries.ts'
import {
  flipBit,
  foundRegion,
  hashOf,
  makeBatch,
  makeClaim,
  publicEntry,
  REGION,
  sealedEntry,
} from '../../support/region-fixture.ts'
import { SIGNED_TYPES, typedDomain } from '../../support/typed-data.ts'

const region = foundRegion()
const { domain } = region
const sponsor = region.members[0] ?? { key: hashOf('none'), address: new Uint8Array(20) }
const claim = makeClaim('a')
const first = makeBatch(region, sponsor, [publicEntry(claim)])
const second = makeBatch(region, sponsor, [publicEntry(claim), sealedEntry(region, makeClaim('b'))], {
  seq: 2,
  prev: first.announcement.batch,
  sealed: new Uint8Array(9),
})

describe('batch', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(fc.array(claims, { minLength: 1, maxLength: 8 }), fc.nat(), (list, seed) => {
        const entries = list.map((c, i) => ((seed >> i) % 2 === 0 ? publicEntry(c) : sealedEntry(region, c)))
        const { batch, block } = makeBatch(region, sponsor, entries)
        const decoded = decodeBatch(block)
        assert.deepEqual(encodeBatch(decoded), encodeBatch(batch))
        assert.deepEqual(
          decoded.entries.map((entry) => billOfEntry(entry).toString()),
          list.map((c) => c.bill.toString()),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('with one bit turned is refused or another block', () => {
    for (let bit = 0; bit < second.block.byteLength * 8; bit += 7) {
      const flipped = flipBit(second.block, bit)
      assert.ok(!cidOfBlock(flipped).equals(second.announcement.batch))
      try {
        decodeBatch(flipped)
      } catch (thrown) {
        assert.match((thrown as { code: string }).code, /^ERR_PROTOCOL_(CODEC|SCHEMA)$/)
      }
    }
  })

  it('of 512 claims fits its block, and one more is refused', () => {
    const entries = Array.from({ length: LIMITS.batchClaims }, (_, i) =>
      publicEntry(
        makeClaim(String(i), {
          declaredPlace: { country: 'US', state: 'CA', zip: '94105', utility: { eia: 14_328, state: 'CA' } },
        }),
      ),
    )
    const { batch, block } = makeBatch(region, sponsor, entries)
    assert.ok(block.byteLength < LIMITS.batchBytes, `${block.byteLength}`)
    assert.equal(decodeBatch(block).entries.length, LIMITS.batchClaims)
    const more = encodeCanonical({ ...batch, entries: [...batch.entries, publicEntry(claim)] })
    assert.throws(() => decodeBatch(more), { code: 'ERR_PROTOCOL_SCHEMA' })
    assert.throws(() => decodeBatch(encodeCanonical({ ...batch, entries: [] })), { code: 'ERR_PROTOCOL_SCHEMA' })
    assert.throws(() => decodeBatch(new Uint8Array(LIMITS.batchBytes + 1)), { code: 'ERR_PROTOCOL_TOO_LARGE' })
  })
})

describe('announcement', () => {
  it('is signed as EIP-712 typed data that any wallet shows', () => {
    for (const { announcement } of [first, second]) {
      const { epoch, seq, prev, batch, claims: count, signature } = announcement
      const value = {
        region: encodeBytes32String(REGION),
        epoch,
        seq,
        prev: prev === null ? ZeroHash : hexlify(digestOf(prev)),
        batch: hexlify(digestOf(batch)),
        claims: count,
      }
      const signer = verifyTypedData(typedDomain(domain), { Batch: [...SIGNED_TYPES.Batch] }, value, toHex(signature))
      assert.equal(signer.toLowerCase(), toHex(sponsor.address))
    }
  })

  it('verifies as its sponsor made it, and in no other form', () => {
    const { announcement } = second
    verifyAnnouncement(domain, announcement)
    const forged: Partial<Announcement>[] = [
      { region: 'europe' },
      { epoch: 1 },
      { seq: 3 },
      { prev: null },
      { prev: announcement.batch },
      { batch: first.announcement.batch },
      { claims: 1 },
      { sponsor: hashOf('x').slice(0, 20) },
      { signature: first.announcement.signature },
    ]
    for (const change of forged) {
      assert.throws(() => verifyAnnouncement(domain, { ...announcement, ...change }), {
        code: 'ERR_PROTOCOL_SIGNATURE',
      })
    }
    const elsewhere = [{ chainId: 1 }, { registry: new Uint8Array(20) }, { networkId: hashOf('x') }]
    for (const change of elsewhere) {
      assert.throws(() => verifyAnnouncement({ ...domain, ...change }, announcement), {
        code: 'ERR_PROTOCOL_SIGNATURE',
      })
    }
    assert.ok(announcementShape.safeParse(announcement).success)
  })

  it('names the first field in which a batch differs from it', () => {
    const { batch, announcement } = second
    verifyBatchMatches(domain, announcement, batch)
    const cases: [string, Batch][] = [
      ['network', { ...batch, network: hashOf('x') }],
      ['region', { ...batch, region: 'europe' }],
      ['epoch', { ...batch, epoch: 1 }],
      ['sponsor', { ...batch, sponsor: hashOf('x').slice(0, 20) }],
      ['seq', { ...batch, seq: 3 }],
      ['prev', { ...batch, prev: null }],
      ['claims', { ...batch, entries: batch.entries.slice(1) }],
    ]
    for (const [place, other] of cases) {
      assert.throws(() => verifyBatchMatches(domain, announcement, other), {
        code: 'ERR_PROTOCOL_MISMATCH',
        details: { place },
      })
    }
  })
})
