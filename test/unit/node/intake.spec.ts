import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { pino } from 'pino'
import { cidOfDigest, RAW_CODE } from '#protocol'
import type { CID } from 'multiformats/cid'
import type { BillRecord, Store } from '#storage'
import { Intake } from '../../../node/intake.ts'
import type { IntakeInit } from '../../../node/intake.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf } from '../../support/region-fixture.ts'

/** Wait before queued bills that could not be read are tried again. */
const RETRY_MS = 60_000

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('intake after a restart', () => {
  // In the order of the queue.
  const cids = ['gone', 'whole']
    .map((label) => cidOfDigest(hashOf(label), RAW_CODE))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes)) as [CID, CID]
  const unreadable = new Set<string>()
  const read: string[] = []
  let onRead = (): void => undefined
  let intake: Intake

  beforeEach(async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    read.splice(0)
    unreadable.clear()
    onRead = () => undefined
    const store = createMemoryStore()
    const record = (cid: CID): BillRecord => ({
      cid,
      visibility: 'public',
      plainHash: hashOf('plain'),
      sizeBytes: 1,
      holder: hashOf('holder'),
      receivedAtMs: 0,
      state: 'open',
      claimIds: [],
    })
    for (const cid of cids) {
      await store.commit([store.bills.put(cid.bytes, record(cid)), store.queue.put(cid.bytes, cid)], { durable: true })
    }
    intake = new Intake({
      context: contextOf(foundRegion()),
      store: store as unknown as Store,
      vault: {
        readPlain: async (cid: CID) => {
          if (unreadable.has(cid.toString())) throw new Error('block is damaged')
          read.push(cid.toString())
          onRead()
          return new Uint8Array(1)
        },
      },
      reviews: { claimsOf: async () => [] },
      examiner: {
        examine: async () => ({ kind: 'refused', verdict: 'needs-review', reason: { code: '', message: '' } }),
      },
      log: pino({ level: 'silent' }),
    } as unknown as IntakeInit)
  })

  afterEach(() => {
    intake.stop()
    mock.timers.reset()
  })

  it('takes up all bills but one that cannot be read, and that one when it can', async () => {
    const [gone, whole] = cids.map(String)
    unreadable.add(gone ?? '')
    assert.equal(await intake.resume(new AbortController().signal), 1)
    assert.deepEqual(read, [whole])
    mock.timers.tick(RETRY_MS)
    await settled()
    assert.deepEqual(read, [whole])
    unreadable.clear()
    mock.timers.tick(RETRY_MS)
    await settled()
    assert.deepEqual(read, [whole, gone])
    mock.timers.tick(RETRY_MS * 10)
    await settled()
    assert.equal(read.length, 2)
  })

  it('tries nothing again when it was stopped while it looked', async () => {
    const [gone, whole] = cids.map(String)
    unreadable.add(gone ?? '')
    const stopped = new AbortController()
    onRead = () => {
      stopped.abort()
      intake.stop()
    }
    await intake.resume(stopped.signal)
    unreadable.clear()
    mock.timers.tick(RETRY_MS)
    await settled()
    assert.deepEqual(read, [whole])
  })
})
