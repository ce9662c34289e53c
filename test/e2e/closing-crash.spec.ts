import assert from 'node:assert/strict'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { csvBill } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1, 2]
const VICTIM = 3
const POINTS = [1, 2, 3, 4, 5, 6, 7, 8]
const NEVER = new AbortController().signal

/* Each commit of a closing is a point at which the process is killed; the next start finishes it, and others hear of it once. */
describe('an auditor that dies while it closes an account', function () {
  this.timeout(180_000)
  let region: LiveRegion
  let victim: AuditorProcess
  let port: number
  /** By point. */
  const bills = new Map<number, string>()

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
    await region?.stop()
  })

  const start = async (): Promise<AuditorProcess> =>
    AuditorProcess.start(region.nodeInit(VICTIM, { listen: [`/ip4/127.0.0.1/tcp/${port}`] }))
  const isGone = async (cid: string): Promise<boolean> => {
    const found = await Promise.all(HONEST.map(async (position) => region.node(position).readBill(cid, NEVER)))
    return found.every((bill) => bill === undefined)
  }

  it('closes one account for each point, when the bills of all are final', async () => {
    for (const commits of POINTS) {
      const account = `account-${commits}`
      await victim.addAccount(account)
      const submission = { visibility: 'sealed' as const, accountId: account, file: `${account}.csv` }
      const { cid } = await submitTo(victim, { ...submission, bytes: csvBill({ point: `closing-${commits}` }) })
      bills.set(commits, cid)
    }
    const nodes = [victim, ...HONEST.map((position) => region.node(position))]
    for (const cid of bills.values()) await Promise.all(nodes.map(async (node) => untilState(node, cid, 'final')))
  })

  for (const commits of POINTS) {
    it(`has destroyed its bills after the next start, killed in commit ${commits}`, async () => {
      const account = `account-${commits}`
      const cid = bills.get(commits) ?? ''
      await victim.dieInCommit(commits)
      const answered = await victim.closeAccount(account).then(
        () => true,
        () => false,
      )
      // It follows the chain, which makes it commit every second: it dies also where a closing takes fewer commits.
      await until('the auditor is gone', () => victim.isGone)
      victim = await start()
      // Killed in the very first commit, nothing was said to be closed: whoever asked asks again.
      if (!answered) await victim.closeAccount(account).catch(() => undefined)
      await until(`bill ${cid} is gone at the others`, async () => isGone(cid))
    })
  }

  it('holds nothing of them on its disk after all of it', async () => {
    await victim.stop()
    await withStore(region, VICTIM, async (store) => {
      const withdrawn = await valuesOf(store.withdrawn)
      assert.deepEqual([withdrawn.length, new Set(withdrawn.map(({ state }) => state))], [8, new Set(['gone'])])
      for (const record of await valuesOf(store.bills)) assert.equal(record.file, undefined)
      for (const { state } of await valuesOf(store.accounts)) assert.equal(state, 'closed')
      assert.equal((await valuesOf(store.withdrawals)).length, 8)
    })
  })
})
