import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { pino } from 'pino'
import type { BillStatus, Viewer } from '#api'
import { cidOfDigest, concatBytes, RAW_CODE } from '#protocol'
import { keyOfNumber } from '#storage'
import type { BillRecord, Write } from '#storage'
import { commitToAccount } from '../../node/holder.ts'
import { BillLists } from '../../node/service/bill-lists.ts'
import { indexOldBills } from '../../node/service/old-bills.ts'
import { AccountFixture } from '../support/account-store.ts'
import { hashOf } from '../support/region-fixture.ts'

const BY = { actor: 'operator' }
const HOUR_MS = 3_600_000

function cidOf(label: string): CID {
  return cidOfDigest(hashOf(label), RAW_CODE)
}

describe('quotas', () => {
  let fixture: AccountFixture

  beforeEach(async () => {
    fixture = await AccountFixture.create()
    await fixture.accounts.addAccount({ id: 'acme', quota: { billsPerDay: 2, storedBytes: 100 } }, BY)
  })
  afterEach(async () => {
    await fixture.remove()
  })

  const take = async (label: string, sizeBytes: number): Promise<void> => {
    const { quotas, bills } = fixture.accounts
    const place = quotas.reserve('acme', sizeBytes)
    // What a bill takes before it is committed: others come in between.
    await new Promise((resolve) => setImmediate(resolve))
    await place.commit(bills.put('acme', cidOf(label), { atMs: fixture.nowMs, sizeBytes, visibility: 'sealed' }))
    place.release()
  }

  it('give the last place to one of many submissions at once', async () => {
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(async (label) => take(label, 1)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2)
    const { usage } = await fixture.accounts.getAccount('acme')
    assert.deepEqual(usage, { bills: 2, storedBytes: 2, billsToday: 2 })
  })

  it('say when the next day begins (UTC), and give its places then', async () => {
    await take('a', 1)
    await take('b', 1)
    await assert.rejects(take('c', 1), (thrown: Error & { code: string; details: { retryAfterS: number } }) => {
      assert.equal(thrown.code, 'ERR_QUOTA_BILLS')
      assert.equal(thrown.details.retryAfterS, 12 * 3_600)
      return true
    })
    fixture.nowMs += 12 * HOUR_MS
    await take('c', 1)
    assert.equal((await fixture.accounts.getAccount('acme')).usage.billsToday, 1)
  })

  it('refuse a bill that has no room, and take one that just has', async () => {
    await take('a', 60)
    await assert.rejects(take('b', 41), { code: 'ERR_QUOTA_BYTES' })
    await take('b', 40)
  })

  it('can be changed: a larger one counts at once, and none is no limit', async () => {
    await take('a', 60)
    const by = { actor: 'operator' }
    await fixture.accounts.changeQuota('acme', { billsPerDay: 3, storedBytes: 1_000 }, by)
    await take('b', 60)
    await take('c', 60)
    await assert.rejects(take('d', 1), { code: 'ERR_QUOTA_BILLS' })
    await fixture.accounts.changeQuota('acme', {}, by)
    await fixture.reopen(false)
    await take('d', 1_000_000)
    assert.deepEqual((await fixture.accounts.getAccount('acme')).quota, {})
    await assert.rejects(fixture.accounts.changeQuota('acme', { billsPerDay: 0 }, by), { code: 'ERR_ACCOUNT_FIELD' })
    await assert.rejects(fixture.accounts.changeQuota('nobody', {}, by), { code: 'ERR_ACCOUNT_UNKNOWN' })
    await fixture.accounts.closeAccount('acme', by)
    await assert.rejects(fixture.accounts.changeQuota('acme', {}, by), { code: 'ERR_ACCOUNT_CLOSED' })
  })

  it('give a place back when its bill is refused or cannot be written', async () => {
    const { quotas } = fixture.accounts
    const place = quotas.reserve('acme', 100)
    assert.throws(() => quotas.reserve('acme', 1), { code: 'ERR_QUOTA_BYTES' })
    place.release()
    place.release()
    fixture.fault = new Error('disk')
    await assert.rejects(take('a', 100), /disk/)
    fixture.fault = undefined
    await take('a', 100)
    assert.deepEqual((await fixture.accounts.getAccount('acme')).usage, { bills: 1, storedBytes: 100, billsToday: 1 })
  })

  it('are on the disk with the bill that they count', async () => {
    await take('a', 7)
    await fixture.reopen(false)
    assert.deepEqual((await fixture.accounts.getAccount('acme')).usage, { bills: 1, storedBytes: 7, billsToday: 1 })
    assert.equal((await fixture.accounts.bills.find('acme', cidOf('a')))?.sizeBytes, 7)
    // So a restart in the middle of a day gives nobody the day again.
    await take('b', 1)
    await fixture.reopen(false)
    await assert.rejects(take('c', 1), { code: 'ERR_QUOTA_BILLS' })
  })

  it('refuse a bill whose account is closed while it is read', async () => {
    const place = fixture.accounts.quotas.reserve('acme', 1)
    const again = fixture.accounts.quotas.reuse('acme')
    await fixture.accounts.closeAccount('acme', BY)
    await assert.rejects(place.commit([]), { code: 'ERR_ACCOUNT_CLOSED' })
    await assert.rejects(again.commit([]), { code: 'ERR_ACCOUNT_CLOSED' })
  })

  it('do not count for whoever nobody signed up', () => {
    for (let i = 0; i < 10; i += 1) fixture.accounts.quotas.reserve('a test', 1_000_000)
  })
})

