import assert from 'node:assert/strict'
import { CID } from 'multiformats/cid'
import { pino } from 'pino'
import type { BillStatus } from '#api'
import { cidOfBlock, pointTagOf, sha256, utf8, ZERO_32 } from '#protocol'
import type { Announcement, Vote } from '#protocol'
import type { BillRecord } from '#storage'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilSettled, untilState } from '../support/follow.ts'
import { checkInvariants, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const ALL = [0, 1, 2, 3]
const HONEST = [0, 1, 2]
const NEVER = new AbortController().signal

/** Gives metering points to claims that exist nowhere else on an auditor that is down: what a lost race leaves behind. */
async function holdPoints(region: LiveRegion, position: number, points: readonly string[]): Promise<void> {
  await withStore(region, position, async (store) => {
    const writes = points.map((point) => {
      // As a bill's reader writes it.
      const id = point.toUpperCase()
      const tag = pointTagOf(region.regionSecret, { basis: 'point', id }, 'electricity', 'import')
      return store.locks.put(tag, [{ startDay: 0, endDay: 40_000, claimId: sha256(utf8(point)) }])
    })
    await store.commit(writes, { durable: true })
  })
}

const certifiedAt = async (
  region: LiveRegion,
  positions: readonly number[],
  cid: string,
  deadlineMs?: number,
): Promise<BillStatus[]> =>
  Promise.all(positions.map(async (position) => untilState(region.node(position), cid, 'certified', deadlineMs)))

describe('a region whose members disagree, crash and lose blocks', () => {
  let region: LiveRegion
  let givenUp = 0

  before(async () => {
    const write = (line: string): void => {
      if (line.includes('batch given up')) givenUp += 1
    }
    region = await startLiveRegion({ log: pino({ level: 'info' }, { write }) })
  })

  after(async () => {
    await region.stop()
  })

  /** Stops auditors, changes what they hold, and starts them again. */
  const restart = async (positions: readonly number[], change: () => Promise<void>): Promise<void> => {
    for (const position of positions) await region.stopNode(position)
    await change()
    for (const position of positions) await region.startNode(position)
    await until('all see all', () => ALL.every((position) => region.node(position).health().committee.alive === 4))
  }

  /** Submits a bill with two claims that different auditors refuse, and waits until so many have given its batch up. */
  async function tear(point: string, witnesses: number): Promise<string> {
    await restart([1, 2], async () => {
      await holdPoints(region, 1, [`${point}-a`])
      await holdPoints(region, 2, [`${point}-b`])
    })
    givenUp = 0
    const bill = csvBill({ point: `${point}-a` }, { point: `${point}-b` })
    const { cid } = await submitTo(region.node(0), submissionOf(bill))
    await until('its batch is given up', () => givenUp >= witnesses)
    return cid
  }

  it('opens a sealed bill for the account that handed it in, where it did, and for nobody else', async () => {
    const bytes = csvBill({ point: 'sealed' })
    const { cid } = await submitTo(region.node(0), submissionOf(bytes, 'sealed'))
    await certifiedAt(region, ALL, cid)
    const { accountId } = submissionOf(bytes)
    assert.deepEqual(await region.node(0).readBill(cid, NEVER, accountId), { bytes, sealed: false })
    for (const [position, account] of [
      [0, 'another'],
      [0, undefined],
      [1, accountId],
      [1, undefined],
    ] as const) {
      const read = await region.node(position).readBill(cid, NEVER, account)
      assert.equal(read?.sealed, true)
      assert.ok(new TextDecoder().decode(read.bytes).startsWith('age-encryption.org/'))
      const proof = new TextDecoder().decode(await region.node(position).findProof(cid, NEVER, 0, account))
      assert.match(proof, /"kind": ?"leaf"/)
    }
    const proof = new TextDecoder().decode(await region.node(0).findProof(cid, NEVER, 0, accountId))
    assert.match(proof, /"kind": ?"full"/)
    // What everybody may have can be handed in by anybody: that opens nothing.
    const age = await region.node(1).readBill(cid, NEVER)
    assert.ok(age !== undefined)
    await assert.rejects(submitTo(region.node(1), submissionOf(age.bytes)))
    assert.equal((await region.node(1).readBill(cid, NEVER, accountId))?.sealed, true)
  })

  it('reads one bill right that was handed in sealed at one auditor and public at another', async () => {
    const bytes = csvBill({ point: 'both' })
    const sealed = await submitTo(region.node(0), submissionOf(bytes, 'sealed'))
    await certifiedAt(region, ALL, sealed.cid)
    const open = await submitTo(region.node(1), submissionOf(bytes))
    await certifiedAt(region, ALL, open.cid)
    for (const position of ALL) {
      const node = region.node(position)
      assert.deepEqual(await node.readBill(open.cid, NEVER), { bytes, sealed: false })
      assert.equal((await node.readBill(sealed.cid, NEVER))?.sealed, true)
      assert.equal((await node.findStatus(open.cid))?.visibility, 'public')
      assert.equal((await node.findStatus(sealed.cid))?.visibility, 'sealed')
    }
  })

  it('starts with a queued bill that cannot be read, and goes on with the others', async () => {
    const cid = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
    const key = new Uint8Array([0, ...cid.bytes])
    await restart([1], async () =>
      withStore(region, 1, async (store) => {
        const gone: BillRecord = {
          cid,
          visibility: 'public',
          plainHash: ZERO_32,
          sizeBytes: 1,
          holder: ZERO_32,
          receivedAtMs: 0,
          state: 'open',
          claimIds: [],
        }
        await store.commit([store.queue.put(key, cid), store.bills.put(cid.bytes, gone)], { durable: true })
      }),
    )
    const { cid: other } = await submitTo(region.node(1), submissionOf(csvBill({ point: 'beside' })))
    await certifiedAt(region, ALL, other)
    await restart([1], async () =>
      withStore(region, 1, async (store) => {
        assert.equal((await valuesOf(store.queue)).length, 1)
        await store.commit([store.queue.remove(key), store.bills.remove(cid.bytes)], { durable: true })
      }),
    )
  })

  it('certifies both claims of a bill when different auditors refuse one each', async () => {
    const cid = await tear('torn', 1)
    const [status] = await certifiedAt(region, ALL, cid)
    assert.equal(new Set(status?.claims.map(({ batch }) => batch)).size, 2)
  })

  it('proposes a bill again whose sponsor was stopped while its split batch waited to be proposed again', async () => {
    const cid = await tear('paused', 4)
    await region.stopNode(0)
    await withStore(region, 0, async (store) => {
      const queued = (await valuesOf(store.queue)).map(String)
      assert.deepEqual(queued, [cid, cid])
    })
    await region.startNode(0)
    await certifiedAt(region, ALL, cid)
  })

  it('tells a sponsor that was away why the others gave its batch up', async () => {
    const cid = await tear('away', 4)
    // As if the sponsor had been down before the first vote reached it.
    await region.stopNode(0)
    await withStore(region, 0, async (store) => {
      const writes = []
      for await (const [key] of store.votes.entries()) writes.push(store.votes.remove(key))
      for await (const [key] of store.queue.entries()) writes.push(store.queue.remove(key))
      for await (const [key, batch] of store.batches.entries()) {
        if (batch.state === 'abandoned') writes.push(store.batches.put(key, { ...batch, state: 'announced' }))
      }
      await store.commit(writes, { durable: true })
    })
    await region.startNode(0)
    await certifiedAt(region, ALL, cid)
  })

  it('certifies bills of a sponsor with two contested ones in flight, though one auditor is down', async () => {
    await restart([1], async () => holdPoints(region, 1, ['contested-0', 'contested-1']))
    await region.stopNode(3)
    const contested: string[] = []
    for (const i of [0, 1]) {
      const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: `contested-${i}` })))
      contested.push(cid)
      // In a batch of its own each.
      await untilState(region.node(2), cid, 'proposed')
    }
    const good = await Promise.all(
      [0, 1, 2].map(async (i) => submitTo(region.node(0), submissionOf(csvBill({ point: `uncontested-${i}` })))),
    )
    // Ten seconds until the contested ones give up their places, two until the others are proposed again.
    for (const { cid } of good) await certifiedAt(region, HONEST, cid, 40_000)
    for (const cid of contested) assert.equal((await region.node(0).findStatus(cid))?.state, 'proposed')
    // With the fourth there is a quorum for them too.
    await region.startNode(3)
    for (const cid of contested) await certifiedAt(region, ALL, cid)
  })

  it('holds its invariants on every disk after all of it', async () => {
    for (const position of ALL) {
      for (const { cid } of await region.node(position).listBills(1_000)) {
        for (const other of ALL) await untilState(region.node(other), cid, 'final')
      }
    }
    await Promise.all(ALL.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, ALL)
    assert.equal(certified.size, 14)
  })
})

