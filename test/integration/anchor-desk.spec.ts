import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { planAnchor } from '#consensus'
import type { AnchorPlan, CertifiedBatch } from '#consensus'
import { cidOfBlock, digestOf, encodeManifest, equalBytes, hashAnchor, hashAnchorStruct, signDigest } from '#protocol'
import { quorumOf, toHex, ZERO_32 } from '#protocol'
import type { Anchor, Announcement, Claim, GossipMessage } from '#protocol'
import { keyOfNumber, Store } from '#storage'
import { ArchiveKeys } from '../../node/archive-keys.ts'
import { AnchorDesk } from '../../node/anchoring/anchor-desk.ts'
import { ChainFollower } from '../../node/anchoring/chain-follower.ts'
import { anchorToWire } from '../../node/anchoring/proposal-book.ts'
import type { SeenAnchor } from '../../node/chain/anchor-watcher.ts'
import type { RegionContext } from '../../node/region-context.ts'
import { Serial } from '../../node/serial.ts'
import { certifyBatch, foundRegion, hashOf, makeClaim, REGION, signByQuorum } from '../support/region-fixture.ts'
import type { Member } from '../support/region-fixture.ts'

const fixture = foundRegion()
const { charter, domain, members } = fixture
const [self, ...others] = members
const [regionCharter] = charter.regions
assert.ok(self !== undefined && regionCharter !== undefined)
const context: RegionContext = {
  charter,
  domain,
  region: regionCharter,
  epoch: 0,
  committee: regionCharter.committee,
  quorum: quorumOf(members.length),
  address: self.address,
  privateKey: self.key,
  regionSecret: ZERO_32,
  archive: new ArchiveKeys([]),
}
const log = pino({ level: 'silent' })

type Known = { readonly batch: CertifiedBatch; readonly claim: Claim }

function makeKnown(label: string, sponsor: number, seq = 1): Known {
  const claim = makeClaim(label)
  return { claim, batch: certifyBatch(fixture, [claim], { sponsor, seq }) }
}

function planOf(batches: readonly CertifiedBatch[], seq = 1, prev = ZERO_32): AnchorPlan {
  const plan = planAnchor({ region: REGION, epoch: 0, seq, prev }, batches, () => false)
  assert.ok(plan !== undefined)
  return plan
}

