import assert from 'node:assert/strict'
import type { CID } from 'multiformats/cid'
import { utf8 } from '#protocol'
import type { AccountRecord, Store } from '#storage'
import { AccountBills } from '../../node/service/account-bills.ts'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { csvBill } from '../support/bills.ts'
import { untilState } from '../support/follow.ts'
import { valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

/** An auditor alone: what it takes is durable, and waits for a quorum that never comes. */
const POSITION = 0

/*
 * DESIGN 16: each half-state is finished or undone at the next start, and a test kills the process at each point. Whose a bill is,
 * and what it costs of a quota, is on the disk with the bill or not at all; an account that began to be closed ends closed.
 */
describe('an auditor that dies while it changes its accounts', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let port: number
  let auditor: AuditorProcess

  before(async () => {
    region = await startLiveRegion({ started: [] })
    port = await findFreePort()
    auditor = await start()
    // Its batch stays in flight, so that those after it wait: what they would write is not counted among the commits below.
    await untilState(auditor, await submit('nobody', 'in flight'), 'proposed')
  })
  after(async () => {
    await auditor?.kill()
    await region?.stop()
  })

  const start = async (): Promise<AuditorProcess> =>
    AuditorProcess.start(region.nodeInit(POSITION, { listen: [`/ip4/127.0.0.1/tcp/${port}`] }))
  const submit = async (account: string, point: string): Promise<string> => {
    const submission = { bytes: csvBill({ point }), visibility: 'sealed', accountId: account } as const
    return (await auditor.submitBill(submission)).cid
  }
  const untilGone = async (): Promise<boolean> => until('the auditor is gone', () => auditor.isGone)
  const cidsOf = async (store: Store, account: string): Promise<CID[]> => {
    const cids: CID[] = []
    for await (const { cid } of new AccountBills(store).entries(account)) cids.push(cid)
    return cids
  }
  /** What must hold on the disk of the dead, whatever happened. */
  const look = async (account: string): Promise<{ bills: string[]; record: AccountRecord | undefined }> =>
    withStore(region, POSITION, async (store) => {
      const cids = await cidsOf(store, account)
      const record = await store.accounts.find(utf8(account))
      const usage = await store.accountUsage.find(utf8(account))
      // While it is closed its list goes in several commits; nobody counts it any more.
      if (record?.state !== 'closing') assert.equal(usage?.bills ?? 0, cids.length)
      for (const cid of cids) assert.ok((await store.bills.find(cid.bytes)) !== undefined, 'a bill without a record')
      const seqs = (await valuesOf(store.audit)).map(({ seq }) => seq)
      assert.deepEqual(
        seqs,
        seqs.map((_, i) => i + 1),
      )
      return { bills: cids.map(String), record }
    })

  for (const commits of [1, 2, 3, 4]) {
    it(`counts a bill with the bill, killed in commit ${commits} after it came`, async () => {
      const account = `submit-${commits}`
      await auditor.addAccount(account)
      const first = await submit(account, `${account}-first`)
      await auditor.dieInCommit(commits)
      const second = await submit(account, `${account}-second`).catch(() => undefined)
      await untilGone()
      const { bills } = await look(account)
      assert.ok(bills.includes(first))
      // Answered: it is the account's, and counted.
      if (second !== undefined) assert.ok(bills.includes(second))
      auditor = await start()
      const again = await submit(account, `${account}-second`)
      await auditor.kill()
      assert.deepEqual((await look(account)).bills.toSorted(), [first, again].toSorted())
      auditor = await start()
    })
  }

  for (const commits of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`closes an account that it had begun to close, killed in commit ${commits}`, async () => {
      const account = `close-${commits}`
      await auditor.addAccount(account)
      for (const n of [1, 2]) await submit(account, `${account}-${n}`)
      await auditor.dieInCommit(commits)
      await auditor.closeAccount(account).catch(() => undefined)
      await auditor.kill()
      const { record: half } = await look(account)
      auditor = await start()
      await auditor.kill()
      const { record, bills } = await look(account)
      if (half?.state === 'open') {
        // It died before the first commit of closing: nothing was begun.
        assert.deepEqual([record?.state, bills.length], ['open', 2])
      } else {
        assert.deepEqual([record?.state, bills.length, record?.recipient], ['closed', 0, undefined])
      }
      if (commits === 1) assert.equal(half?.state, 'open')
      auditor = await start()
    })
  }
})
