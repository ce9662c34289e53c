import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { BillEvent, BillStatus, Submission } from '#api'
import { cidOfDigest, LIMITS, RAW_CODE, sha256 } from '#protocol'
import { generateArchiveKey, openBlockStore, unseal } from '#storage'
import { verifyProof } from '../../node/verify.ts'
import { csvBill, espiBill } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const ALL = [0, 1, 2, 3]
const NEVER = new AbortController().signal
const ALL_BILLS = { account: '', all: true }
const OPERATOR = { actor: 'operator' }

describe('closing an account', function () {
  this.timeout(120_000)
  let region: LiveRegion
  const identities = new Map<string, string>()
  /** Of a bill that is larger than one block. */
  const chunks: CID[] = []

  before(async () => {
    region = await startLiveRegion()
  })
  after(async () => {
    await region.stop()
  })

  const signUp = async (position: number, id: string): Promise<void> => {
    const { identity, recipient } = await generateArchiveKey()
    identities.set(id, identity)
    await region.node(position).accounts.addAccount({ id, recipient }, OPERATOR)
  }
  const submit = async (
    position: number,
    accountId: string,
    bytes: Uint8Array,
    visibility: Submission['visibility'] = 'sealed',
  ): Promise<BillStatus> => submitTo(region.node(position), { bytes, visibility, accountId, file: `${accountId}.csv` })
  const has = async (position: number, cid: string): Promise<boolean> =>
    (await region.node(position).readBill(cid, NEVER)) !== undefined
  const finalAt = async (positions: readonly number[], cid: string): Promise<void> => {
    await Promise.all(positions.map(async (position) => untilState(region.node(position), cid, 'final')))
  }
  const gone = async (positions: readonly number[], cid: string): Promise<void> => {
    await Promise.all(
      positions.map(async (position) =>
        until(`bill ${cid} is gone at auditor ${position}`, async () => !(await has(position, cid))),
      ),
    )
  }
  const withdrawnEvents = async (position: number): Promise<BillEvent[]> => {
    const list = async (): Promise<BillEvent[]> =>
      (await region.node(position).events.list(ALL_BILLS, 0, 1_000)).filter(({ withdrawn }) => withdrawn === true)
    await until('that is told', async () => (await list()).length > 0)
    return list()
  }
  const close = async (position: number, id: string): Promise<number> =>
    (await region.node(position).accounts.closeAccount(id, OPERATOR)).removedBills

  it('removes the age files of its sealed bills at every auditor, and leaves their proofs and what is others’', async () => {
    await signUp(0, 'leaving')
    await signUp(0, 'staying')
    const own = csvBill({ point: 'close-own' })
    const large = Buffer.from(
      Buffer.from(espiBill({ point: 'close-large' }))
        .toString()
        .replace('</feed>', `<!-- ${'x'.repeat(2_500_000)} --></feed>`),
    )
    const shared = csvBill({ point: 'close-shared' })
    const bills = {
      own: (await submit(0, 'leaving', own)).cid,
      large: (await submit(0, 'leaving', large)).cid,
      open: (await submit(0, 'leaving', csvBill({ point: 'close-public' }), 'public')).cid,
      shared: (await submit(0, 'leaving', shared)).cid,
      others: (await submit(0, 'staying', csvBill({ point: 'close-others' }))).cid,
    }
    assert.equal((await submit(0, 'staying', shared)).cid, bills.shared)
    for (const cid of Object.values(bills)) await finalAt(ALL, cid)
    const file = (await region.node(0).readBill(bills.own, NEVER))?.bytes
    assert.ok(file !== undefined)
    assert.deepEqual(await unseal(file, [identities.get('leaving') ?? '']), own)
    const archived = (await region.node(0).readBill(bills.large, NEVER))?.bytes ?? new Uint8Array(0)
    for (let at = 0; at < archived.byteLength; at += LIMITS.chunkBytes) {
      chunks.push(cidOfDigest(sha256(archived.subarray(at, at + LIMITS.chunkBytes)), RAW_CODE))
    }
    assert.equal(chunks.length, 3)
    assert.equal(await close(0, 'leaving'), 2)
    await gone(ALL, bills.own)
    await gone(ALL, bills.large)
    for (const position of ALL) {
      for (const cid of [bills.open, bills.shared, bills.others]) assert.ok(await has(position, cid), cid)
      const status = await region.node(position).findStatus(bills.own)
      assert.equal(status?.state, 'final')
      // The claim stands, and the status says what became of the file: when, where this node withdrew it.
      assert.equal(status.withdrawn?.removed, true)
      assert.equal(status.withdrawn.at !== undefined, position === 0)
      for (const cid of [bills.open, bills.shared, bills.others])
        assert.equal((await region.node(position).findStatus(cid))?.withdrawn, undefined, cid)
    }
    const told = await withdrawnEvents(0)
    assert.deepEqual(
      told.map(({ cid, state }) => `${cid} ${state}`).toSorted(),
      [bills.own, bills.large].map((cid) => `${cid} final`).toSorted(),
    )
    assert.equal((await region.node(0).findStatus(bills.own))?.file, undefined)
    const proof = await region.node(2).findProof(bills.own, NEVER)
    assert.ok(proof !== undefined)
    const { ok } = await verifyProof({ proof, charter: region.charter, rpcUrl: region.anvil.rpcUrl, signal: NEVER })
    assert.ok(ok)
    const opened = await region.node(0).readBill(bills.shared, NEVER, 'staying')
    assert.deepEqual(opened?.bytes, shared)
  })

  it('finishes bills on their way first, also across a stop, and then removes them', async () => {
    await signUp(1, 'hurried')
    const { cid } = await submit(1, 'hurried', csvBill({ point: 'close-soon' }))
    assert.equal(await close(1, 'hurried'), 1)
    assert.notEqual((await region.node(1).findStatus(cid))?.state, 'final')
    assert.ok(await has(1, cid))
    assert.equal((await region.node(1).findStatus(cid))?.withdrawn, undefined)
    await region.stopNode(1)
    await region.startNode(1)
    await finalAt(ALL, cid)
    await gone(ALL, cid)
  })

  it('is followed by an auditor that was away, which certifies and signs anchors without the bytes', async () => {
    await signUp(0, 'brief')
    await region.stopNode(3)
    const { cid } = await submit(0, 'brief', csvBill({ point: 'close-away' }))
    await finalAt([0, 1, 2], cid)
    await close(0, 'brief')
    await gone([0, 1, 2], cid)
    await region.startNode(3)
    await finalAt([3], cid)
    assert.ok(!(await has(3, cid)))
    // Three of four sign an anchor: without auditor 2, the one that was away has to.
    await region.stopNode(2)
    const next = await submit(0, 'staying', csvBill({ point: 'close-after' }))
    await finalAt([0, 1, 3], next.cid)
    await region.startNode(2)
    await finalAt([2], next.cid)
  })

  it('keeps a file where an account of another auditor handed in the same bytes, until that one is closed too', async () => {
    await signUp(0, 'first')
    await signUp(1, 'second')
    const bytes = csvBill({ point: 'close-twice' })
    const { cid } = await submit(0, 'first', bytes)
    await finalAt(ALL, cid)
    assert.equal((await submit(1, 'second', bytes)).cid, cid)
    await close(0, 'first')
    await gone([0, 2, 3], cid)
    assert.deepEqual((await region.node(1).readBill(cid, NEVER, 'second'))?.bytes, bytes)
    // Its sponsor has withdrawn it; here it is somebody's.
    for (const viewer of [ALL_BILLS, { account: 'second', all: false }])
      assert.equal((await region.node(1).findStatus(cid, viewer))?.withdrawn, undefined)
    await close(1, 'second')
    await gone([1], cid)
  })

  it('lets the same bytes be handed in again, as another file', async () => {
    await signUp(0, 'again')
    const bytes = csvBill({ point: 'close-own' })
    const { cid } = await submit(0, 'again', bytes)
    await untilState(region.node(0), cid, 'certified')
    assert.deepEqual((await region.node(0).readBill(cid, NEVER, 'again'))?.bytes, bytes)
    // A batch that has a claim whose first file is gone beside a new one is anchored all the same.
    const mixed = await submit(0, 'again', csvBill({ point: 'close-own' }, { point: 'close-mixed' }))
    await finalAt(ALL, mixed.cid)
  })

  it('gives up a bill that waits for people, at every auditor', async () => {
    await signUp(2, 'unread')
    const bytes = new TextEncoder().encode('a letter that no reader knows, 128 kWh')
    const status = await submit(2, 'unread', bytes)
    assert.equal(status.state, 'needs-review')
    const here = async (position: number): Promise<boolean> =>
      (await region.node(position).listReviews()).some((review) => review.cid === status.cid && review.here)
    for (const position of ALL) await until(`auditor ${position} has it for review`, async () => here(position))
    assert.equal(await close(2, 'unread'), 1)
    await gone(ALL, status.cid)
    for (const position of ALL) assert.ok(!(await here(position)))
  })

  it('leaves neither blocks nor names of it on the disk of any auditor', async () => {
    for (const position of ALL) await region.stopNode(position)
    for (const position of ALL) {
      const bills: CID[] = []
      await withStore(region, position, async (store) => {
        for (const record of await valuesOf(store.withdrawn)) {
          assert.equal(record.state, 'gone')
          bills.push(record.bill)
        }
        for (const record of await valuesOf(store.bills)) {
          assert.equal(record.withdrawnAtMs === undefined ? undefined : record.file, undefined)
        }
        for (const account of await valuesOf(store.accounts)) {
          if (account.state === 'closed') assert.equal(account.recipient ?? account.name, undefined)
        }
      })
      assert.equal(bills.length, 6)
      const blocks = await openBlockStore(join(region.dataDir(position), 'blocks'))
      for (const cid of [...bills, ...chunks]) assert.equal(await blocks.find(cid), undefined, cid.toString())
      await blocks.close()
    }
  })
})
