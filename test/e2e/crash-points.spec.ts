import assert from 'node:assert/strict'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1]
const VICTIM = 3

/*
 * DESIGN 16: each half-state is finished or undone at the next start, and a test kills the process at each point. One of three
 * running auditors dies in each of its first commits after a bill came, so that nothing is certified before it is back.
 */
describe('an auditor that dies between two of its commits', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let victim: AuditorProcess
  let port: number
  let bills = 0

  before(async () => {
    region = await startLiveRegion({
      started: HONEST,
      anchor: { intervalMs: 500, maxClaims: 1_000, stageMs: 1_000 },
    })
    port = await findFreePort()
    victim = await start()
  })

  after(async () => {
    await victim?.kill()
    await region.stop()
  })

  const start = async (): Promise<AuditorProcess> =>
    AuditorProcess.start(region.nodeInit(VICTIM, { listen: [`/ip4/127.0.0.1/tcp/${port}`] }))

  for (const commits of [1, 2, 3, 4]) {
    it(`finishes or undoes what it had begun as sponsor, killed in commit ${commits}`, async () => {
      const submission = submissionOf(csvBill({ point: `sponsor-${commits}` }), commits % 2 === 0 ? 'sealed' : 'public')
      await victim.dieInCommit(commits)
      const answered = await victim.submitBill(submission).catch(() => undefined)
      await untilGone()
      victim = await start()
      // Answered: it is here. Not answered: whoever sent it sends it again, and it is one bill all the same.
      const { cid } = answered ?? (await submitTo(victim, submission))
      for (const node of [victim, region.node(0), region.node(1)]) await untilState(node, cid, 'certified')
      bills += 1
    })
  }

  for (const commits of [1, 2]) {
    it(`votes as before or for the first time as voter, killed in commit ${commits}`, async () => {
      await victim.dieInCommit(commits)
      const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: `voter-${commits}` })))
      await untilGone()
      victim = await start()
      for (const node of [victim, region.node(0), region.node(1)]) await untilState(node, cid, 'certified')
      bills += 1
    })
  }

  it('holds its invariants on every disk after all of it', async () => {
    for (const { cid } of await region.node(0).listBills(100)) await untilState(victim, cid, 'final', 30_000)
    await victim.stop()
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, [...HONEST, VICTIM])
    assert.equal(certified.size, bills)
    await withStore(region, 0, async (store) => assert.deepEqual(await valuesOf(store.equivocations), []))
  })

  // It follows the chain, which makes it commit every second: it dies also where a bill takes fewer commits.
  const untilGone = async (): Promise<boolean> => until('the auditor is gone', () => victim.isGone)
})
