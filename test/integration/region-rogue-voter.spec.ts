import assert from 'node:assert/strict'
import { addressOfPrivateKey, sha256, signVote, toHex, utf8, ZERO_32 } from '#protocol'
import type { Announcement, SyncRecord, Vote } from '#protocol'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilSettled, untilState } from '../support/follow.ts'
import { checkInvariants } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1, 2]

describe('a region with a voter that lies', () => {
  let region: LiveRegion
  let rogue: Rogue

  before(async () => {
    region = await startLiveRegion({
      started: HONEST,
      anchor: { intervalMs: 1_000, maxClaims: 1_000, stageMs: 1_000 },
    })
    rogue = await Rogue.join(region, 3)
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  async function announcementOf(bill: string): Promise<Announcement> {
    const batch = (await region.node(0).findStatus(bill))?.claims[0]?.batch
    return until('the rogue knows the batch', async () => {
      for (const record of await rogue.learn()) {
        if (record.kind === 'batch' && record.announcement.batch.toString() === batch) return record.announcement
      }
      return undefined
    })
  }

  const batchRecord = (announcement: Announcement, votes: Vote[]): SyncRecord => ({
    kind: 'batch',
    announcement,
    certificate: null,
    votes,
  })

  it('counts no vote in the name of another, of a stranger, or over something else', async () => {
    await region.stopNode(2)
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'two-votes' })))
    await untilState(region.node(1), cid, 'proposed')
    const announcement = await announcementOf(cid)
    const [vote] = await rogue.untilVotes(announcement.batch, 2)
    assert.ok(vote !== undefined)
    const { content, bitmap } = vote
    const absent = addressOfPrivateKey(region.keys[2] ?? ZERO_32)
    const stranger = sha256(utf8('a stranger'))
    const votes: Vote[] = [
      // The absent auditor's vote, signed by the rogue.
      rogue.voteOn(content, bitmap, absent),
      // An honest auditor's signature under another name.
      { ...vote, voter: absent },
      { ...vote, voter: rogue.context.address },
      // Somebody who is in no committee, with a signature that stands.
      {
        ...vote,
        voter: addressOfPrivateKey(stranger),
        signature: signVote(rogue.context.domain, content, stranger),
      },
      // Another region, another epoch, another round.
      rogue.voteOn({ ...content, region: 'elsewhere' }, bitmap),
      rogue.voteOn({ ...content, epoch: 1 }, bitmap),
      rogue.voteOn({ ...content, round: 1 }, bitmap),
    ]
    for (const one of votes) {
      rogue.syncAnswer = () => [batchRecord(announcement, [one])]
      await rogue.say({ kind: 'vote', vote: one })
      // Both have asked the rogue once more.
      await rogue.untilAsked(2)
    }
    rogue.syncAnswer = () => []
    for (const position of [0, 1]) {
      assert.equal((await region.node(position).findStatus(cid))?.state, 'proposed')
    }
    await region.startNode(2)
    await rogue.reconnect(region, [2])
    for (const position of HONEST) await untilState(region.node(position), cid, 'certified')
  })

  it('certifies though votes of honest auditors were altered on the way in what they do not sign', async () => {
    await region.stopNode(2)
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'altered' })))
    await untilState(region.node(1), cid, 'proposed')
    const announcement = await announcementOf(cid)
    const votes = await rogue.untilVotes(announcement.batch, 2)
    // Who comes back hears of them from the rogue first.
    await Promise.all([region.stopNode(0), region.stopNode(1)])
    rogue.syncAnswer = () => [
      batchRecord(
        announcement,
        votes.map((vote) => ({
          ...vote,
          bitmap: new Uint8Array([0]),
          refusals: [{ index: 0, code: 'ERR_CLAIM_LIE' }],
        })),
      ),
    ]
    await region.startNode(2)
    await rogue.reconnect(region, [2])
    await rogue.untilAsked(2)
    for (const position of [0, 1]) await region.startNode(position)
    await rogue.reconnect(region, [0, 1])
    for (const position of HONEST) await untilState(region.node(position), cid, 'certified')
    rogue.syncAnswer = () => []
  })

  it('agrees in the end though a member votes one way here and another way there', async () => {
    // Auditor 2 alone has a claim for the period; nobody else knows of it.
    await Promise.all([region.stopNode(0), region.stopNode(1)])
    const alone = await submitTo(region.node(2), submissionOf(csvBill({ point: 'split', kWh: '1' })))
    await untilState(region.node(2), alone.cid, 'proposed')
    await region.stopNode(2)
    // The two others agree on another claim for it, and lack one vote.
    for (const position of [0, 1]) await region.startNode(position)
    await rogue.reconnect(region, [0, 1])
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'split', kWh: '2' })))
    await untilState(region.node(1), cid, 'proposed')
    const announcement = await announcementOf(cid)
    const [vote] = await rogue.untilVotes(announcement.batch, 2)
    assert.ok(vote !== undefined)
    // To auditor 1 the rogue accepts, so that it has a certificate; to the sponsor it refuses.
    const yes = rogue.voteOn(vote.content, vote.bitmap)
    const refused = { ...vote.content, accepted: 0, acceptedRoot: ZERO_32, totalGrams: '0' }
    const no = rogue.voteOn(refused, new Uint8Array([0]))
    const second = region.node(1).health().address
    await region.stopNode(0)
    rogue.syncAnswer = (peer) => [batchRecord(announcement, [peer === second ? yes : no])]
    await untilState(region.node(1), cid, 'certified')
    await region.stopNode(1)
    await region.startNode(0)
    await rogue.reconnect(region, [0])
    await rogue.untilAsked(2)
    // With auditor 2, which holds another claim, the sponsor sees two against two.
    await region.startNode(2)
    await rogue.reconnect(region, [2])
    await untilSettled(region.node(0), cid)
    rogue.syncAnswer = () => []
    await region.startNode(1)
    await rogue.reconnect(region, [1])
    // The sponsor had to give the claim up; the certificate that the others have is worth more than what it saw.
    for (const position of HONEST) {
      await until(
        `auditor ${position} has the claim final`,
        async () => (await region.node(position).findStatus(cid))?.state === 'final',
        { lastSeen: () => `auditor ${position}` },
      )
    }
    const other = await untilSettled(region.node(2), alone.cid)
    assert.deepEqual([other.state, other.reason?.code], ['rejected', 'ERR_CLAIM_OVERLAP'])
  })

  it('works, and holds its invariants on every disk after all of it', async () => {
    const { cid } = await submitTo(region.node(1), submissionOf(csvBill({ point: 'last' })))
    for (const position of HONEST) await untilState(region.node(position), cid, 'certified')
    assert.ok(toHex(rogue.context.address) !== region.node(1).health().address)
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, HONEST)
    assert.equal(certified.size, 4)
  })
})
