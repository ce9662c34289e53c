import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Store } from '#storage'
import { Idempotency } from '../../node/service/idempotency.ts'

const FIRST = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const SECOND = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const HOUR_MS = 60 * 60_000

describe('named requests', () => {
  const request = { account: 'a', key: 'june', fingerprint: new Uint8Array(32).fill(1) }
  const other = { ...request, fingerprint: new Uint8Array(32).fill(2) }
  let dir: string
  let store: Store
  let nowMs: number
  let names: Idempotency

  const open = async (): Promise<void> => {
    store = await Store.open(join(dir, 'store'), new Uint8Array(32))
    names = new Idempotency(store, () => nowMs)
  }
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-names-'))
    nowMs = Date.UTC(2026, 0, 1, 23)
    await open()
  })
  afterEach(async () => {
    await store.close()
    await rm(dir, { recursive: true })
  })

  const never = async (): Promise<string> => assert.fail('done twice')

  it('are done once, also across a restart and midnight', async () => {
    assert.deepEqual(await names.once(request, async () => FIRST), { cid: FIRST, isRepeated: false })
    await store.close()
    await open()
    nowMs += 23 * HOUR_MS
    assert.deepEqual(await names.once(request, never), { cid: FIRST, isRepeated: true })
  })

  it('keep their name for 24 hours and no longer', async () => {
    await names.once(request, async () => FIRST)
    nowMs += 24 * HOUR_MS
    assert.deepEqual(await names.once(other, async () => SECOND), { cid: SECOND, isRepeated: false })
    assert.deepEqual(await names.once(other, never), { cid: SECOND, isRepeated: true })
  })

  it('refuse another request of the same name, but not of another account', async () => {
    await names.once(request, async () => FIRST)
    await assert.rejects(names.once(other, never), { code: 'ERR_API_IDEMPOTENCY' })
    assert.equal((await names.once({ ...other, account: 'b' }, async () => SECOND)).cid, SECOND)
  })

  it('fill no disk: beyond so many a day those of one account are done and not remembered', async () => {
    names = new Idempotency(store, () => nowMs, 3)
    const ask = async (account: string, key: string): Promise<unknown> =>
      (await names.once({ ...request, account, key }, async () => FIRST)).isRepeated
    for (const key of ['1', '2']) assert.equal(await ask('a', key), false)
    await store.close()
    await open()
    names = new Idempotency(store, () => nowMs, 3)
    // A restart in the middle of a day gives nobody the day again.
    for (const key of ['3', '4', '5']) assert.equal(await ask('a', key), false)
    let kept = 0
    for await (const _ of store.idempotency.entries()) kept += 1
    assert.equal(kept, 3)
    assert.equal(await ask('a', '3'), true)
    // The bill is found by its bytes all the same.
    assert.equal(await ask('a', '4'), false)
    assert.deepEqual([await ask('b', '1'), await ask('b', '1')], [false, true])
    nowMs += 24 * HOUR_MS
    assert.deepEqual([await ask('a', '6'), await ask('a', '6')], [false, true])
  })

  it('wait for the same one that is under way, and do it themselves if it fails', async () => {
    const underWay = Promise.withResolvers<string>()
    const first = names.once(request, async () => underWay.promise)
    const second = names.once(request, never)
    underWay.resolve(FIRST)
    assert.equal((await first).isRepeated, false)
    assert.equal((await second).isRepeated, true)
    const broken = names.once({ ...request, key: 'july' }, async () => Promise.reject(new Error('refused')))
    const next = names.once({ ...request, key: 'july' }, async () => SECOND)
    await assert.rejects(broken, /refused/)
    assert.deepEqual(await next, { cid: SECOND, isRepeated: false })
  })

  it('are forgotten, a few with each new one', async () => {
    const count = async (): Promise<number> => {
      let found = 0
      for await (const _ of store.idempotency.entries()) found += 1
      return found
    }
    for (let i = 0; i < 10; i += 1) await names.once({ ...request, key: `old ${i}` }, async () => FIRST)
    nowMs += 48 * HOUR_MS
    for (let i = 0; i < 3; i += 1) await names.once({ ...request, key: `new ${i}` }, async () => FIRST)
    assert.equal(await count(), 3)
  })
})
