import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Key } from 'interface-datastore'
import { openBlockStore } from '#storage'

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
})
