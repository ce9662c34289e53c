import assert from 'node:assert/strict'
import { planAnchor } from '#consensus'
import type { AnchorPlan, CertifiedBatch } from '#consensus'
import {
  cidOfBlock,
  digestOf,
  encodeManifest,
  equalBytes,
  hashAnchor,
  hashAnchorStruct,
  merkleRoot,
  sha256,
  signDigest,
  utf8,
  ZERO_32,
} from '#protocol'
import type { Anchor, Manifest } from '#protocol'
import { anchorToWire } from '../../node/anchoring/anchor-desk.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants, readChainAnchors } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1, 2]
const LIE = utf8('a lie of 32 bytes, no less or more').slice(0, 32)

describe('a region with a member that proposes false anchors', () => {
  let region: LiveRegion
  let rogue: Rogue
  let honest: string[]

  before(async () => {
    // Time enough for the rogue to be first.
    const anchor = { intervalMs: 3_000, maxClaims: 1_000, stageMs: 1_000 }
    region = await startLiveRegion({ started: HONEST, anchor })
    rogue = await Rogue.join(region, 3)
    honest = []
    for (const position of HONEST) {
      const { cid } = await submitTo(region.node(position), submissionOf(csvBill({ point: `anchored-${position}` })))
      honest.push(cid)
      for (const other of HONEST) await untilState(region.node(other), cid, 'certified')
    }
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  /** Everything that the region has certified, as the rogue learned it. */
  async function certified(): Promise<CertifiedBatch[]> {
    const batches = new Map<string, CertifiedBatch>()
    for (const record of await rogue.learn()) {
      if (record.kind !== 'batch' || record.certificate === null) continue
      const { leaves, claimIds, claims } = await rogue.load(record.announcement)
      batches.set(record.announcement.batch.toString(), {
        announcement: record.announcement,
        certificate: record.certificate,
        leaves,
        claimIds,
        gramsLocation: claims.map(({ gramsLocation }) => BigInt(gramsLocation)),
        gramsMarket: claims.map(() => undefined),
      })
    }
    return [...batches.values()]
  }

  const place = (prev: Uint8Array = ZERO_32, seq = 1): Pick<Anchor, 'region' | 'epoch' | 'seq' | 'prev'> => ({
    region: 'north-america',
    epoch: 0,
    seq,
    prev,
  })

  function planOf(batches: readonly CertifiedBatch[]): AnchorPlan {
    const plan = planAnchor(place(), batches, () => false)
    assert.ok(plan !== undefined)
    return plan
  }

  /** Stores the manifest that the plan has, makes the anchor name it, signs it, and tells everybody. */
  async function propose({ anchor, manifest }: AnchorPlan, change: Partial<Anchor> = {}): Promise<Anchor> {
    const block = encodeManifest(manifest)
    await rogue.archive.putBlock(block)
    const proposed = { ...anchor, manifest: digestOf(cidOfBlock(block)), ...change }
    const { context } = rogue
    const signature = signDigest(hashAnchor(context.domain, proposed), context.privateKey)
    const wire = anchorToWire(proposed)
    await rogue.say({ kind: 'anchor-signature', anchor: wire, signer: context.address, signature })
    // By sync as well, like a member whose gossip was lost.
    rogue.syncAnswer = () => [
      {
        kind: 'anchor',
        anchor: wire,
        manifest: cidOfBlock(block),
        signatures: [{ signer: context.address, signature }],
      },
    ]
    return proposed
  }

  it('signs none of them, and anchors the right one all the same', async () => {
    const batches = await certified()
    assert.equal(batches.length, 3)
    const [first, ...others] = batches
    assert.ok(first !== undefined)
    const right = planOf(batches)
    const entries = right.manifest.batches
    const withEntries = (changed: Manifest['batches']): AnchorPlan => ({
      ...right,
      manifest: { ...right.manifest, batches: changed },
    })
    const own = await rogue.makeBatch({ claims: [await rogue.claimOf(csvBill({ point: 'never-certified' }))], seq: 1 })
    const { certificate } = first
    const uncertified = { ...first, announcement: own.announcement }
    const lies: readonly (readonly [string, AnchorPlan, Partial<Anchor>?])[] = [
      ['a batch that nobody certified, with the certificate of another', planOf([uncertified, ...others])],
      [
        'a certificate without a quorum',
        planOf([{ ...first, certificate: { ...certificate, signatures: certificate.signatures.slice(1) } }, ...others]),
      ],
      [
        'a claim left out without a reason',
        {
          manifest: {
            ...right.manifest,
            batches: entries.map((entry, i) => (i === 0 ? { ...entry, omitted: [0] } : entry)),
          },
          anchor: { ...right.anchor, claims: 2, root: merkleRoot(others.map(({ leaves }) => merkleRoot(leaves))) },
        },
      ],
      ['a batch listed twice', planOf([first, first, ...others])],
      [
        'a bitmap that nobody voted for',
        withEntries(
          entries.map((entry, i) =>
            i === 0 ? { ...entry, certificate: { ...entry.certificate, bitmap: new Uint8Array([0]) } } : entry,
          ),
        ),
      ],
      ['another sum', right, { gramsLocation: right.anchor.gramsLocation + 1n }],
      ['a market sum out of nothing', right, { gramsMarket: 1n }],
      ['another count', right, { claims: right.anchor.claims + 1 }],
      ['another root', right, { root: LIE }],
      ['another head before it', { ...right, manifest: { ...right.manifest, prev: LIE } }, { prev: LIE }],
      ['a manifest that nobody has', right, { manifest: LIE }],
    ]
    const proposed: { what: string; hash: Uint8Array }[] = []
    for (const [what, plan, change] of lies) {
      proposed.push({ what, hash: hashAnchorStruct(await propose(plan, change)) })
    }
    rogue.syncAnswer = () => []
    for (const cid of honest) await untilState(region.node(0), cid, 'final', 30_000)
    for (const message of rogue.heard) {
      if (message.kind !== 'anchor-signature') continue
      const { anchor } = message
      const hash = hashAnchorStruct({
        ...anchor,
        gramsLocation: BigInt(anchor.gramsLocation),
        gramsMarket: BigInt(anchor.gramsMarket),
      })
      const lie = proposed.find((one) => equalBytes(one.hash, hash))
      assert.equal(lie?.what, undefined, 'an auditor signed a false anchor')
    }
    const [anchor] = await readChainAnchors(region)
    assert.ok(anchor !== undefined)
    assert.equal(anchor.claims, 3)
    assert.deepEqual(anchor.root, right.anchor.root)
  })

  it('does not let a flood of proposals stop the next anchor', async () => {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'after-flood' })))
    await untilState(region.node(2), cid, 'certified')
    const [head] = await readChainAnchors(region)
    assert.ok(head !== undefined)
    const plan = planAnchor(place(head.anchorHash, 2), (await certified()).slice(0, 1), () => false)
    assert.ok(plan !== undefined)
    for (let i = 0; i < 40; i += 1) {
      await propose(plan, i % 2 === 0 ? { gramsLocation: BigInt(i) } : { manifest: sha256(utf8(`nobody has ${i}`)) })
    }
    await untilState(region.node(0), cid, 'final', 30_000)
  })

  it('signs the proposal of a member that tells the truth, whoever it is', async () => {
    const { cid } = await submitTo(region.node(1), submissionOf(csvBill({ point: 'truth' })))
    for (const position of HONEST) await untilState(region.node(position), cid, 'certified')
    const [, head] = await readChainAnchors(region)
    assert.ok(head !== undefined)
    const batches = (await certified()).filter(({ leaves }) => leaves.length > 0)
    const open = await openBatches(batches, cid)
    const plan = planAnchor(place(head.anchorHash, 3), open, () => false)
    assert.ok(plan !== undefined)
    const anchor = await propose(plan)
    await until('two others have signed it', () => {
      const hash = hashAnchorStruct(anchor)
      const signers = rogue.heard.flatMap((message) => {
        if (message.kind !== 'anchor-signature') return []
        const { gramsLocation, gramsMarket } = message.anchor
        const seen = { ...message.anchor, gramsLocation: BigInt(gramsLocation), gramsMarket: BigInt(gramsMarket) }
        return equalBytes(hashAnchorStruct(seen), hash) ? [message.signer.join()] : []
      })
      return new Set(signers).size >= 2
    })
    await untilState(region.node(0), cid, 'final', 30_000)
  })

  async function openBatches(batches: readonly CertifiedBatch[], cid: string): Promise<CertifiedBatch[]> {
    const batch = (await region.node(0).findStatus(cid))?.claims[0]?.batch
    return batches.filter(({ announcement }) => announcement.batch.toString() === batch)
  }

  it('holds its invariants on every disk after all of it', async () => {
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified: claims, anchors } = await checkInvariants(region, HONEST)
    assert.equal(claims.size, 5)
    assert.equal(
      anchors.reduce((sum, anchor) => sum + anchor.claims, 0),
      5,
    )
  })
})