describe('anchor desk and chain follower', () => {
  const a = makeKnown('a', 0)
  const b = makeKnown('b', 1)
  let folder: string
  let store: Store
  let blocks: Map<string, Uint8Array>
  let published: GossipMessage[]
  let nowMs: number
  /** Batches that peers have. */
  let elsewhere: Known[]
  let adopted: Announcement[]
  let isHanging: boolean
  let desk: AnchorDesk
  let follower: ChainFollower

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-desk-'))
    store = await Store.open(join(folder, 'store'), domain.networkId)
    blocks = new Map()
    published = []
    elsewhere = []
    adopted = []
    nowMs = 0
    isHanging = false
    const serial = new Serial()
    const ledger = { exclusively: async <T>(task: () => Promise<T>): Promise<T> => serial.run(task) }
    const adopt = async (announcement: Announcement): Promise<void> => {
      adopted.push(announcement)
      const found = elsewhere.find(({ batch }) => batch.announcement.batch.equals(announcement.batch))
      if (found !== undefined) await keep(found)
    }
    desk = new AnchorDesk({
      context,
      store,
      archive: {
        getBlock: async (cid) => blocks.get(cid.toString()) ?? Promise.reject(new Error('no such block')),
        hasBill: async () => true,
        putBlock: async (bytes) => {
          blocks.set(cidOfBlock(bytes).toString(), bytes)
          return cidOfBlock(bytes)
        },
      },
      flushBlocks: async () => undefined,
      fetch: async ([cid]) => {
        if (isHanging && cid !== undefined && !blocks.has(cid.toString())) await new Promise(() => undefined)
      },
      peersFor: () => [],
      ledger,
      head: () => follower.head,
      publish: async (message) => {
        published.push(message)
      },
      adopt,
      nowMonotonicMs: () => nowMs,
      log,
    })
    follower = new ChainFollower({
      context,
      store,
      ledger,
      desk,
      adopt,
      changes: { note: () => {} },
      nowMs: () => 0,
      log,
    })
    await follower.load()
  })

  afterEach(async () => {
    await desk.stop()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Brings a certified batch into the records, as the ledger does. */
  async function keep({ batch, claim }: Known): Promise<void> {
    const { announcement, certificate, leaves, claimIds } = batch
    const digest = digestOf(announcement.batch)
    const claimId = claimIds[0] ?? ZERO_32
    const shared = { claimId, claim, visibility: 'public', batch: digest, index: 0, proposedAtMs: 0 } as const
    await store.commit(
      [
        store.batches.put(digest, { announcement, certificate, leaves, claimIds, state: 'certified' }),
        store.unanchored.put(digest, 1),
        store.claims.put(claimId, { ...shared, state: 'certified' }),
      ],
      { durable: false },
    )
  }

  /** Takes a proposal of members, and waits until it has been looked at. */
  async function take(anchor: Anchor, signers: readonly (Member | undefined)[]): Promise<boolean> {
    const isTaken = give(anchor, signers)
    await desk.settled()
    return isTaken
  }

  function give(anchor: Anchor, signers: readonly (Member | undefined)[]): boolean {
    const digest = hashAnchor(domain, anchor)
    const signatures = signers.flatMap((signer) =>
      signer === undefined ? [] : [{ signer: signer.address, signature: signDigest(digest, signer.key) }],
    )
    return desk.take({ anchor: anchorToWire(anchor), signatures })
  }

  const put = (plan: AnchorPlan): void => {
    const block = encodeManifest(plan.manifest)
    blocks.set(cidOfBlock(block).toString(), block)
  }

  const signedHere = (): string[] =>
    published.flatMap((message) => (message.kind === 'anchor-signature' ? [toHex(message.anchor.root)] : []))

  const countKept = async (): Promise<number> => {
    let count = 0
    for await (const [,] of store.proposals.entries()) count += 1
    return count
  }

  function show(plan: AnchorPlan, change: Partial<SeenAnchor> = {}): SeenAnchor {
    const { prev: _prev, ...event } = plan.anchor
    return {
      ...event,
      anchorHash: hashAnchorStruct(plan.anchor),
      txHash: hashOf('transaction'),
      blockNumber: 7,
      blockHash: hashOf('block'),
      gasUsed: 80_000n,
      signatures: signByQuorum(fixture, hashAnchor(domain, plan.anchor)),
      ...change,
    }
  }

  const stateOf = async ({ batch }: Known): Promise<string | undefined> =>
    (await store.claims.find(batch.claimIds[0] ?? ZERO_32))?.state

  it('counts as its own only what it has signed: a proposal that nobody can check blocks nothing', async () => {
    await keep(a)
    const { anchor } = planOf([a.batch])
    assert.equal(await take({ ...anchor, manifest: hashOf('nobody has it') }, [others[0]]), true)
    assert.equal(await desk.book.hasOwn(), false)
    assert.equal(await desk.propose(), true)
    assert.equal(await desk.book.hasOwn(), true)
    assert.deepEqual(signedHere(), [toHex(anchor.root)])
  })

  it('signs a proposal with a batch that it has not seen certified: the manifest brings it', async () => {
    await keep(a)
    elsewhere = [b]
    const plan = planOf([a.batch, b.batch])
    put(plan)
    await take(plan.anchor, [others[0]])
    assert.deepEqual(adopted, [b.batch.announcement])
    assert.deepEqual(signedHere(), [toHex(plan.anchor.root)])
  })

  it('brings no more than a share of what a proposal lists at a time, and goes on the next time', async () => {
    elsewhere = Array.from({ length: 70 }, (_, i) => makeKnown(`many ${i}`, 1, i + 1))
    const plan = planOf(elsewhere.map(({ batch }) => batch))
    put(plan)
    await take(plan.anchor, [others[0]])
    assert.deepEqual([adopted.length, signedHere().length], [64, 0])
    // Sync brings it with every exchange; it is not looked at each time.
    await take(plan.anchor, [others[0]])
    assert.equal(adopted.length, 64)
    nowMs += 2_000
    await take(plan.anchor, [others[0]])
    assert.deepEqual([adopted.length, signedHere().length], [70, 1])
  }).timeout(20_000)

  it('keeps four unchecked proposals of a member', async () => {
    const { anchor } = planOf([a.batch])
    for (let i = 1; i <= 10; i += 1) await take({ ...anchor, gramsLocation: BigInt(i) }, [others[0]])
    assert.equal(await countKept(), 4)
    // Another member's is not kept out by them.
    await take({ ...anchor, gramsLocation: 12n }, [others[1]])
    assert.equal(await countKept(), 5)
  })

  it('does not look at what nobody has signed', async () => {
    await keep(a)
    const plan = planOf([a.batch])
    put(plan)
    await take(plan.anchor, [])
    assert.deepEqual([signedHere(), await countKept()], [[], 0])
  })

  it('counts one signature of each member, however often it is sent', async () => {
    const { anchor } = planOf([a.batch])
    await take(anchor, [others[0], others[0], others[0]])
    assert.equal(await desk.book.findSigned(), undefined)
    await take(anchor, [others[1], others[2]])
    assert.equal((await desk.book.findSigned())?.signatures.length, 3)
  })

  it('takes no proposal on top of another head', async () => {
    const { anchor } = planOf([a.batch], 1, hashOf('another head'))
    assert.equal(await take(anchor, [others[0]]), false)
    assert.equal(await countKept(), 0)
  })

  it('proposes, checks others and stops while manifests that nobody has are looked for', async () => {
    await keep(a)
    await keep(b)
    isHanging = true
    const plan = planOf([b.batch])
    put(plan)
    const { anchor } = planOf([a.batch])
    for (let i = 0; i < 4; i += 1) give({ ...anchor, manifest: hashOf(`hanging ${i}`) }, [others[0]])
    const own = planOf([a.batch, b.batch].toSorted((x, y) => x.announcement.seq - y.announcement.seq))
    assert.equal(await desk.propose(), true)
    give(plan.anchor, [others[1]])
    while (signedHere().length < 2) await new Promise(setImmediate)
    assert.equal(signedHere().includes(toHex(own.anchor.root)), true)
    await desk.stop()
  })

  it('takes batches into an anchor by their place, so that no sponsor comes first with all of its own', async () => {
    const all = [makeKnown('a2', 0, 2), a, makeKnown('a3', 0, 3), b]
    for (const known of all) await keep(known)
    const seqs = (await desk.listUnanchored()).map(({ announcement }) => announcement.seq)
    assert.deepEqual(seqs, [1, 1, 2, 3])
  })

  it('keeps the signatures that the transaction has, though it knows no proposal', async () => {
    await keep(a)
    const plan = planOf([a.batch])
    put(plan)
    await follower.onAnchored(show(plan))
    const record = await store.anchors.find(keyOfNumber(1))
    assert.deepEqual(record?.signatures, signByQuorum(fixture, hashAnchor(domain, plan.anchor)))
    assert.equal(await stateOf(a), 'anchored')
    // A repeat, as after a crash, and the same anchor in another block.
    await follower.onFinal(1)
    await follower.onAnchored(show(plan))
    assert.equal(await stateOf(a), 'final')
    await follower.onAnchored(show(plan, { blockHash: hashOf('other block'), signatures: [] }))
    assert.equal((await store.anchors.find(keyOfNumber(1)))?.signatures.length, 3)
    assert.deepEqual((await store.anchors.find(keyOfNumber(1)))?.blockHash, hashOf('other block'))
  })

  it('takes the signatures of proposals if the transaction does not show them', async () => {
    await keep(a)
    const plan = planOf([a.batch])
    put(plan)
    const unsigned = show(plan, { signatures: [] })
    await assert.rejects(follower.onAnchored(unsigned), { code: 'ERR_ANCHOR_QUORUM' })
    await take(plan.anchor, others)
    await follower.onAnchored(unsigned)
    assert.equal((await store.anchors.find(keyOfNumber(1)))?.signatures.length, 3)
    // For peers that come later: theirs is the same question.
    assert.equal((await desk.book.findQuorumOn(unsigned.anchorHash))?.length, 3)
  })

  it('believes no endpoint that shows what no quorum has signed, or what does not follow', async () => {
    await keep(a)
    const plan = planOf([a.batch])
    const later = planOf([a.batch], 2, hashOf('never there'))
    put(plan)
    put(later)
    const digest = hashAnchor(domain, plan.anchor)
    const two = members.slice(0, 2).map(({ key }) => signDigest(digest, key))
    const stranger = signDigest(digest, hashOf('stranger'))
    const lies: readonly (readonly [SeenAnchor, string])[] = [
      [show(plan, { claims: 2 }), 'ERR_ANCHOR_CHAIN'],
      [show(plan, { anchorHash: hashOf('another') }), 'ERR_ANCHOR_CHAIN'],
      [show(plan, { signatures: two }), 'ERR_ANCHOR_QUORUM'],
      [show(plan, { signatures: [...two, ...two.slice(0, 1)] }), 'ERR_ANCHOR_QUORUM'],
      [show(plan, { signatures: [...two, stranger] }), 'ERR_ANCHOR_QUORUM'],
      [show(plan, { signatures: [...two, new Uint8Array(65)] }), 'ERR_ANCHOR_QUORUM'],
      [show(later), 'ERR_ANCHOR_CHAIN'],
    ]
    for (const [seen, code] of lies) await assert.rejects(follower.onAnchored(seen), { code })
    assert.equal(await stateOf(a), 'certified')
    assert.equal(await store.anchors.find(keyOfNumber(1)), undefined)
    assert.equal(follower.head.seq, 0)
    await follower.onAnchored(show(plan))
    assert.ok(equalBytes(follower.head.anchorHash, hashAnchorStruct(plan.anchor)))
  })

  it('goes back when an older anchor comes again in another block, as after a lost cursor', async () => {
    await keep(a)
    await keep(b)
    const first = planOf([a.batch])
    const second = planOf([b.batch], 2, hashAnchorStruct(first.anchor))
    put(first)
    put(second)
    await follower.onAnchored(show(first))
    await follower.onAnchored(show(second))
    await follower.onAnchored(show(first, { blockHash: hashOf('other block') }))
    assert.deepEqual([follower.head.seq, await stateOf(a), await stateOf(b)], [1, 'anchored', 'certified'])
  })
})
