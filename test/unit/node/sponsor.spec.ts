import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { pino } from 'pino'
import { equalBytes } from '#protocol'
import type { Certificate, Claim } from '#protocol'
import type { Archive, Store } from '#storage'
import { BusySponsors } from '../../../node/busy-sponsors.ts'
import { BatchLoader } from '../../../node/batch-loader.ts'
import type { LoadedBatch } from '../../../node/batch-loader.ts'
import { Polls } from '../../../node/polls.ts'
import { Sponsor } from '../../../node/sponsor.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, makeClaim } from '../../support/region-fixture.ts'

/** Time that a sponsor rests after it could not make a batch. */
const REST_MS = 1_000
const LINGER_MS = 50

const context = contextOf(foundRegion())

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

function startSponsor(
  busy = new BusySponsors(() => 0),
  nowMs = () => 0,
): { sponsor: Sponsor; store: MemoryStore; proposed: LoadedBatch[] } {
  const store = createMemoryStore()
  const proposed: LoadedBatch[] = []
  const archive = { putBlock: async () => undefined } as unknown as Archive
  const sponsor = new Sponsor({
    context,
    store: store as unknown as Store,
    archive,
    flushBlocks: async () => undefined,
    loader: new BatchLoader({ context, archive, fetch: async () => undefined, peersFor: () => [] }),
    polls: new Polls(context, store as unknown as Store),
    publish: async () => undefined,
    changes: { note: () => {} },
    audit: (loaded) => proposed.push(loaded),
    lingerMs: LINGER_MS,
    busy,
    nowMs,
    log: pino({ level: 'silent' }),
  })
  return { sponsor, store, proposed }
}

function add(sponsor: Sponsor, claim: Claim, isContested = false): void {
  sponsor.add({ cid: claim.bill, visibility: 'public', claims: [claim], queueKey: claim.bill.bytes, isContested })
}

describe('sponsor', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  const elapse = async (ms: number): Promise<void> => {
    mock.timers.tick(ms)
    await settled()
  }

  it('rests while its store fails, and proposes every bill once it works again', async () => {
    const { sponsor, store, proposed } = startSponsor()
    store.fault = new Error('no space left')
    const claims = ['a', 'b', 'c'].map((label) => makeClaim(label))
    for (const claim of claims) add(sponsor, claim)
    await settled()
    assert.equal(store.commits, 1)
    // Neither bills that come meanwhile nor time short of the rest make it try again.
    add(sponsor, makeClaim('d'))
    await elapse(REST_MS - 1)
    assert.equal(store.commits, 1)
    for (let i = 2; i <= 10; i += 1) {
      await elapse(REST_MS)
      assert.equal(store.commits, i)
    }
    assert.equal(sponsor.waiting, 4)
    store.fault = undefined
    await elapse(REST_MS)
    assert.deepEqual(
      proposed.flatMap((loaded) => loaded.claims.map((claim) => claim.bill.toString())),
      [...claims, makeClaim('d')].map((claim) => claim.bill.toString()),
    )
    assert.equal(proposed[0]?.announcement.seq, 1)
    assert.equal(sponsor.waiting, 0)
    await sponsor.stop()
  })

  it('does not rest after it has stopped', async () => {
    const { sponsor, store } = startSponsor()
    store.fault = new Error('no space left')
    add(sponsor, makeClaim('a'))
    const timers = mock.method(globalThis, 'setTimeout')
    await sponsor.stop()
    await settled()
    assert.deepEqual(
      timers.mock.calls.filter((call) => call.arguments[1] === REST_MS),
      [],
    )
    timers.mock.restore()
    assert.equal(store.commits, 1)
  })

  it('leaves a linger to each other sponsor that is busy, and none to itself or to who was', async () => {
    let now = 0
    const busy = new BusySponsors(() => now)
    const { sponsor, proposed } = startSponsor(busy, () => now)
    const pass = async (ms: number): Promise<void> => {
      now += ms
      await elapse(ms)
    }
    const certifyAll = async (): Promise<void> => {
      for (const loaded of proposed.splice(0))
        await sponsor.onCertified(loaded, { bitmap: new Uint8Array([0xff]) } as Certificate)
    }
    // Nobody is busy: each bill goes at once, however soon it comes behind the last.
    for (const label of ['a', 'b']) {
      add(sponsor, makeClaim(label))
      await settled()
      assert.equal(proposed.length, 1)
      await certifyAll()
    }
    const [, second, third] = context.committee
    assert.ok(second !== undefined && third !== undefined)
    for (const member of [context.address, second, third]) busy.heard(member)
    add(sponsor, makeClaim('c'))
    add(sponsor, makeClaim('d'))
    await pass(2 * LINGER_MS - 1)
    assert.equal(proposed.length, 0)
    await pass(1)
    assert.deepEqual(
      proposed.map(({ claims }) => claims.length),
      [2],
    )
    await certifyAll()
    await pass(2_000)
    add(sponsor, makeClaim('e'))
    await settled()
    await certifyAll()
    add(sponsor, makeClaim('f'))
    await settled()
    assert.equal(proposed.length, 1)
    await sponsor.stop()
  })

  it('waits for nobody with a full batch: it is full by its claims, however few bills they are of', async () => {
    const busy = new BusySponsors(() => 0)
    const { sponsor, proposed } = startSponsor(busy)
    const [, second] = context.committee
    assert.ok(second !== undefined)
    add(sponsor, makeClaim('first'))
    await settled()
    busy.heard(second)
    for (const file of ['a', 'b']) {
      const claims = Array.from({ length: 300 }, (_, i) => makeClaim(`${file} ${i}`))
      const cid = claims[0]?.bill ?? assert.fail()
      sponsor.add({ cid, visibility: 'public', claims, queueKey: cid.bytes })
    }
    await settled()
    assert.deepEqual(
      proposed.map(({ claims }) => claims.length),
      [1, 300],
    )
    await sponsor.stop()
  })

  it('proposes a contested claim in a batch of its own, and the others together', async () => {
    const { sponsor, proposed } = startSponsor()
    const claims = ['first', 'plain', 'contested', 'other', 'contested too', 'last'].map((label) => makeClaim(label))
    for (const [i, claim] of claims.entries()) add(sponsor, claim, i === 2 || i === 4)
    const batches: number[][] = []
    while (batches.length < 4) {
      await elapse(LINGER_MS)
      const loaded = proposed.shift()
      assert.ok(loaded !== undefined, `after ${JSON.stringify(batches)} nothing is proposed`)
      batches.push(loaded.claims.map((claim) => claims.findIndex(({ salt }) => equalBytes(salt, claim.salt))))
      await sponsor.onCertified(loaded, { bitmap: new Uint8Array([0xff]) } as Certificate)
    }
    assert.deepEqual(batches, [[0], [1, 3, 5], [2], [4]])
    await sponsor.stop()
  })
})
