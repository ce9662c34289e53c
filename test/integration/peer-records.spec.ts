import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Key } from 'interface-datastore'
import type { Level } from 'level'
import { BlockStore, openBlockStore } from '#storage'

const PEER = new Key('/peers/one')
const PIN = new Key('/pin/one')

describe('Records of peers and pins', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-peers-'))
  })
  afterEach(async () => rm(folder, { recursive: true, force: true }))

  it('are found at once, in queries as well, and after the store was closed', async () => {
    const first = await openBlockStore(folder)
    await first.datastore.put(PEER, new Uint8Array([1]))
    await first.datastore.put(PEER, new Uint8Array([2]))
    await first.datastore.put(PIN, new Uint8Array([3]))
    assert.deepEqual([...(await first.datastore.get(PEER))], [2])
    const found = []
    for await (const { key, value } of first.datastore.query({ prefix: '/peers' }))
      found.push([key.toString(), ...value])
    assert.deepEqual(found, [['/peers/one', 2]])
    await first.datastore.put(PEER, new Uint8Array([4]))
    await first.close()
    const second = await openBlockStore(folder)
    assert.deepEqual([...(await second.datastore.get(PEER))], [4])
    assert.deepEqual([...(await second.datastore.get(PIN))], [3])
    await second.close()
  })

  it('are gone when they are deleted before they were written', async () => {
    const store = await openBlockStore(folder)
    await store.datastore.put(PEER, new Uint8Array([1]))
    await store.datastore.delete(PEER)
    assert.equal(await store.datastore.has(PEER), false)
    await store.close()
    const again = await openBlockStore(folder)
    assert.equal(await again.datastore.has(PEER), false)
    await again.close()
  })

  it('are written without being asked for, also those that are put while a write ends', async () => {
    // As many steps behind the write as its end takes, one put for each.
    for (let steps = 0; steps < 12; steps += 1) {
      const written: string[] = []
      const put = async (key: string): Promise<Key> => records.put(new Key(key), new Uint8Array([1]))
      const putLater = async (): Promise<void> => {
        for (let i = 0; i < steps; i += 1) await Promise.resolve()
        await put('/pin/second')
      }
      const batch = async (writes: readonly { readonly key: string }[]): Promise<void> => {
        if (written.length === 0) void putLater()
        written.push(...writes.map(({ key }) => key))
      }
      const level = { getSync: () => undefined, batch } as unknown as Level<string, Uint8Array>
      const records = new BlockStore(level).datastore
      await put('/pin/first')
      for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(written, ['record:/pin/first', 'record:/pin/second'], `${steps} steps behind`)
    }
  })
})