describe('a region with a member that says one thing here and another there', () => {
  let region: LiveRegion
  let rogue: Rogue

  before(async () => {
    region = await startLiveRegion({ started: HONEST })
    rogue = await Rogue.join(region, 3)
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  /** What the rogue has heard of the batch with a bill, when so many have voted on it. */
  async function hearOf(cid: string, voters: number): Promise<{ announcement: Announcement; votes: Vote[] }> {
    const announcement = await until('the announcement', async () => {
      for (const message of [...rogue.heard, ...(await rogue.learn())]) {
        if (!('announcement' in message)) continue
        const { claims } = await rogue.load(message.announcement)
        if (claims.some(({ bill }) => bill.toString() === cid)) return message.announcement
      }
      return undefined
    })
    return { announcement, votes: await rogue.untilVotes(announcement.batch, voters) }
  }

  /** Tells one auditor alone, who is started for it and hears nobody else, and stops it when it was told. */
  async function tellAlone(position: number, announcement: Announcement, votes: Vote[]): Promise<void> {
    let told = 0
    rogue.syncAnswer = () => {
      told += 1
      return [{ kind: 'batch', announcement, certificate: null, votes }]
    }
    await region.startNode(position, { bootstrap: rogue.network.addresses().slice(0, 1) })
    // The second question comes when the first answer was taken.
    await until('it was told', () => told >= 2)
    rogue.syncAnswer = () => []
    await region.stopNode(position)
  }

  const mangle = (vote: Vote, bits: number): Vote => ({ ...vote, bitmap: new Uint8Array([bits]) })

  it('does not lose an auditor that was told honest votes with changed bitmaps', async () => {
    await region.stopNode(2)
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'brick' })))
    const { announcement, votes } = await hearOf(cid, 2)
    const [first, second] = votes as [Vote, Vote]
    const own = rogue.voteOn(first.content, first.bitmap)
    await tellAlone(2, announcement, [mangle(first, 2), mangle(second, 4), mangle(own, 8)])
    await rogue.say({ kind: 'vote', vote: own })
    await certifiedAt(region, [0, 1], cid)
    await region.startNode(2)
    // Its signature is the third on the anchor: without it there is none.
    for (const position of HONEST) await untilState(region.node(position), cid, 'final')
    await rogue.reconnect(region, [2])
  })

  it('shows a claim as certified where its own sponsor had ended it, and anchors it', async () => {
    await region.stopNode(1)
    await holdPoints(region, 1, ['two-faced'])
    await region.startNode(1)
    await rogue.reconnect(region, [1])
    const { cid } = await submitTo(region.node(2), submissionOf(csvBill({ point: 'two-faced' })))
    const { announcement, votes } = await hearOf(cid, 3)
    const yes = votes.find(({ content }) => content.accepted === 1)
    const no = votes.find(({ content }) => content.accepted === 0)
    assert.ok(yes !== undefined && no !== undefined)
    for (const position of HONEST) await region.stopNode(position)
    // To the sponsor it is two against two.
    await region.startNode(2, { bootstrap: rogue.network.addresses().slice(0, 1) })
    const against = rogue.voteOn(no.content, no.bitmap)
    rogue.syncAnswer = () => [{ kind: 'batch', announcement, certificate: null, votes: [...votes, against] }]
    const ended = await untilSettled(region.node(2), cid)
    assert.deepEqual([ended.state, ended.reason?.code], ['rejected', 'ERR_CLAIM_OVERLAP'])
    await region.stopNode(2)
    // To the others it is three against one.
    const support = rogue.voteOn(yes.content, yes.bitmap)
    rogue.syncAnswer = () => [{ kind: 'batch', announcement, certificate: null, votes: [...votes, support] }]
    for (const position of [0, 1]) await region.startNode(position)
    await rogue.reconnect(region, [0, 1])
    await certifiedAt(region, [0, 1], cid)
    rogue.syncAnswer = () => []
    await region.startNode(2)
    await until('its sponsor shows it as final', async () => {
      const status = await region.node(2).findStatus(cid)
      assert.ok(status?.state !== 'final' || status.reason === undefined)
      return status?.state === 'final'
    })
    await rogue.reconnect(region, [2])
  })

  it('stores none of thousands of votes on batches that do not exist, and counts the true ones', async () => {
    const { name } = rogue.context.region
    for (let i = 0; i < 2_000; i += 1) {
      const batch = cidOfBlock(utf8(`made up ${i}`))
      const content = { region: name, epoch: 0, round: 0, batch, acceptedRoot: ZERO_32, accepted: 0, totalGrams: '0' }
      await rogue.say({ kind: 'vote', vote: rogue.voteOn(content, new Uint8Array(1)) })
    }
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'after-flood' })))
    await certifiedAt(region, HONEST, cid)
    // With one auditor down the rogue's own vote is needed, and still heard.
    await region.stopNode(1)
    const other = await submitTo(region.node(0), submissionOf(csvBill({ point: 'needs-rogue' })))
    const { votes } = await hearOf(other.cid, 2)
    const [vote] = votes
    assert.ok(vote !== undefined)
    await rogue.say({ kind: 'vote', vote: rogue.voteOn(vote.content, vote.bitmap) })
    await certifiedAt(region, [0, 2], other.cid)
    await withStore(region, 1, async (store) => {
      const known = new Set((await valuesOf(store.batches)).map(({ announcement }) => announcement.batch.toString()))
      for (const { content } of await valuesOf(store.votes)) assert.ok(known.has(content.batch.toString()))
    })
    await region.startNode(1)
    await certifiedAt(region, [1], other.cid)
  })

  it('holds its invariants on every disk after all of it', async () => {
    for (const position of HONEST) {
      for (const { cid } of await region.node(position).listBills(1_000)) {
        for (const other of HONEST) await untilState(region.node(other), cid, 'final')
      }
    }
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, HONEST)
    assert.equal(certified.size, 4)
  })
})
