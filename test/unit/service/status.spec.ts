import assert from 'node:assert/strict'
import { CID } from 'multiformats/cid'
import type { BillState } from '#api'
import { cidOfDigest, concatBytes, RAW_CODE, sha256, utf8 } from '#protocol'
import { faultsOfReadiness, findFaults } from '../../../node/findings.ts'
import type { Circumstances } from '../../../node/findings.ts'
import { Activity } from '../../../node/service/activity.ts'
import { BillCounts } from '../../../node/service/bill-counts.ts'
import { Cached } from '../../../node/service/cached.ts'
import { judgeDisk } from '../../../node/service/disk.ts'
import { PayerWatch } from '../../../node/service/payer-watch.ts'
import type { PayerAccount } from '../../../node/service/payer-watch.ts'

const GiB = 1024 ** 3
const WELL: Circumstances = {
  committee: { size: 7, quorum: 5, alive: 7 },
  queue: 0,
  queueLimit: 20_000,
  anchorLag: { claims: 0, oldestMs: 0 },
  anchorDueMs: 60_000,
  chain: { ok: true },
  disk: { freeBytes: 50 * GiB, totalBytes: 100 * GiB },
  payer: { address: '0x01', balanceWei: '1', runwayAnchors: 1_000, runwayDays: 30 },
  webhooks: { total: 1, failing: 1, disabled: 0 },
  refusedMembers: 0,
  isStopping: false,
}

function codesOf(change: Partial<Circumstances>): string[] {
  return findFaults({ ...WELL, ...change }).map(({ code, level }) => `${code} ${level}`)
}

describe('findings about a node', () => {
  it('are none for a node that is well', () => {
    assert.deepEqual(codesOf({}), [])
  })

  it('name each thing that is wrong, and how bad it is', () => {
    const committee = (alive: number): Partial<Circumstances> => ({ committee: { size: 7, quorum: 5, alive } })
    const payer = (runwayDays: number, runwayAnchors = 50): Partial<Circumstances> => ({
      payer: { address: '0x01', balanceWei: '1', runwayDays, runwayAnchors },
    })
    const disk = (percent: number): Partial<Circumstances> => ({
      disk: { freeBytes: percent * GiB, totalBytes: 100 * GiB },
    })
    for (const [change, expected] of [
      [committee(6), ['margin warning']],
      [committee(5), ['margin warning']],
      [committee(4), ['quorum alarm']],
      [{ isStopping: true }, ['stopping alarm']],
      [{ queue: 10_001 }, ['queue warning']],
      [{ queue: 20_000 }, ['queue alarm']],
      [disk(9), ['disk warning']],
      [disk(4), ['disk alarm']],
      [{ chain: { ok: false, reason: 'gone' } }, ['chain alarm']],
      [{ chain: { ok: false, reason: 'ERR_ANCHOR_QUORUM: no quorum' } }, ['chain alarm']],
      // The endpoint is up: what is missing comes from peers.
      [{ chain: { ok: false, reason: 'ERR_ANCHOR_BATCH: cannot be had yet' } }, ['behind warning']],
      [{ chain: { ok: false, reason: 'ERR_NODE_BLOCKS_MISSING: no peer has 1 of the blocks' } }, ['behind warning']],
      [{ anchorLag: { claims: 1, oldestMs: 60_000 } }, []],
      [{ anchorLag: { claims: 1, oldestMs: 60_001 } }, ['anchors warning']],
      [payer(14), []],
      [payer(13), ['payer warning']],
      [payer(1), ['payer alarm']],
      [payer(1_000, 0), ['payer alarm']],
      [{ payer: { address: '0x01' } }, []],
      [{ tls: {} }, []],
      [{ tls: { problem: 'cannot read cert.pem' } }, ['tls alarm']],
      [{ webhooks: { total: 3, failing: 0, disabled: 1 } }, ['webhooks warning']],
      [{ refusedMembers: 1 }, ['refused alarm']],
      [{ ...disk(9), ...committee(4) }, ['quorum alarm', 'disk warning']],
    ] as const) {
      assert.deepEqual(codesOf(change), expected, JSON.stringify(change))
    }
  })

  it('have words and a remedy each', () => {
    const all = findFaults({
      ...WELL,
      committee: { size: 7, quorum: 5, alive: 1 },
      isStopping: true,
      queue: 20_000,
      disk: { freeBytes: 0, totalBytes: 1 },
      chain: { ok: false },
      anchorLag: { claims: 2, oldestMs: 9e6 },
      webhooks: { total: 1, failing: 0, disabled: 1 },
      refusedMembers: 2,
    })
    assert.ok(all.length >= 8)
    for (const { message, remedy } of all) {
      assert.match(message, /^[a-z0-9].{10}/)
      assert.match(remedy, /^[a-z].{10}/)
      assert.doesNotMatch(message + remedy, /undefined|NaN/)
    }
  })

  it('leave the last of a disk alone, but of a large one not a twentieth', () => {
    assert.equal(judgeDisk({ freeBytes: 1.9 * GiB, totalBytes: 20 * GiB }), 'low')
    assert.equal(judgeDisk({ freeBytes: 0.9 * GiB, totalBytes: 20 * GiB }), 'full')
    assert.equal(judgeDisk({ freeBytes: 2 * GiB, totalBytes: 20 * GiB }), 'ok')
    assert.equal(judgeDisk({ freeBytes: 21 * GiB, totalBytes: 4_000 * GiB }), 'ok')
    assert.equal(judgeDisk({ freeBytes: 19 * GiB, totalBytes: 4_000 * GiB }), 'low')
    assert.equal(judgeDisk({ freeBytes: 9 * GiB, totalBytes: 4_000 * GiB }), 'full')
  })

  it('say nothing of readiness that they do not know', () => {
    assert.deepEqual(faultsOfReadiness({ ...WELL, disk: undefined }), [])
  })
})

