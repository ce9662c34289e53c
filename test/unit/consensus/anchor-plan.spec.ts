import assert from 'node:assert/strict'
import fc from 'fast-check'
import { anchorPath, countedClaims, planAnchor } from '#consensus'
import type { AnchorPlan, CertifiedBatch } from '#consensus'
import { cidOfBlock, decodeManifest, digestOf, encodeManifest, LIMITS, rootOfPath, toHex, ZERO_32 } from '#protocol'
import { certifyBatch, foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'

const region = foundRegion()
const place = { region: REGION, epoch: 0, seq: 4, prev: hashOf('prev') }
const nothing = (): boolean => false

function pathTo(
  plan: AnchorPlan,
  batches: readonly CertifiedBatch[],
  at: number,
  index: number,
): Uint8Array[] | undefined {
  const listed = plan.manifest.batches.map(({ certificate, omitted }, i) => {
    const leaves = batches[i]?.leaves
    // As a verifier has them: the own batch's leaves, and others' only where claims are omitted.
    return leaves !== undefined && (i === at || omitted.length > 0)
      ? { certificate, omitted, leaves }
      : { certificate, omitted }
  })
  return anchorPath(listed, at, index)
}

// Batches over a few claims, so that the same claim often stands in several; some refused, some anchored before.
const scenes = fc.record({
  batches: fc.array(
    fc.record({
      claims: fc.uniqueArray(fc.nat(14), { minLength: 1, maxLength: 7 }),
      refused: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  anchored: fc.uniqueArray(fc.nat(14), { maxLength: 5 }),
})

describe('anchor plan', () => {
  it('counts each claim once, leads every counted claim to the root, and sums exactly those', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const batches = scene.batches.map(({ claims, refused }, b) =>
          certifyBatch(
            region,
            claims.map((c) =>
              makeClaim(`claim ${c}`, {
                gramsLocation: String(c + 1),
                salt: hashOf(`salt ${b} ${c}`),
                ...(c % 2 === 0 ? { gramsMarket: '7' } : {}),
              }),
            ),
            { seq: b + 1, refused },
          ),
        )
        const done = new Set(
          scene.anchored.flatMap((c) =>
            batches.flatMap(({ claimIds }, b) => {
              const at = scene.batches[b]?.claims.indexOf(c) ?? -1
              return at < 0 ? [] : toHex(claimIds[at] ?? ZERO_32)
            }),
          ),
        )
        const expected = new Map<string, number>()
        for (const [b, { claims, refused }] of scene.batches.entries()) {
          for (const [i, c] of claims.entries()) {
            const id = toHex(batches[b]?.claimIds[i] ?? ZERO_32)
            if (!refused.includes(i) && !done.has(id)) expected.set(id, c)
          }
        }
        const plan = planAnchor(place, batches, (claimId) => done.has(toHex(claimId)))
        if (expected.size === 0) {
          assert.equal(plan, undefined)
          return
        }
        assert.ok(plan !== undefined)
        const counted = new Map<string, number>()
        for (const [at, batch] of batches.entries()) {
          const listed = plan.manifest.batches[at]
          assert.ok(listed !== undefined)
          const inside = countedClaims(batch, listed.omitted)
          for (const [index, leaf] of batch.leaves.entries()) {
            const path = pathTo(plan, batches, at, index)
            assert.equal(path !== undefined, inside.includes(index))
            if (path === undefined) continue
            assert.deepEqual(rootOfPath(leaf, path), plan.anchor.root)
            const id = toHex(batch.claimIds[index] ?? ZERO_32)
            assert.ok(!counted.has(id), 'a claim is counted twice')
            counted.set(id, scene.batches[at]?.claims[index] ?? -1)
          }
        }
        assert.deepEqual(counted, expected)
        assert.equal(plan.anchor.claims, expected.size)
        const grams = [...expected.values()].reduce((sum, c) => sum + BigInt(c + 1), 0n)
        assert.equal(plan.anchor.gramsLocation, grams)
        assert.equal(plan.anchor.gramsMarket, 7n * BigInt([...expected.values()].filter((c) => c % 2 === 0).length))
        assert.deepEqual(plan.anchor.manifest, digestOf(cidOfBlock(encodeManifest(plan.manifest))))
        assert.deepEqual(encodeManifest(decodeManifest(encodeManifest(plan.manifest))), encodeManifest(plan.manifest))
      }),
      { numRuns: 25 },
    )
  })

  it('stands where it is told to', () => {
    const plan = planAnchor(place, [certifyBatch(region, [makeClaim('a')])], nothing)
    assert.ok(plan !== undefined)
    assert.deepEqual(
      [plan.anchor.seq, plan.anchor.prev, plan.anchor.region, plan.anchor.epoch],
      [4, place.prev, REGION, 0],
    )
    assert.deepEqual([plan.manifest.seq, plan.manifest.prev], [4, place.prev])
  })

  it('is none without a claim, and lists a batch of which nothing is left beside others', () => {
    const twice = [certifyBatch(region, [makeClaim('a')]), certifyBatch(region, [makeClaim('a')], { sponsor: 1 })]
    assert.equal(planAnchor(place, [], nothing), undefined)
    assert.equal(
      planAnchor(place, twice, () => true),
      undefined,
    )
    const plan = planAnchor(place, twice, nothing)
    assert.deepEqual(
      plan?.manifest.batches.map(({ omitted }) => omitted),
      [[], [0]],
    )
    assert.equal(plan?.anchor.claims, 1)
    assert.equal(plan === undefined ? 0 : pathTo(plan, twice, 1, 0), undefined)
  })

  it('stops before it has more claims or batches than an anchor takes', () => {
    const batch = certifyBatch(region, [makeClaim('a')])
    const copies = (count: number, accepted: number): CertifiedBatch[] =>
      Array.from({ length: count }, (_, i) => ({
        ...batch,
        claimIds: [hashOf(`id ${i}`)],
        certificate: { ...batch.certificate, content: { ...batch.certificate.content, accepted } },
      }))
    assert.equal(
      planAnchor(place, copies(LIMITS.anchorBatches + 5, 1), nothing)?.manifest.batches.length,
      LIMITS.anchorBatches,
    )
    const heavy = planAnchor(place, copies(3, LIMITS.anchorClaims), nothing)
    assert.equal(heavy?.manifest.batches.length, 1)
  })
  it('stops before its manifest is larger than anybody reads', () => {
    const batch = certifyBatch(foundRegion(7), [makeClaim('a')])
    const batches = Array.from({ length: LIMITS.anchorBatches }, (_, i) => ({
      ...batch,
      announcement: { ...batch.announcement, seq: 100_000 + i, prev: batch.announcement.batch },
      claimIds: [hashOf(`id ${i}`)],
    }))
    const plan = planAnchor(place, batches, nothing)
    assert.ok(plan !== undefined)
    const block = encodeManifest(plan.manifest)
    const decoded = decodeManifest(block)
    assert.ok(decoded.batches.length < batches.length)
    assert.ok(block.byteLength > LIMITS.manifestBytes - 2_000, 'there is room for more')
    // Who checks it plans again over the batches that it lists.
    assert.deepEqual(planAnchor(place, batches.slice(0, decoded.batches.length), nothing)?.anchor, plan.anchor)
  })
})