describe('bills of accounts', () => {
  let fixture: AccountFixture
  let lists: BillLists

  beforeEach(async () => {
    fixture = await AccountFixture.create()
    lists = new BillLists({
      store: fixture.store,
      accountBills: fixture.accounts.bills,
      findStatus: async (cid) => statusOf(cid),
    })
  })
  afterEach(async () => {
    await fixture.remove()
  })

  const statusOf = (cid: CID): BillStatus => ({
    cid: cid.toString(),
    state: (cid.multihash.digest[0] ?? 0) % 2 === 0 ? 'final' : 'received',
    visibility: 'sealed',
    region: 'x',
    claims: [],
  })
  const put = async (account: string, labels: readonly string[], atMs = fixture.nowMs): Promise<void> => {
    const writes: Write[] = labels.flatMap((label, i) => {
      const cid = cidOf(label)
      const time = keyOfNumber(atMs + i)
      return [
        ...fixture.accounts.bills.put(account, cid, { atMs: atMs + i, sizeBytes: 1, visibility: 'sealed' }),
        fixture.store.billsByTime.put(concatBytes([time, cid.bytes]), cid),
      ]
    })
    await fixture.store.commit(writes, { durable: false })
  }
  const all = async (
    viewer: Viewer,
    query: { state?: 'final'; fromMs?: number; toMs?: number } = {},
  ): Promise<string[]> => {
    const cids: string[] = []
    let cursor: string | undefined
    do {
      const page = await lists.page({ limit: 3, ...query, ...(cursor === undefined ? {} : { cursor }) }, viewer)
      assert.ok(page.items.length <= 3)
      cids.push(...page.items.map(({ cid }) => cid))
      cursor = page.next
    } while (cursor !== undefined)
    return cids
  }
  const acme: Viewer = { account: 'acme', all: false }

  it('are listed newest first in pages, each once, for their account alone', async () => {
    const labels = Array.from({ length: 10 }, (_, i) => `bill ${i}`)
    await put('acme', labels)
    await put('acme2', ['other'])
    await put('acm', ['another'])
    assert.deepEqual(await all(acme), labels.map((label) => cidOf(label).toString()).toReversed())
    assert.deepEqual(await all({ account: 'acme2', all: false }), [cidOf('other').toString()])
    assert.deepEqual(await all({ account: '', all: false }), [])
    assert.equal((await all({ account: '', all: true })).length, 12)
  })

  it('are filtered by state and by time, half-open', async () => {
    const labels = Array.from({ length: 20 }, (_, i) => `bill ${i}`)
    await put('acme', labels)
    const finals = labels.filter((label) => statusOf(cidOf(label)).state === 'final').toReversed()
    assert.deepEqual(
      await all(acme, { state: 'final' }),
      finals.map((label) => cidOf(label).toString()),
    )
    const some = await all(acme, { fromMs: fixture.nowMs + 5, toMs: fixture.nowMs + 8 })
    assert.deepEqual(
      some,
      ['bill 7', 'bill 6', 'bill 5'].map((label) => cidOf(label).toString()),
    )
  })

  it('are not looked at without end for a filter that nothing passes', async () => {
    await put(
      'acme',
      Array.from({ length: 2_500 }, (_, i) => `bill ${i}`),
    )
    const none = new BillLists({
      store: fixture.store,
      accountBills: fixture.accounts.bills,
      findStatus: async () => undefined,
    })
    const first = await none.page({ limit: 10 }, acme)
    assert.ok(first.items.length === 0 && first.next !== undefined)
    assert.equal((await none.page({ limit: 10, cursor: first.next }, acme)).next, undefined)
  })

  it('are not shown by the cursor of another account, and a cursor that is none is refused', async () => {
    await put('acme', ['a', 'b', 'c', 'd'])
    await put('zulu', ['e'], fixture.nowMs - 1)
    const { next } = await lists.page({ limit: 2 }, acme)
    const seen = await lists.page(
      { limit: 9, ...(next === undefined ? {} : { cursor: next }) },
      { account: 'zulu', all: false },
    )
    assert.deepEqual(
      seen.items.map(({ cid }) => cid),
      [cidOf('e').toString()],
    )
    for (const cursor of ['', 'x', '****', 'AAAA', Buffer.alloc(80).toString('base64url')]) {
      await assert.rejects(lists.page({ limit: 1, cursor }, acme), { code: 'ERR_API_CURSOR' }, cursor)
    }
  })

  it('are forgotten one account at a time', async () => {
    await put(
      'acme',
      Array.from({ length: 1_200 }, (_, i) => `bill ${i}`),
    )
    await put('other', ['bill 1'])
    assert.equal(await fixture.accounts.bills.forget('acme'), 1_200)
    assert.deepEqual(await all(acme), [])
    assert.deepEqual(await fixture.accounts.bills.accountsOf(cidOf('bill 1')), ['other'])
    assert.deepEqual(await fixture.accounts.bills.accountsOf(cidOf('bill 2')), [])
  })
})

