import assert from 'node:assert/strict'
import { pino } from 'pino'
import { digestOf, encodeBatch } from '#protocol'
import type { Announcement, Certificate, GossipMessage, Vote } from '#protocol'
import type { Archive, Store } from '#storage'
import { BatchLoader } from '../../../node/batch-loader.ts'
import { Ledger } from '../../../node/ledger.ts'
import { Polls } from '../../../node/polls.ts'
import { Voter } from '../../../node/voter.ts'
import type { VoterInit } from '../../../node/voter.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { certifyBatch, foundRegion, makeBatch, makeClaim, makeVote, publicEntry } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'
import { valuesOf } from '../../support/invariants.ts'
import { until } from '../../support/until.ts'

const region = foundRegion()
const context = contextOf(region)
const [, second, third, fourth] = region.members as [Member, Member, Member, Member]
const claims = ['a', 'b'].map((label) => makeClaim(label))
const { batch, announcement } = makeBatch(region, fourth, claims.map(publicEntry))
const digest = digestOf(announcement.batch)

/** A voter with real records and counts, that refuses every claim: what it has of bills it cannot read. */
function startVoter(): {
  voter: Voter
  store: ReturnType<typeof createMemoryStore>
  polls: Polls
  said: GossipMessage[]
  splits: Announcement[]
  certified: Certificate[]
  fault: { onSplit?: Error; flush?: Promise<void> }
} {
  const store = createMemoryStore()
  const polls = new Polls(context, store as unknown as Store)
  const archive = { getBlock: async () => encodeBatch(batch) } as unknown as Archive
  const said: GossipMessage[] = []
  const splits: Announcement[] = []
  const certified: Certificate[] = []
  const fault: { onSplit?: Error; flush?: Promise<void> } = {}
  const init: VoterInit = {
    context,
    store: store as unknown as Store,
    onAnnounced: () => undefined,
    ledger: new Ledger(context, store as unknown as Store, () => 0),
    polls,
    loader: new BatchLoader({ context, archive, fetch: async () => undefined, peersFor: () => [] }),
    vault: {
      readPlain: async () => {
        throw new Error('not readable here')
      },
    } as unknown as VoterInit['vault'],
    examiner: {} as VoterInit['examiner'],
    findEntry: async () => undefined,
    flushBlocks: async () => fault.flush,
    publish: async (message) => {
      said.push(message)
    },
    onCertified: async (_loaded, certificate) => {
      certified.push(certificate)
    },
    onOwn: () => undefined,
    onSplit: async (of) => {
      splits.push(of)
      if (fault.onSplit !== undefined) throw fault.onSplit
    },
    log: pino({ level: 'silent' }),
  }
  return { voter: new Voter(init), store, polls, said, splits, certified, fault }
}

describe('voter with a batch that auditors disagree on', () => {
  // This one refuses both, the others one each, or none.
  const disagreeing = [
    makeVote(region, second, announcement, claims, [0]),
    makeVote(region, third, announcement, claims),
  ]

  it('gives a batch up only when its sponsor has its claims back, and tries again until then', async () => {
    const { voter, store, polls, said, splits, fault } = startVoter()
    fault.onSplit = new Error('no space left')
    await voter.consider(announcement)
    await until('it has voted', () => said.length === 1)
    await voter.count(disagreeing[0] as Vote)
    await assert.rejects(voter.count(disagreeing[1] as Vote), /no space left/)
    assert.equal((await store.batches.get(digest)).state, 'announced')
    // Sync brings the announcement again.
    await voter.consider(announcement)
    await until('it has tried again', () => splits.length === 2)
    assert.equal((await store.batches.get(digest)).state, 'announced')
    delete fault.onSplit
    await voter.consider(announcement)
    await until('it has given the batch up', async () => (await store.batches.get(digest)).state === 'abandoned')
    await voter.stop()
    // The votes are still there for a sponsor that was away, after a restart too.
    assert.equal(polls.votesOn(digest).length, 3)
    const restarted = new Polls(context, store as unknown as Store)
    await restarted.load()
    assert.equal(restarted.votesOn(digest).length, 3)
  })

  it('gives a batch up once, however many see it at the same moment', async () => {
    const { voter, said, splits } = startVoter()
    await voter.consider(announcement)
    await until('it has voted', () => said.length === 1)
    await Promise.all([...disagreeing.map(async (vote) => voter.count(vote)), voter.consider(announcement)])
    await voter.consider(announcement)
    await voter.stop()
    assert.equal(splits.length, 1)
  })

  it('gives a batch up once, also when it ends its own audit after that', async () => {
    const { voter, store, said, splits, fault } = startVoter()
    let flush = (): void => undefined
    fault.flush = new Promise((resolve) => (flush = resolve))
    await voter.consider(announcement)
    await new Promise((resolve) => setImmediate(resolve))
    for (const vote of [...disagreeing, makeVote(region, fourth, announcement, claims, [1])]) await voter.count(vote)
    assert.equal((await store.batches.get(digest)).state, 'abandoned')
    assert.equal(said.length, 0)
    flush()
    await until('it has voted', () => said.length === 1)
    await voter.stop()
    assert.equal(splits.length, 1)
  })

  it('certifies a batch that it had given up when the certificate of a quorum comes', async () => {
    const { voter, store, polls, said, certified } = startVoter()
    await voter.consider(announcement)
    await until('it has voted', () => said.length === 1)
    for (const vote of disagreeing) await voter.count(vote)
    assert.equal((await store.batches.get(digest)).state, 'abandoned')
    await voter.consider(announcement)
    const { certificate } = certifyBatch(region, claims, { sponsor: 3 })
    await voter.adopt(announcement, certificate)
    assert.equal((await store.batches.get(digest)).state, 'certified')
    assert.equal(certified.length, 1)
    assert.deepEqual(polls.votesOn(digest), [])
    await voter.stop()
  })

  it('keeps votes on disk for batches that were announced to it, and for no others', async () => {
    const { voter, store } = startVoter()
    const unknown = makeBatch(region, fourth, [publicEntry(makeClaim('unknown'))], { seq: 2 }).announcement
    await voter.count(makeVote(region, second, unknown, [makeClaim('unknown')]))
    await voter.consider(announcement)
    await voter.count(makeVote(region, third, announcement, claims))
    await voter.stop()
    const kept = await valuesOf(store.votes)
    assert.ok(kept.length > 0)
    for (const { content } of kept) assert.ok(content.batch.equals(announcement.batch))
  })

  it('votes although a quorum has voted, if all of its votes came with changed bitmaps', async () => {
    const { voter, store, said, certified } = startVoter()
    // These refuse one claim, and this auditor both: it alone makes no certificate true.
    const honest = [second, third, fourth].map((member) => makeVote(region, member, announcement, claims, [0]))
    for (const vote of honest) await voter.count({ ...vote, bitmap: new Uint8Array([0b01]) })
    await voter.consider(announcement)
    await until('it has voted', () => said.some(({ kind }) => kind === 'vote'))
    await voter.stop()
    assert.deepEqual(certified, [])
    assert.equal((await store.batches.get(digest)).state, 'announced')
  })
})
