import assert from 'node:assert/strict'
import type { CID } from 'multiformats/cid'
import type { BillRecord, WithdrawnRecord } from '#storage'
import { WithdrawnFiles } from '../../../node/service/withdrawn-files.ts'
import { withdrawnKey } from '../../../node/withdrawals/withdrawal-book.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, makeClaim } from '../../support/region-fixture.ts'

const context = contextOf(foundRegion())
const [SELF, OTHER] = [
  context.address,
  context.committee.find((member) => Buffer.compare(member, context.address) !== 0) ?? context.address,
]
const AT_MS = Date.UTC(2026, 0, 1)

describe('a withdrawn file', () => {
  let store: MemoryStore
  let files: WithdrawnFiles
  let lastSeq: number
  let kept: boolean
  let excused: boolean

  beforeEach(() => {
    store = createMemoryStore()
    ;[lastSeq, kept, excused] = [1, false, true]
    files = new WithdrawnFiles({
      context,
      store,
      withdrawals: { book: { lastSeq: () => lastSeq }, isExcused: async () => excused },
      isKept: async () => kept,
    })
  })

  const put = async (bill: CID, state: WithdrawnRecord['state'], sponsor = SELF): Promise<void> => {
    await store.commit([store.withdrawn.put(withdrawnKey(bill, sponsor), { bill, sponsor, state })], { durable: true })
  }
  const putBill = async (bill: CID): Promise<void> => {
    const record: BillRecord = {
      cid: bill,
      visibility: 'sealed',
      plainHash: hashOf('plain'),
      sizeBytes: 1,
      holder: hashOf('h'),
      receivedAtMs: 0,
      state: 'claimed',
      withdrawnAtMs: AT_MS,
      claimIds: [],
    }
    await store.commit([store.bills.put(bill.bytes, record)], { durable: true })
  }

  it('is told as withdrawn from the moment that its sponsor says so, and as removed when it is', async () => {
    const { bill } = makeClaim('own')
    await putBill(bill)
    assert.equal(await files.find(bill), undefined)
    await put(bill, 'due')
    assert.equal(await files.find(bill), undefined)
    await put(bill, 'told')
    assert.deepEqual(await files.find(bill), { at: '2026-01-01T00:00:00.000Z', removed: false })
    assert.equal(await files.isRemoved(bill), false)
    await put(bill, 'gone')
    assert.deepEqual(await files.find(bill), { at: '2026-01-01T00:00:00.000Z', removed: true })
    assert.equal(await files.isRemoved(bill), true)
  })

  it('has no time where another auditor withdrew it', async () => {
    const { bill } = makeClaim('of another')
    await put(bill, 'gone', OTHER)
    assert.deepEqual(await files.find(bill), { removed: true })
  })

  it('is none for the word of a member whose bill it is not, or while an account here has it', async () => {
    const { bill } = makeClaim('victim')
    await put(bill, 'told', OTHER)
    excused = false
    assert.equal(await files.find(bill), undefined)
    ;[excused, kept] = [true, true]
    assert.equal(await files.find(bill), undefined)
    kept = false
    assert.deepEqual(await files.find(bill), { removed: false })
  })

  it('costs nothing where nobody has withdrawn anything', async () => {
    const { bill } = makeClaim('own')
    await put(bill, 'gone')
    lastSeq = 0
    assert.equal(await files.find(bill), undefined)
  })

  it('is found at the start if its event was not written, and then never again', async () => {
    const [first, second, foreign, due] = ['a', 'b', 'c', 'd'].map((label) => makeClaim(label).bill)
    assert.ok(first !== undefined && second !== undefined && foreign !== undefined && due !== undefined)
    await put(first, 'gone')
    await put(second, 'told')
    await put(foreign, 'gone', OTHER)
    await put(due, 'due')
    for (const bill of [first, second, foreign, due])
      await store.commit([store.billsTold.put(bill.bytes, { state: 'final' })], { durable: true })
    await store.commit([store.billsTold.put(second.bytes, { state: 'final', withdrawn: true })], { durable: true })
    const found: string[] = []
    for await (const bill of files.untold()) found.push(bill.toString())
    assert.deepEqual(found, [first.toString()])
  })
})
