import assert from 'node:assert/strict'
import { cidOfBlock, decodeManifest, encodeCanonical, encodeManifest, LIMITS } from '#protocol'
import type { Manifest } from '#protocol'
import { certifyBatch, flipBit, foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'

const { announcement, certificate } = certifyBatch(foundRegion(), [makeClaim('a'), makeClaim('b')])
const manifest: Manifest = {
  v: 1,
  region: REGION,
  epoch: 0,
  seq: 3,
  prev: hashOf('prev'),
  batches: [{ announcement, certificate, omitted: [1] }],
}

describe('manifest', () => {
  it('decodes to what was encoded', () => {
    const bytes = encodeManifest(manifest)
    assert.deepEqual(encodeManifest(decodeManifest(bytes)), bytes)
  })

  it('with one bit turned is refused or another block', () => {
    const bytes = encodeManifest(manifest)
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 3) {
      const flipped = flipBit(bytes, bit)
      assert.ok(!cidOfBlock(flipped).equals(cidOfBlock(bytes)))
      try {
        decodeManifest(flipped)
      } catch (thrown) {
        assert.match((thrown as { code: string }).code, /^ERR_PROTOCOL_(CODEC|SCHEMA)$/)
      }
    }
  })

  it('of the most batches that an anchor takes fits its block', () => {
    const [listed] = manifest.batches
    assert.ok(listed !== undefined)
    const full = { ...manifest, batches: Array.from({ length: LIMITS.anchorBatches }, () => listed) }
    assert.ok(encodeManifest(full).byteLength <= LIMITS.manifestBytes, `${encodeManifest(full).byteLength} bytes`)
    assert.equal(decodeManifest(encodeManifest(full)).batches.length, LIMITS.anchorBatches)
    const more = encodeManifest({ ...full, batches: [...full.batches, listed] })
    assert.throws(() => decodeManifest(more), { code: 'ERR_PROTOCOL_SCHEMA' })
  })

  it('refuses what it does not know', () => {
    const schema = { code: 'ERR_PROTOCOL_SCHEMA' }
    assert.throws(() => decodeManifest(encodeCanonical({ ...manifest, batches: [] })), schema)
    assert.throws(() => decodeManifest(encodeCanonical({ ...manifest, extra: 1 })), schema)
    assert.throws(() => decodeManifest(encodeCanonical({ ...manifest, v: 2 })), schema)
    assert.throws(() => decodeManifest(new Uint8Array(LIMITS.manifestBytes + 1)), { code: 'ERR_PROTOCOL_TOO_LARGE' })
  })
})