describe('what a node has done', () => {
  function activityAt(startMs = 0): { activity: Activity; at: (ms: number) => void } {
    let now = startMs
    const activity = new Activity(() => now, { move: () => undefined })
    return { activity, at: (ms) => (now = ms) }
  }

  it('tells claims per second of the last minute, also before a minute has passed', () => {
    const { activity, at } = activityAt()
    activity.certified(10)
    assert.equal(activity.certifiedPerSecond(), 10)
    at(10_000)
    assert.equal(activity.certifiedPerSecond(), 1)
    activity.certified(50)
    assert.equal(activity.certifiedPerSecond(), 6)
    at(59_999)
    assert.equal(Math.round(activity.certifiedPerSecond() * 10), 10)
    at(60_000)
    assert.equal(Math.round(activity.certifiedPerSecond() * 60), 50, 'the first second is forgotten')
    at(70_000)
    assert.equal(activity.certifiedPerSecond(), 0)
    at(1_000_000)
    activity.certified(60)
    assert.equal(activity.certifiedPerSecond(), 1)
    assert.equal(activity.claimsCertified, 120)
  })

  it('tells the pace of anchors once there are two', () => {
    const { activity, at } = activityAt()
    assert.equal(activity.anchorPaceMs(), undefined)
    activity.anchored()
    assert.equal(activity.anchorPaceMs(), undefined)
    for (let i = 1; i <= 30; i += 1) {
      at(i * 1_000)
      activity.anchored()
    }
    assert.equal(activity.anchorPaceMs(), 1_000)
    assert.equal(activity.anchors, 31)
  })

  it('bounds what peers can make it count apart', () => {
    const { activity } = activityAt()
    for (let i = 0; i < 1_000; i += 1) {
      activity.peerRefused({ by: 'them', code: `ERR_MADE_UP_${i}`, isMember: false })
      activity.voted([`ERR_MADE_UP_${i}`])
    }
    assert.ok(activity.peerRefusals.length <= 65)
    assert.ok(activity.claimsRefused.size <= 65)
    assert.equal(activity.peersRefused, 1_000)
    assert.equal(
      [...activity.claimsRefused.values()].reduce((a, b) => a + b),
      1_000,
    )
    assert.equal(
      activity.peerRefusals.reduce((sum, { count }) => sum + count, 0),
      1_000,
    )
  })
})

