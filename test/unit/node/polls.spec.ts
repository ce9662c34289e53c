import assert from 'node:assert/strict'
import { cidOfBlock, digestOf, leafOf, signVote, utf8, ZERO_32 } from '#protocol'
import type { Vote } from '#protocol'
import type { Store } from '#storage'
import { Polls } from '../../../node/polls.ts'
import { valuesOf } from '../../support/invariants.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, makeBatch, makeClaim, makeVote, publicEntry, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const claims = ['a', 'b', 'c'].map((label) => makeClaim(label))
const leaves = claims.map((claim) => leafOf(region.domain, REGION, claim))
const [sponsor, second, third, liar] = region.members as [Member, Member, Member, Member]
const { announcement } = makeBatch(region, sponsor, claims.map(publicEntry))
const digest = digestOf(announcement.batch)

function createPolls(store: MemoryStore = createMemoryStore()): { polls: Polls; store: MemoryStore } {
  return { polls: new Polls(contextOf(region), store as unknown as Store), store }
}

/** A vote, well signed, on a batch that nobody has. */
function madeUp(voter: Member, label: string): Vote {
  const batch = cidOfBlock(utf8(label))
  const content = { region: REGION, epoch: 0, round: 0, batch, acceptedRoot: ZERO_32, accepted: 0, totalGrams: '0' }
  const signature = signVote(region.domain, content, voter.key)
  return { content, bitmap: new Uint8Array([0]), refusals: [], voter: voter.address, signature }
}

describe('polls', () => {
  it('keep of one member votes on 64 unknown batches, in memory only, and hear the others as before', async () => {
    const { polls, store } = createPolls()
    const effects = new Map<string, number>()
    for (let i = 0; i < 1_000; i += 1) {
      const effect = await polls.add(madeUp(liar, `made up ${i}`), false)
      effects.set(effect, (effects.get(effect) ?? 0) + 1)
    }
    assert.deepEqual(Object.fromEntries(effects), { counted: 64, ignored: 936 })
    assert.deepEqual(await valuesOf(store.votes), [])
    assert.equal(polls.votesOn(digestOf(cidOfBlock(utf8('made up 999')))).length, 0)
    assert.equal(await polls.add(makeVote(region, second, announcement, claims), false), 'counted')
    // Of a batch that is known, the member's vote counts as before.
    assert.equal(await polls.add(makeVote(region, liar, announcement, claims), true), 'counted')
  })

  it('count a vote that comes before its announcement, and free its place when that comes', async () => {
    const { polls } = createPolls()
    await polls.add(makeVote(region, second, announcement, claims), false)
    for (let i = 0; i < 63; i += 1) assert.equal(await polls.add(madeUp(second, `x ${i}`), false), 'counted')
    assert.equal(await polls.add(madeUp(second, 'one more'), false), 'ignored')
    polls.know(digest)
    assert.equal(await polls.add(madeUp(second, 'one more'), false), 'counted')
    assert.equal(await polls.add(makeVote(region, sponsor, announcement, claims), true), 'counted')
    assert.equal(await polls.add(makeVote(region, third, announcement, claims), true), 'certified')
    assert.ok(polls.findCertificate(digest, leaves) !== undefined)
  })

  it('find the votes on known batches again after a restart', async () => {
    const { polls, store } = createPolls()
    for (const member of [sponsor, second]) await polls.add(makeVote(region, member, announcement, claims), true)
    const restarted = createPolls(store).polls
    await restarted.load()
    assert.equal(restarted.votesOn(digest).length, 2)
    assert.equal(restarted.hasOwnVote(digest), true)
  })

  it('leave votes with changed bitmaps out of the count of claims, and make no certificate of them alone', async () => {
    const { polls } = createPolls()
    const accepting = [sponsor, second, third].map((member) => makeVote(region, member, announcement, claims, [2]))
    const changed = accepting.map((vote) => ({ ...vote, bitmap: new Uint8Array([0b110]) }))
    for (const vote of changed) await polls.add(vote, true)
    // By count alone it looks like one; by its leaves it is none, and no claim has lost or won a vote.
    assert.ok(polls.findCertificate(digest) !== undefined)
    assert.equal(polls.findCertificate(digest, leaves), undefined)
    assert.equal(polls.isSplit(digest), false)
    const count = polls.countClaims(digest, leaves)
    assert.deepEqual(count.votes(), [])
    assert.equal(count.isRefused(0), false)
    await polls.add(makeVote(region, liar, announcement, claims, [2]), true)
    assert.deepEqual(polls.findCertificate(digest, leaves)?.bitmap, new Uint8Array([0b011]))
    assert.equal(polls.countClaims(digest, leaves).votes().length, 1)
  })
})
