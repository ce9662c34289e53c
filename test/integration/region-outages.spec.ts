import assert from 'node:assert/strict'
import type { BillStatus } from '#api'
import { transmitterOrder } from '#consensus'
import { addressOfPrivateKey, CodedError, domainOf, equalBytes, findRegion } from '#protocol'
import { unseal } from '#storage'
import { csvBill, espiBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilSettled, untilState } from '../support/follow.ts'
import { checkInvariants, readChainAnchors } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const ALL = [0, 1, 2, 3]

describe('a region whose auditors come and go', () => {
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion({ anchor: { intervalMs: 1_000, maxClaims: 1_000, stageMs: 2_000 } })
  })

  after(async () => {
    await region.stop()
  })

  const at = async (
    state: 'proposed' | 'certified' | 'final',
    cid: string,
    positions: readonly number[],
  ): Promise<BillStatus[]> =>
    Promise.all(positions.map(async (position) => untilState(region.node(position), cid, state)))

  // The node has lost its peers when it says so; before, a request to them may still be under way.
  const untilAlive = async (position: number, alive: number): Promise<void> => {
    await until(
      `auditor ${position} sees ${alive} of the committee`,
      () => region.node(position).health().committee.alive === alive,
    )
  }

  it('certifies with one of four down, and the one that returns learns of it', async () => {
    await region.stopNode(3)
    const [a, b] = await Promise.all([
      submitTo(region.node(0), submissionOf(csvBill({ point: 'one-down-a' }))),
      submitTo(region.node(1), submissionOf(espiBill({ point: 'one-down-b' }), 'sealed')),
    ])
    await Promise.all([at('certified', a.cid, [0, 1, 2]), at('certified', b.cid, [0, 1, 2])])
    await region.startNode(3)
    await Promise.all([at('certified', a.cid, [3]), at('certified', b.cid, [3])])
    const kept = await region.node(3).readBill(b.cid, new AbortController().signal)
    assert.ok(kept?.sealed === true)
    assert.deepEqual(await unseal(kept.bytes, [region.archiveIdentity]), espiBill({ point: 'one-down-b' }))
  })

  it('keeps a bill proposed with two of four down, and certifies it when one returns', async () => {
    await Promise.all([region.stopNode(2), region.stopNode(3)])
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'two-down' })))
    // Auditor 1 shows a claim only when it has voted: no other vote can come now.
    await at('proposed', cid, [0, 1])
    assert.deepEqual(
      (await Promise.all([0, 1].map(async (position) => region.node(position).findStatus(cid)))).map((s) => s?.state),
      ['proposed', 'proposed'],
    )
    assert.equal(region.node(0).health().ok, false)
    await region.startNode(2)
    await at('certified', cid, [0, 1, 2])
    await region.startNode(3)
    await at('certified', cid, [3])
  })

  it('certifies what waited also when the sponsor was restarted meanwhile', async () => {
    await Promise.all([region.stopNode(2), region.stopNode(3)])
    const bills = await Promise.all(
      Array.from({ length: 12 }, async (_, i) =>
        submitTo(region.node(0), submissionOf(csvBill({ point: `restarted-${i}` }), i % 2 === 0 ? 'sealed' : 'public')),
      ),
    )
    const [first] = bills
    assert.ok(first !== undefined)
    await at('proposed', first.cid, [1])
    await region.stopNode(0)
    await region.startNode(0)
    for (const { cid } of bills) {
      const status = await region.node(0).findStatus(cid)
      assert.ok(status?.state === 'proposed' || status?.state === 'received', status?.state)
    }
    // Not the auditor that the sponsor knew last: another one, at another address.
    await region.startNode(3)
    await Promise.all(bills.map(async ({ cid }) => at('certified', cid, [0, 1, 3])))
    await region.startNode(2)
    await Promise.all(bills.map(async ({ cid }) => at('certified', cid, [2])))
  })

  it('certifies what a sponsor alone had taken in when the others come back, and it last', async () => {
    await Promise.all([1, 2, 3].map(async (position) => region.stopNode(position)))
    await untilAlive(0, 1)
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'alone' })))
    await at('proposed', cid, [0])
    await region.stopNode(0)
    for (const position of [1, 2, 3, 0]) await region.startNode(position)
    await at('certified', cid, ALL)
  })

  it('anchors though the auditor whose turn it is is down', async () => {
    const { charter } = region
    const committee = findRegion(charter, 'north-america')?.committee ?? []
    await until('everything so far is anchored', () => ALL.every((i) => region.node(i).health().anchorLag.claims === 0))
    const anchors = await readChainAnchors(region)
    const [first] = transmitterOrder(domainOf(charter).networkId, 'north-america', anchors.length + 1, committee)
    const turn = region.keys.findIndex((key) => equalBytes(addressOfPrivateKey(key), first ?? new Uint8Array()))
    await region.stopNode(turn)
    const sponsor = (turn + 1) % 4
    const { cid } = await submitTo(region.node(sponsor), submissionOf(csvBill({ point: 'no-turn' })))
    await at('final', cid, [sponsor])
    await region.startNode(turn)
    await at('final', cid, [turn])
  })

  it('never certifies both of two conflicting bills that come at the same moment, and leaves neither open', async () => {
    // The faster of the two may be known where the other arrives: then it is refused at once, which is as good.
    const offer = async (
      position: number,
      bill: Uint8Array,
    ): Promise<Pick<BillStatus, 'state' | 'reason' | 'claims'>> => {
      try {
        const { cid } = await submitTo(region.node(position), submissionOf(bill))
        return await untilSettled(region.node(position), cid)
      } catch (thrown) {
        assert.ok(thrown instanceof CodedError, String(thrown))
        const { code, heldBy } = { heldBy: '', ...thrown.details, code: thrown.code }
        return { state: 'rejected', reason: { code, message: thrown.message, heldBy }, claims: [] }
      }
    }
    const pairs = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const point = `conflict-${i}`
        return Promise.all([
          offer(i % 4, csvBill({ point, start: '2022-03-01', end: '2022-04-01' })),
          offer((i + 1 + (i % 3)) % 4, csvBill({ point, start: '2022-03-15', end: '2022-04-15' })),
        ])
      }),
    )
    for (const [a, b] of pairs) {
      const refused = [a, b].filter(({ state }) => state === 'rejected')
      assert.ok(refused.length > 0, 'both of two conflicting bills were certified')
      for (const { reason } of refused) {
        assert.equal(reason?.code, 'ERR_CLAIM_OVERLAP')
        assert.ok(reason.heldBy !== undefined)
      }
      const winner = [a, b].find(({ state }) => state !== 'rejected')
      if (winner !== undefined) assert.equal(refused[0]?.reason?.heldBy, winner.claims[0]?.claimId)
    }
  })

  it('holds its invariants on every disk after all of it', async () => {
    for (const position of ALL) {
      for (const { cid, state } of await region.node(position).listBills(1_000)) {
        if (state !== 'rejected') await at('final', cid, ALL)
      }
    }
    await Promise.all(ALL.map(async (position) => region.stopNode(position)))
    const { certified, anchors } = await checkInvariants(region, ALL)
    assert.equal(
      anchors.reduce((sum, anchor) => sum + anchor.claims, 0),
      certified.size,
    )
  })
})
