import assert from 'node:assert/strict'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { findPinRoots, openBlockStore } from '#storage'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

/** No anchor comes while the test runs. */
const LONG_MS = 3_600_000

describe('an auditor that died before the pin of a certified batch was written', function () {
  this.timeout(60_000)
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion({ anchor: { intervalMs: LONG_MS, maxClaims: 1_000, stageMs: LONG_MS } })
  })
  after(async () => region.stop())

  it('makes it at its next start', async () => {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'pins' }), 'sealed'))
    const bill = CID.parse(cid)
    await untilState(region.node(1), cid, 'certified')
    await region.stopNode(1)
    const path = join(region.dataDir(1), 'blocks')
    const before = await openBlockStore(path)
    const roots = await findPinRoots(before.datastore, bill)
    assert.equal(roots.length, 1)
    for (const prefix of ['/pin/', '/pinned-block/'])
      for await (const key of before.datastore.queryKeys({ prefix })) await before.datastore.delete(key)
    await before.close()
    await region.startNode(1)
    await region.stopNode(1)
    const again = await openBlockStore(path)
    assert.deepEqual((await findPinRoots(again.datastore, bill)).map(String), roots.map(String))
    await again.close()
  })
})
