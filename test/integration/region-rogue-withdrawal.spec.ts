import assert from 'node:assert/strict'
import { CID } from 'multiformats/cid'
import { addressOfPrivateKey, signWithdrawal } from '#protocol'
import type { Withdrawal } from '#protocol'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1, 2]
const NEVER = new AbortController().signal

describe('a region with an auditor that withdraws what is not its own', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let rogue: Rogue
  let seq = 0

  before(async () => {
    region = await startLiveRegion({ started: HONEST })
    rogue = await Rogue.join(region, 3)
  })
  after(async () => {
    await rogue?.stop()
    await region?.stop()
  })

  const sign = (bills: readonly CID[], changes: Partial<Withdrawal> = {}): Withdrawal => {
    const { domain, address, privateKey } = rogue.context
    const content = { region: rogue.context.region.name, sponsor: address, seq: (seq += 1), bills: [...bills] }
    return signWithdrawal(domain, { ...content, ...changes }, privateKey)
  }
  /** By gossip and by sync, to all; returns when they have taken what comes behind it. */
  async function tell(withdrawals: readonly Withdrawal[]): Promise<void> {
    rogue.syncAnswer = () => withdrawals.map((withdrawal) => ({ kind: 'withdrawal', withdrawal }))
    for (const withdrawal of withdrawals) await rogue.say({ kind: 'withdrawal', withdrawal })
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: `behind-${seq}` }), 'sealed'))
    await Promise.all(HONEST.map(async (position) => untilState(region.node(position), cid, 'final')))
  }
  const isEverywhere = async (cid: string): Promise<boolean> =>
    (await Promise.all(HONEST.map(async (position) => region.node(position).readBill(cid, NEVER)))).every(
      (bill) => bill !== undefined,
    )

  it('keeps every bill of others, whoever is said to have signed, and goes on certifying and anchoring', async () => {
    const sealed = await submitTo(region.node(0), submissionOf(csvBill({ point: 'victim' }), 'sealed'))
    const open = await submitTo(region.node(1), submissionOf(csvBill({ point: 'victim-open' })))
    for (const { cid } of [sealed, open]) await untilState(region.node(2), cid, 'final')
    const bills = [CID.parse(sealed.cid), CID.parse(open.cid)]
    const victim = addressOfPrivateKey(region.keys[0] ?? new Uint8Array(32))
    await tell([
      sign(bills),
      { ...sign(bills), sponsor: victim },
      sign(bills, { sponsor: victim }),
      sign(bills, { region: 'elsewhere' }),
    ])
    for (const { cid } of [sealed, open]) assert.ok(await isEverywhere(cid))
    for (const position of HONEST)
      assert.equal((await region.node(position).findStatus(sealed.cid))?.withdrawn, undefined)
  })

  it('removes a file of the rogue when it is final, and holds nothing up by that', async () => {
    const claim = await rogue.claimOf(csvBill({ point: 'own' }), 'sealed')
    const cid = claim.bill.toString()
    await rogue.propose({ claims: [claim], seq: 1, sealed: [claim] })
    await Promise.all(HONEST.map(async (position) => untilState(region.node(position), cid, 'certified')))
    // Before it is final, so that honest auditors still have to anchor it.
    await tell([sign([claim.bill])])
    await Promise.all(HONEST.map(async (position) => untilState(region.node(position), cid, 'final')))
    for (const position of HONEST) {
      await until(`the file is gone at auditor ${position}`, async () => {
        return (await region.node(position).readBill(cid, NEVER)) === undefined
      })
      assert.ok((await region.node(position).findProof(cid, NEVER)) !== undefined)
    }
  })
})