describe('counts of bills by state', () => {
  const cids = [1, 2, 3].map((n) => cidOfDigest(sha256(Uint8Array.of(n)), RAW_CODE))
  const toldOf = (states: readonly BillState[]): ConstructorParameters<typeof BillCounts>[0] => ({
    billsTold: {
      async *entries() {
        for (const [i, state] of states.entries()) {
          const cid = cids[i] ?? CID.parse('bafkqaaa')
          yield [cid.bytes, { state }]
          yield [concatBytes([cid.bytes, utf8('baker')]), { state }]
        }
      },
    } as never,
  })

  it('are those that were told, each bill once, and move with it', async () => {
    const counts = new BillCounts(toldOf(['final', 'final', 'certified']))
    counts.start()
    // Changes while the records are read are not among them.
    counts.move('certified', 'anchored')
    counts.move(undefined, 'received')
    counts.move('final', 'final')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(counts.list(), { final: 2, anchored: 1, received: 1 })
    counts.move('received', undefined)
    assert.deepEqual(counts.list(), { final: 2, anchored: 1 })
    await counts.stop()
  })
})

describe('what is slow to know', () => {
  it('is loaded once for all who ask, told from memory, and loaded again when it is old', async () => {
    let now = 0
    let loads = 0
    const cached = new Cached({
      load: async () => (loads += 1),
      maxAgeMs: 10,
      timeoutMs: 1_000,
      waitMs: 1_000,
      nowMs: () => now,
    })
    assert.deepEqual(await Promise.all([cached.get(), cached.get()]), [1, 1])
    now = 10
    assert.equal(await cached.get(), 1)
    now = 11
    assert.equal(await cached.get(), 1, 'the old one, while the new one is loaded')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await cached.get(), 2)
    assert.equal(loads, 2)
    await cached.stop()
  })

  it('is absent when it cannot be had, and holds nobody up', async () => {
    let now = 0
    const cached = new Cached<number>({
      load: async (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
        }),
      maxAgeMs: 10,
      timeoutMs: 60_000,
      waitMs: 5,
      nowMs: () => now,
    })
    assert.equal(await cached.get(), undefined)
    now = 5
    assert.equal(await cached.get(), undefined)
    await cached.stop()
    await cached.stop()
    assert.equal(await cached.get(), undefined)
  })
})

describe('the payer of anchors', () => {
  const watch = (account: PayerAccount | undefined, gasUsed: readonly string[]): PayerWatch =>
    new PayerWatch({
      address: new Uint8Array(20),
      ask: async () => {
        if (account === undefined) throw new Error('endpoint is gone')
        return account
      },
      store: {
        anchors: {
          async *entries() {
            for (const gas of gasUsed) yield [new Uint8Array(8), { gasUsed: gas }]
          },
        } as never,
      },
      paceMs: () => 3_600_000,
      nowMs: () => 0,
    })

  it('lasts for what its balance pays at the mean gas and the present price', async () => {
    const payer = await watch({ balanceWei: 4_800_000n, gasPriceWei: 100n }, ['900', '1100']).describe()
    assert.equal(payer.weiPerAnchor, '100000')
    assert.equal(payer.runwayAnchors, 48)
    assert.equal(payer.runwayDays, 2)
    assert.equal(payer.balanceWei, '4800000')
  })

  it('has no runway before the first anchor or where gas is free, and no balance without an endpoint', async () => {
    const { address, ...rest } = await watch({ balanceWei: 5n, gasPriceWei: 100n }, []).describe()
    assert.deepEqual(rest, { balanceWei: '5' })
    assert.deepEqual(await watch({ balanceWei: 5n, gasPriceWei: 0n }, ['9']).describe(), { address, balanceWei: '5' })
    assert.deepEqual(await watch(undefined, ['9']).describe(), { address })
  })
})
