import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import type { CID } from 'multiformats/cid'
import { cidOfDigest, concatBytes, RAW_CODE } from '#protocol'
import { Bucket, Database, keyOfNumber, Store } from '#storage'
import { hashOf } from '../support/region-fixture.ts'

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of source) found.push(each)
  return found
}

describe('database', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-database-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  async function withDatabase(use: (database: Database) => Promise<void>): Promise<void> {
    const database = await Database.open(join(folder, 'level'))
    try {
      await use(database)
    } finally {
      await database.close()
    }
  }

  it('keeps records over a restart, and removes what was removed', async () => {
    await withDatabase(async (database) => {
      const bucket = new Bucket<{ hash: Uint8Array; n: number }>(database, 0x10)
      await database.commit(
        [1, 2, 3].map((n) => bucket.put(keyOfNumber(n), { hash: hashOf(`${n}`), n })),
        true,
      )
      await database.commit([bucket.remove(keyOfNumber(2))], false)
      await database.commit([], true)
    })
    await withDatabase(async (database) => {
      const bucket = new Bucket<{ hash: Uint8Array; n: number }>(database, 0x10)
      assert.deepEqual(await bucket.get(keyOfNumber(1)), { hash: hashOf('1'), n: 1 })
      assert.equal(await bucket.find(keyOfNumber(2)), undefined)
      await assert.rejects(bucket.get(keyOfNumber(2)), { code: 'ERR_STORAGE_ABSENT' })
      const many = await bucket.findMany([3, 2, 1].map(keyOfNumber))
      assert.deepEqual(
        many.map((found) => found?.n),
        [3, undefined, 1],
      )
    })
  })

  it('writes all of a commit or nothing', async () => {
    await withDatabase(async (database) => {
      const bucket = new Bucket<number>(database, 0x10)
      const broken = { type: 'put', key: keyOfNumber(2), value: undefined } as unknown as ReturnType<typeof bucket.put>
      await assert.rejects(database.commit([bucket.put(keyOfNumber(1), 1), broken], true))
      assert.equal(await bucket.find(keyOfNumber(1)), undefined)
    })
  })

  it('keeps buckets apart: neighbouring prefixes never see each other', async () => {
    await withDatabase(async (database) => {
      const [a, b] = [new Bucket<string>(database, 0x10), new Bucket<string>(database, 0x11)]
      const edges = [new Uint8Array(0), new Uint8Array([0]), new Uint8Array(40).fill(0xff)]
      await database.commit([...edges.map((key) => a.put(key, 'a')), ...edges.map((key) => b.put(key, 'b'))], false)
      for (const [bucket, name] of [
        [a, 'a'],
        [b, 'b'],
      ] as const) {
        const found = await collect(bucket.entries())
        assert.deepEqual(
          found,
          edges.map((key) => [key, name]),
        )
      }
    })
  })

  it('lists half-open ranges in either order, up to a limit', async () => {
    await withDatabase(async (database) => {
      const bucket = new Bucket<number>(database, 0x10)
      const numbers = [0, 1, 255, 256, 65_536, 2 ** 40, Number.MAX_SAFE_INTEGER]
      await database.commit(
        numbers.toReversed().map((n) => bucket.put(keyOfNumber(n), n)),
        false,
      )
      const list = async (range: Parameters<typeof bucket.entries>[0]): Promise<number[]> =>
        (await collect(bucket.entries(range))).map(([, n]) => n)
      assert.deepEqual(await list({}), numbers)
      assert.deepEqual(await list({ from: keyOfNumber(1), below: keyOfNumber(256) }), [1, 255])
      assert.deepEqual(await list({ from: keyOfNumber(2) }), numbers.slice(2))
      assert.deepEqual(await list({ reverse: true, limit: 2 }), [Number.MAX_SAFE_INTEGER, 2 ** 40])
      assert.deepEqual(await list({ below: keyOfNumber(256), reverse: true, limit: 1 }), [255])
      assert.deepEqual(await list({ limit: 0 }), [])
    })
  })

  it('can be left in the middle of a range', async () => {
    await withDatabase(async (database) => {
      const bucket = new Bucket<number>(database, 0x10)
      await database.commit(
        [1, 2, 3].map((n) => bucket.put(keyOfNumber(n), n)),
        false,
      )
      for await (const [key, n] of bucket.entries()) {
        assert.deepEqual(key, keyOfNumber(n))
        break
      }
    })
  })

  it('belongs to one process at a time', async () => {
    await withDatabase(async () => {
      await assert.rejects(Database.open(join(folder, 'level')), { code: 'ERR_STORAGE_LOCKED' })
    })
    await withDatabase(() => Promise.resolve())
  })

  it('says where it cannot be opened', async () => {
    await assert.rejects(Database.open(join(folder, 'no', '\0')), { code: 'ERR_STORAGE_BROKEN' })
  })
})

