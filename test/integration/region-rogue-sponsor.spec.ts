import assert from 'node:assert/strict'
import type { BillStatus } from '#api'
import { addressOfPrivateKey, isBitSet, leafOf, merkleRoot, toHex, utf8 } from '#protocol'
import type { Announcement, Claim, Vote } from '#protocol'
import { seal } from '#storage'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

/** The three honest auditors, just a quorum; the fourth key is the rogue's. */
const HONEST = [0, 1, 2]
const LIE = utf8('a lie of 32 bytes, no less or more').slice(0, 32)

describe('a region with a sponsor that lies', () => {
  let region: LiveRegion
  let rogue: Rogue
  let seq = 0

  before(async () => {
    region = await startLiveRegion({ started: HONEST })
    rogue = await Rogue.join(region, 3)
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  const next = (): number => (seq += 1)

  function assertVotes(votes: readonly Vote[], claims: readonly Claim[], codes: readonly (string | undefined)[]): void {
    const { domain, region: own } = rogue.context
    const accepted = claims.filter((_, i) => codes[i] === undefined)
    for (const { content, bitmap, refusals } of votes) {
      assert.deepEqual(
        claims.map((_, index) => refusals.find((refusal) => refusal.index === index)?.code),
        codes,
      )
      assert.deepEqual(
        claims.map((_, index) => isBitSet(bitmap, index)),
        codes.map((code) => code === undefined),
      )
      assert.equal(content.accepted, accepted.length)
      assert.deepEqual(content.acceptedRoot, merkleRoot(accepted.map((claim) => leafOf(domain, own.name, claim))))
    }
  }

  /** The region certifies an honest bill: whatever the rogue did has not stopped it. */
  async function assertWorks(point: string): Promise<BillStatus> {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point })))
    const statuses = await Promise.all(
      HONEST.map(async (position) => untilState(region.node(position), cid, 'certified', 5_000)),
    )
    assert.ok(statuses[0] !== undefined)
    return statuses[0]
  }

  it('accepts the true claim of a batch, and refuses each false one with its code', async () => {
    const claim = async (point: string): Promise<Claim> => rogue.claimOf(csvBill({ point }))
    const honest = await claim('true')
    const lies: readonly (readonly [string, Claim])[] = [
      ['ERR_CLAIM_FIGURES', { ...(await claim('less')), gramsLocation: '1' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('market')), gramsMarket: '0' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('energy')), energyWh: { n: '1', d: '1' } }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('plain')), plainHash: LIE }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('facts')), factsHash: LIE }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('derivation')), derivationHash: LIE }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('rules')), rules: 'rules-0' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('tag')), pointTag: honest.pointTag }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('basis')), tagBasis: 'account' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('start')), startDay: 1 }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('end')), endDay: 99_999 }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('origin')), origin: 'utility-signed' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('assured')), assurance: 'place-declared' }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('place')), declaredPlace: { country: 'US', state: 'WA' } }],
      ['ERR_CLAIM_FIGURES', { ...(await claim('supersedes')), supersedes: LIE }],
      ['ERR_CLAIM_ORDINAL', { ...(await claim('ordinal')), ordinal: 1 }],
      ['ERR_CLAIM_REGION', await rogue.claimOf(csvBill({ point: 'foreign', country: 'DE' }))],
      ['ERR_CLAIM_DUPLICATE', { ...honest, salt: LIE }],
    ]
    const claims = [honest, ...lies.map(([, lie]) => lie)]
    const { batch } = await rogue.propose({ claims, seq: next() })
    assertVotes(await rogue.untilVotes(batch, 3), claims, [undefined, ...lies.map(([code]) => code)])
    for (const position of HONEST) await untilState(region.node(position), honest.bill.toString(), 'certified')
    for (const [, { bill }] of lies.slice(0, -1)) {
      assert.equal(await region.node(0).findStatus(bill.toString()), undefined)
    }
  })

  it('holds no period for a claim that it refused', async () => {
    const bill = csvBill({ point: 'squatted' })
    const lie = { ...(await rogue.claimOf(bill)), gramsLocation: '7' }
    const { batch } = await rogue.propose({ claims: [lie], seq: next() })
    assertVotes(await rogue.untilVotes(batch, 3), [lie], ['ERR_CLAIM_FIGURES'])
    const { cid } = await submitTo(region.node(1), submissionOf(bill))
    const { claims } = await untilState(region.node(1), cid, 'certified')
    assert.equal(claims[0]?.gramsCO2e, '26561')
  })

  it('refuses a claim whose period another bill holds', async () => {
    const { claims } = await assertWorks('held')
    const overlapping = await rogue.claimOf(csvBill({ point: 'held', start: '2022-03-20', end: '2022-04-20' }))
    const { batch } = await rogue.propose({ claims: [overlapping], seq: next() })
    const votes = await rogue.untilVotes(batch, 3)
    assertVotes(votes, [overlapping], ['ERR_CLAIM_OVERLAP'])
    for (const { refusals } of votes) assert.equal(toHex(refusals[0]?.heldBy ?? LIE), claims[0]?.claimId)
  })

  it('refuses sealed claims as it refuses public ones', async () => {
    const honest = await rogue.claimOf(csvBill({ point: 'sealed-true' }), 'sealed')
    const lie = { ...(await rogue.claimOf(csvBill({ point: 'sealed-lie' }), 'sealed')), gramsLocation: '5' }
    const { batch } = await rogue.propose({ claims: [honest, lie], sealed: [honest, lie], seq: next() })
    assertVotes(await rogue.untilVotes(batch, 3), [honest, lie], [undefined, 'ERR_CLAIM_FIGURES'])
    // A public bill that is said to be sealed cannot be opened: nobody vouches for it.
    const unsealed = await rogue.claimOf(csvBill({ point: 'not-sealed' }))
    const other = await rogue.propose({ claims: [unsealed], sealed: [unsealed], seq: next() })
    assertVotes(await rogue.untilVotes(other.batch, 3), [unsealed], ['ERR_CLAIM_ABSTAINED'])
  })

  it('does not vote on a batch that contradicts its announcement, or sealed claims that contradict their leaves', async () => {
    const claims = [await rogue.claimOf(csvBill({ point: 'contradiction' }))]
    const other = { ...(claims[0] as Claim), salt: LIE }
    const { batch } = await rogue.makeBatch({ claims, seq: 100 })
    const silent = [
      await rogue.announce(batch, { seq: next() }),
      await rogue.announce(batch, { seq: next(), claims: 2 }),
      await rogue.announce({ ...batch, network: LIE }, { seq: next() }),
      await rogue.announce(batch, { seq: 100, prev: (await rogue.makeBatch({ claims, seq: 99 })).announcement.batch }),
      (await rogue.makeBatch({ claims, sealed: [other], seq: next() })).announcement,
      (await rogue.makeBatch({ claims, sealed: [], seq: next() })).announcement,
      (await rogue.makeBatch({ claims, sealed: [...claims, other], seq: next() })).announcement,
      await rogue.announce({ ...batch, sealed: utf8('no age file') }, { seq: next() }),
      await rogue.announce(
        { ...batch, sealed: await seal(utf8('no list'), [rogue.context.region.archiveRecipient]) },
        { seq: next() },
      ),
      // Properly announced, but the signature is over something else.
      { ...(await rogue.announce(batch, { seq: 101 })), seq: next() },
      { ...(await rogue.announce(batch, { seq: 101 })), sponsor: addressOfPrivateKey(region.keys[0] ?? LIE) },
    ]
    for (const announcement of silent) await rogue.say({ kind: 'announcement', announcement })
    // A vote on what came last, from everybody: the ones before it have been looked at, or are being looked at.
    const { batch: last } = await rogue.propose({
      claims: [await rogue.claimOf(csvBill({ point: 'after' }))],
      seq: next(),
    })
    await rogue.untilVotes(last, 3)
    await assertWorks('after-contradictions')
    for (const announcement of silent) assert.deepEqual(rogue.votesOn(announcement.batch), [])
    assert.equal(await region.node(0).findStatus(claims[0]?.bill.toString() ?? ''), undefined)
  })

  it('goes on while batches and bills that were announced are never delivered', async () => {
    const announced: Announcement[] = []
    for (let i = 0; i < 12; i += 1) {
      const claim = await rogue.claimOf(csvBill({ point: `never-${i}` }))
      const { announcement } = await rogue.makeBatch({ claims: [claim], seq: next() })
      // Every other time the batch is there, and only its bill is not.
      await rogue.hide(i % 2 === 0 ? announcement.batch : claim.bill)
      await rogue.say({ kind: 'announcement', announcement })
      announced.push(announcement)
    }
    rogue.syncAnswer = () =>
      announced.map((announcement) => ({ kind: 'batch', announcement, certificate: null, votes: [] }))
    await assertWorks('meanwhile')
    const { cid } = await submitTo(region.node(2), submissionOf(csvBill({ point: 'meanwhile-sealed' }), 'sealed'))
    await untilState(region.node(0), cid, 'certified', 5_000)
  })

  it('certifies what was not delivered once it is', async () => {
    await rogue.reveal()
    for (let i = 0; i < 12; i += 1) {
      const { bill } = await rogue.claimOf(csvBill({ point: `never-${i}` }))
      for (const position of HONEST) await untilState(region.node(position), bill.toString(), 'certified')
    }
  })

  it('never certifies two batches for one place, keeps the proof on every node, and passes it on', async () => {
    const place = next()
    const a = await rogue.makeBatch({
      claims: [await rogue.claimOf(csvBill({ point: 'two-faced', kWh: '1' }))],
      seq: place,
    })
    const b = await rogue.makeBatch({
      claims: [await rogue.claimOf(csvBill({ point: 'two-faced', kWh: '2' }))],
      seq: place,
    })
    // The first auditor hears of one batch, the two others of the other one; by sync, since gossip is repeated to those
    // who come later.
    const tell = (announcement: Announcement): void => {
      rogue.syncAnswer = () => [{ kind: 'batch', announcement, certificate: null, votes: [] }]
    }
    await Promise.all([1, 2].map(async (position) => region.stopNode(position)))
    tell(a.announcement)
    const [forA] = await rogue.untilVotes(a.announcement.batch, 1)
    rogue.syncAnswer = () => []
    await region.stopNode(0)
    for (const position of [1, 2]) await region.startNode(position)
    await rogue.reconnect(region, [1, 2])
    tell(b.announcement)
    const [forB] = await rogue.untilVotes(b.announcement.batch, 2)
    await region.startNode(0)
    await rogue.reconnect(region, [0])
    // The auditors themselves pass the proof on.
    await until('the proof is gossiped', () => rogue.heard.some(({ kind }) => kind === 'equivocation'))
    assert.equal(rogue.votesOn(a.announcement.batch).length, 1)
    assert.equal(rogue.votesOn(b.announcement.batch).length, 2)
    // The rogue's own vote makes a quorum for one of them. For the other there is none, whatever it says.
    for (const vote of [forA, forB]) {
      if (vote !== undefined) await rogue.say({ kind: 'vote', vote: rogue.voteOn(vote.content, vote.bitmap) })
    }
    const [entry] = b.batch.entries
    const bill = entry?.kind === 'public' ? entry.claim.bill.toString() : ''
    for (const position of HONEST) await untilState(region.node(position), bill, 'certified')
    assert.equal(rogue.votesOn(a.announcement.batch).length, 1)
    await assertWorks('after-two-faces')
  })

  it('takes no certificate for a quorum that is none', async () => {
    const place = next()
    const claims = [await rogue.claimOf(csvBill({ point: 'displaced' }))]
    const { batch } = await rogue.propose({ claims, seq: place })
    const votes = await rogue.untilVotes(batch, 3)
    for (const position of HONEST)
      await untilState(region.node(position), claims[0]?.bill.toString() ?? '', 'certified')
    const other = await rogue.makeBatch({ claims: [await rogue.claimOf(csvBill({ point: 'displacing' }))], seq: place })
    const [vote] = votes
    assert.ok(vote !== undefined)
    // Signatures of a quorum, but over the other batch.
    const certificate = {
      content: { ...vote.content, batch: other.announcement.batch },
      bitmap: vote.bitmap,
      signatures: votes.map(({ signature }) => signature),
    }
    rogue.heard.splice(0)
    rogue.syncAnswer = () => [
      { kind: 'batch', announcement: other.announcement, certificate, votes: [] },
      { kind: 'batch', announcement: other.announcement, certificate: null, votes: [] },
    ]
    await until('the proof is gossiped', () => rogue.heard.some(({ kind }) => kind === 'equivocation'))
    rogue.syncAnswer = () => []
    await assertWorks('after-displacing')
  })

  it('survives a flood of announcements for one place', async () => {
    const place = next()
    for (let i = 0; i < 20; i += 1) {
      await rogue.propose({ claims: [await rogue.claimOf(csvBill({ point: `flood-${i}` }))], seq: place })
    }
    await assertWorks('after-flood')
  })

  it('takes no harm from sync answers that are garbage', async () => {
    rogue.syncAnswer = () => [utf8('garbage'), new Uint8Array(200_000), new Uint8Array(0)]
    await region.stopNode(2)
    await region.startNode(2)
    await rogue.reconnect(region, [2])
    await assertWorks('after-garbage-sync')
    rogue.syncAnswer = () => []
  })

  it('takes no harm from gossip that is garbage, and still hears the others', async () => {
    for (let i = 0; i < 50; i += 1) await rogue.sayBytes(utf8(`garbage ${i}`))
    await rogue.sayBytes(new Uint8Array(70_000))
    await rogue.sayBytes(new Uint8Array(1024 * 1024 - 100).fill(0x81))
    await assertWorks('after-garbage')
  })

  it('holds its invariants on every disk after all of it', async () => {
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, HONEST)
    assert.ok(certified.size > 10)
    for (const position of HONEST) {
      await withStore(region, position, async (store) => {
        const proofs = await valuesOf(store.equivocations)
        assert.equal(proofs.length, 3, `auditor ${position} has ${proofs.length} proofs of equivocation`)
      })
    }
  })
})