describe('bills of a store from before accounts', () => {
  const privateKey = new Uint8Array(randomBytes(32))
  const log = pino({ level: 'silent' })
  let fixture: AccountFixture

  const billOf = (label: string, account: string, receivedAtMs: number): BillRecord => ({
    cid: cidOf(label),
    visibility: 'sealed',
    plainHash: hashOf(label),
    sizeBytes: 10,
    file: `${label}.xml`,
    holder: commitToAccount(privateKey, account),
    receivedAtMs,
    state: 'claimed',
    claimIds: [],
  })

  beforeEach(async () => {
    fixture = await AccountFixture.create()
    const bills = Array.from({ length: 1_100 }, (_, i) => billOf(`bill ${i}`, i % 2 === 0 ? 'acme' : 'gone', i))
    const arrival = ({ cid }: BillRecord, atMs: number): Write =>
      fixture.store.billsByTime.put(concatBytes([keyOfNumber(atMs), cid.bytes]), cid)
    const writes = bills.flatMap((bill) => [
      fixture.store.bills.put(bill.cid.bytes, bill),
      arrival(bill, bill.receivedAtMs),
      // One that was tried again stood twice in the list of an earlier version.
      ...(bill.receivedAtMs === 0 ? [arrival(bill, 1_050)] : []),
    ])
    await fixture.store.commit(writes, { durable: false })
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
  })
  afterEach(async () => {
    await fixture.remove()
  })

  const index = async (): Promise<void> =>
    indexOldBills({ store: fixture.store, accounts: fixture.accounts, privateKey, log })

  it('become those of the accounts that handed them in; the others stay the operator’s', async () => {
    await index()
    // Once: the next start does not even look.
    fixture.fault = new Error('nothing is left to write')
    await index()
    fixture.fault = undefined
    assert.deepEqual((await fixture.accounts.getAccount('acme')).usage, {
      bills: 550,
      storedBytes: 5_500,
      billsToday: 0,
    })
    assert.equal((await fixture.accounts.bills.find('acme', cidOf('bill 0')))?.file, 'bill 0.xml')
    assert.deepEqual(await fixture.accounts.bills.accountsOf(cidOf('bill 1')), [])
  })

  it('are counted once, however often the process dies between its commits', async () => {
    for (const commits of [0, 1, 0, 1, 9]) {
      const commit = fixture.store.commit.bind(fixture.store)
      let left = commits
      fixture.store.commit = async (...args) => {
        left -= 1
        if (left < 0) throw new Error('died')
        await commit(...args)
      }
      await index().catch(() => undefined)
      // What the dead process had in memory is gone.
      await fixture.reopen(false)
    }
    assert.deepEqual((await fixture.accounts.getAccount('acme')).usage, {
      bills: 550,
      storedBytes: 5_500,
      billsToday: 0,
    })
    let found = 0
    for await (const _ of fixture.accounts.bills.entries('acme')) found += 1
    assert.equal(found, 550)
  })
})
