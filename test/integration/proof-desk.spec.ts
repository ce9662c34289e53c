import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { planAnchor } from '#consensus'
import type { CertifiedBatch } from '#consensus'
import {
  cidOfBlock,
  cidOfDigest,
  concatBytes,
  decodeProof,
  digestOf,
  encodeManifest,
  hashAnchor,
  quorumOf,
  RAW_CODE,
  signDigest,
  toHex,
  verifyProofOffline,
  ZERO_32,
} from '#protocol'
import type { Claim, Proof } from '#protocol'
import { keyOfNumber, Store } from '#storage'
import type { ClaimRecord } from '#storage'
import { ProofDesk } from '../../node/proofs.ts'
import { certifyBatch, foundRegion, hashOf, makeClaim, REGION } from '../support/region-fixture.ts'

const region = foundRegion()
const { charter, domain, members } = region
const { signal } = new AbortController()

describe('proof desk', () => {
  let folder: string
  let store: Store
  let blocks: Map<string, Uint8Array>
  let batchClaims: Map<string, readonly Claim[]>
  let desk: ProofDesk

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-proofs-'))
    store = await Store.open(join(folder, 'store'), domain.networkId)
    blocks = new Map()
    batchClaims = new Map()
    const [own] = charter.regions
    assert.ok(own !== undefined)
    desk = new ProofDesk({
      context: { charter, domain, region: own, quorum: quorumOf(members.length) },
      store,
      sources: {
        getBlock: (cid) => {
          const block = blocks.get(cid.toString())
          return block === undefined ? Promise.reject(new Error(`no block ${cid.toString()}`)) : Promise.resolve(block)
        },
        loadClaims: (announcement) => Promise.resolve(batchClaims.get(announcement.batch.toString()) ?? []),
      },
    })
  })

  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function keepBatch(batch: CertifiedBatch, claims: readonly Claim[]): Promise<void> {
    const { announcement, certificate, leaves, claimIds } = batch
    batchClaims.set(announcement.batch.toString(), claims)
    const record = { announcement, certificate, leaves, claimIds, state: 'certified' as const }
    await store.commit([store.batches.put(digestOf(announcement.batch), record)], { durable: false })
  }

  async function keepClaim(
    batch: CertifiedBatch,
    claim: Claim,
    fields: Partial<ClaimRecord> & { index: number },
  ): Promise<void> {
    const claimId = batch.claimIds[fields.index]
    assert.ok(claimId !== undefined)
    const record: ClaimRecord = {
      claimId,
      claim,
      visibility: 'public',
      batch: digestOf(batch.announcement.batch),
      state: 'certified',
      proposedAtMs: 0,
      ...fields,
    }
    const key = concatBytes([claim.bill.bytes, keyOfNumber(claim.ordinal), claimId])
    await store.commit([store.claims.put(claimId, record), store.claimsByBill.put(key, claimId)], { durable: false })
  }

  async function anchor(seq: number, batches: readonly CertifiedBatch[], signers = members): Promise<void> {
    const plan = planAnchor({ region: REGION, epoch: 0, seq, prev: ZERO_32 }, batches, () => false)
    assert.ok(plan !== undefined)
    const block = encodeManifest(plan.manifest)
    blocks.set(cidOfBlock(block).toString(), block)
    const digest = hashAnchor(domain, plan.anchor)
    const { gramsLocation, gramsMarket } = plan.anchor
    await store.commit(
      [
        store.anchors.put(keyOfNumber(seq), {
          anchor: { ...plan.anchor, gramsLocation: gramsLocation.toString(), gramsMarket: gramsMarket.toString() },
          manifest: cidOfBlock(block),
          // As gossip may bring them: more than a quorum, in any order.
          signatures: signers.map((member) => signDigest(digest, member.key)).toReversed(),
          state: 'anchored',
          transactionHash: hashOf('transaction'),
          blockNumber: 9,
          blockHash: hashOf('block'),
          gasUsed: '80000',
        }),
      ],
      { durable: false },
    )
  }

  async function find(bill: CID, ordinal = 0, disclose = true): Promise<Proof | undefined> {
    const bytes = await desk.findProof(bill, { ordinal, disclose, signal })
    if (bytes === undefined) return undefined
    const { ok, checks } = verifyProofOffline({ proof: bytes, charter })
    assert.equal(ok, true, JSON.stringify(checks.filter((check) => !check.ok)))
    return decodeProof(bytes)
  }

  it('has no proof before a claim is certified, and none of a bill that it does not know', async () => {
    const claim = makeClaim('a')
    const batch = certifyBatch(region, [claim])
    assert.equal(await find(claim.bill), undefined)
    await keepBatch(batch, [claim])
    await keepClaim(batch, claim, { index: 0, state: 'proposed' })
    assert.equal(await find(claim.bill), undefined)
    await keepClaim(batch, claim, { index: 0 })
    assert.equal((await find(claim.bill))?.anchor, undefined)
    assert.equal(await find(claim.bill, 1), undefined)
  })

  it('proves every claim of every batch of an anchor, with refused claims between them', async () => {
    const scenes = [['a', 'b', 'c'], ['d'], ['e', 'f', 'g', 'h', 'i']].map((labels, b) => {
      const claims = labels.map((label) => makeClaim(label))
      return { claims, batch: certifyBatch(region, claims, { seq: b + 1, refused: b === 2 ? [1, 3] : [] }) }
    })
    await anchor(
      1,
      scenes.map(({ batch }) => batch),
    )
    for (const { claims, batch } of scenes) {
      await keepBatch(batch, claims)
      for (const [index, claim] of claims.entries())
        await keepClaim(batch, claim, { index, state: 'final', anchorSeq: 1 })
    }
    for (const [b, { claims }] of scenes.entries()) {
      for (const [index, claim] of claims.entries()) {
        const proof = await find(claim.bill)
        if (b === 2 && [1, 3].includes(index)) assert.equal(proof, undefined)
        else assert.equal(proof?.anchor?.blockNumber, 9)
      }
    }
  })

  it('finds each of several bills of one file', async () => {
    const { bill } = makeClaim('file')
    const claims = [0, 1, 2].map((ordinal) => makeClaim(`row ${ordinal}`, { bill, ordinal }))
    const batch = certifyBatch(region, claims)
    await keepBatch(batch, claims)
    for (const [index, claim] of claims.entries()) await keepClaim(batch, claim, { index })
    for (const ordinal of claims.keys()) {
      const proof = await find(bill, ordinal)
      assert.ok(proof?.claim.kind === 'full')
      assert.equal(proof.claim.content.ordinal, ordinal)
    }
  })

  it('proves a claim through the batch that the anchor counts it in, if another sponsor was faster', async () => {
    const shared = makeClaim('shared')
    const theirs = [makeClaim('x'), { ...shared, salt: hashOf('another salt') }, makeClaim('y')]
    const first = certifyBatch(region, theirs, { sponsor: 1 })
    const second = certifyBatch(region, [shared, makeClaim('z')])
    await keepBatch(first, theirs)
    await keepBatch(second, [shared, makeClaim('z')])
    await anchor(1, [first, second])
    await keepClaim(second, shared, { index: 0, state: 'anchored', anchorSeq: 1 })
    await keepClaim(second, makeClaim('z'), { index: 1, state: 'anchored', anchorSeq: 1 })
    const proof = await find(shared.bill)
    assert.equal(proof?.batch.announcement.batch.toString(), first.announcement.batch.toString())
    assert.equal(proof?.batch.index, 1)
    assert.ok(proof?.anchor !== undefined)
    // Its neighbour's batch has an omitted claim: its root in the anchor is not the one of the certificate.
    assert.ok((await find(makeClaim('z').bill))?.anchor !== undefined)
  })

  it('proves the bill that was asked for by its certificate, if the anchor counts another sealed file of it', async () => {
    const shared = makeClaim('shared')
    const theirs = { ...shared, salt: hashOf('another salt'), bill: cidOfDigest(hashOf('sealed again'), RAW_CODE) }
    const first = certifyBatch(region, [theirs], { sponsor: 1, sealed: true })
    const second = certifyBatch(region, [shared], { sealed: true })
    await keepBatch(first, [theirs])
    await keepBatch(second, [shared])
    await anchor(1, [first, second])
    await keepClaim(second, shared, { index: 0, state: 'anchored', anchorSeq: 1, visibility: 'sealed' })
    const proof = await find(shared.bill)
    assert.equal(proof?.bill.cid.toString(), shared.bill.toString())
    assert.equal(proof?.anchor, undefined)
  })

  it('keeps a sealed claim to itself unless it is told to disclose it', async () => {
    const claim = makeClaim('secret', { gramsLocation: '123456789' })
    const batch = certifyBatch(region, [claim], { sealed: true })
    await keepBatch(batch, [claim])
    await keepClaim(batch, claim, { index: 0, visibility: 'sealed' })
    const hidden = await desk.findProof(claim.bill, { disclose: false, signal })
    assert.ok(hidden !== undefined)
    const text = new TextDecoder().decode(hidden)
    for (const secret of [claim.salt, claim.plainHash, claim.pointTag]) assert.ok(!text.includes(toHex(secret)))
    assert.equal((await find(claim.bill, 0, false))?.claim.kind, 'leaf')
    assert.equal((await find(claim.bill, 0, true))?.claim.kind, 'full')
  })

  it('shows the certificate alone where the chain lost the anchor', async () => {
    const claim = makeClaim('a')
    const batch = certifyBatch(region, [claim])
    await keepBatch(batch, [claim])
    await keepClaim(batch, claim, { index: 0, state: 'anchored', anchorSeq: 5 })
    const proof = await find(claim.bill)
    assert.ok(proof !== undefined)
    assert.equal(proof.anchor, undefined)
  })
  it('shows the certificate alone where fewer signatures on the anchor are known than a quorum', async () => {
    const claim = makeClaim('a')
    const batch = certifyBatch(region, [claim])
    await keepBatch(batch, [claim])
    await keepClaim(batch, claim, { index: 0, state: 'anchored', anchorSeq: 1 })
    await anchor(1, [batch], members.slice(0, quorumOf(members.length) - 1))
    const proof = await find(claim.bill)
    assert.ok(proof !== undefined)
    assert.equal(proof.anchor, undefined)
  })
})