describe('store', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-store-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('is of one network for ever', async () => {
    const path = join(folder, 'store')
    await (await Store.open(path, hashOf('network'))).close()
    await assert.rejects(Store.open(path, hashOf('other network')), { code: 'ERR_STORAGE_FOREIGN' })
    // The refusal leaves it usable: the lock is released.
    await (await Store.open(path, hashOf('network'))).close()
  })

  it('changes records of several kinds together', async () => {
    const store = await Store.open(join(folder, 'store'), hashOf('network'))
    try {
      const tag = hashOf('tag')
      const lock = { startDay: 1, endDay: 31, claimId: hashOf('claim') }
      await store.commit([store.locks.put(tag, [lock]), store.claimsByBill.put(hashOf('bill'), hashOf('claim'))], {
        durable: true,
      })
      assert.deepEqual(await store.locks.get(tag), [lock])
      assert.deepEqual(await store.claimsByBill.find(hashOf('bill')), hashOf('claim'))
      assert.equal(await store.locks.find(hashOf('bill')), undefined)
    } finally {
      await store.close()
    }
  })

  it('lists the claims of a bill in their order, and those of a later commit as well', async () => {
    const store = await Store.open(join(folder, 'store'), hashOf('network'))
    try {
      const bill = cidOfDigest(hashOf('bill'), RAW_CODE)
      const add = async (ordinal: number, name: string, of = bill): Promise<void> => {
        const key = concatBytes([of.bytes, keyOfNumber(ordinal), hashOf(name)])
        await store.commit([store.claimsByBill.put(key, hashOf(name))], { durable: false })
      }
      const list = async (): Promise<unknown> =>
        (await store.claimsByBill.listOf(bill)).map(({ ordinal, claimId }) => [ordinal, claimId])
      assert.deepEqual(await list(), [])
      await add(1, 'second')
      assert.deepEqual(await list(), [[1, hashOf('second')]])
      await add(0, 'other', cidOfDigest(hashOf('other bill'), RAW_CODE))
      // While a list is being read.
      const [before] = await Promise.all([list(), add(0, 'first')])
      assert.ok(Array.isArray(before))
      const both = [
        [0, hashOf('first')],
        [1, hashOf('second')],
      ]
      assert.deepEqual(await list(), both)
      assert.deepEqual(await list(), both)
    } finally {
      await store.close()
    }
  })

  it('lists all claims of a bill whatever is committed, or cannot be read, while its range is', async () => {
    const store = await Store.open(join(folder, 'store'), hashOf('network'))
    try {
      const add = async (bill: CID, ordinal: number): Promise<void> => {
        const key = concatBytes([bill.bytes, keyOfNumber(ordinal), hashOf(`${ordinal}`)])
        await store.commit([store.claimsByBill.put(key, hashOf(`${ordinal}`))], { durable: false })
      }
      for (let round = 0; round < 50; round += 1) {
        const bill = cidOfDigest(hashOf(`bill ${round}`), RAW_CODE)
        const list = async (): Promise<number[]> =>
          (await store.claimsByBill.listOf(bill)).map(({ ordinal }) => ordinal)
        const adding = add(bill, 1)
        for (let i = 0; i < round % 10; i += 1) await Promise.resolve()
        if (round % 3 === 0) {
          mock.method(store.claimsByBill, 'entries', () => assert.fail('disk error'), { times: 1 })
          await Promise.all([assert.rejects(list()), add(bill, 0), adding])
        } else await Promise.all([list(), add(bill, 0), list(), adding])
        mock.restoreAll()
        assert.deepEqual(await list(), [0, 1], `round ${round}`)
      }
    } finally {
      await store.close()
    }
  })

  it('remembers the claims of bills with few: those of large files would fill the memory', async () => {
    const store = await Store.open(join(folder, 'store'), hashOf('network'))
    try {
      const { claimsByBill } = store
      const reads = mock.method(claimsByBill, 'entries')
      for (const [count, expected] of [
        [12, 1],
        [500, 2],
      ] as const) {
        const bill = cidOfDigest(hashOf(`of ${count}`), RAW_CODE)
        const claims = Array.from({ length: count }, (_, i) => hashOf(`claim ${i}`))
        await store.commit(
          claims.map((id, i) => claimsByBill.put(concatBytes([bill.bytes, keyOfNumber(i), id]), id)),
          { durable: false },
        )
        reads.mock.resetCalls()
        for (let i = 0; i < 2; i += 1) assert.equal((await claimsByBill.listOf(bill)).length, count)
        assert.equal(reads.mock.callCount(), expected, `of ${count} claims`)
      }
    } finally {
      mock.restoreAll()
      await store.close()
    }
  })
})
