import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { createHeliaLight } from 'helia'
import type { Helia } from 'helia'
import { Level } from 'level'
import { CID } from 'multiformats/cid'
import { cidOfDigest, DAG_PB_CODE, encodeCanonical, RAW_CODE, sha256 } from '#protocol'
import { Archive, BlockStore, openBlockStore } from '#storage'

const MiB = 1024 * 1024

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.byteLength)]), bytes])
}

/** CID of a file of several chunks, built by hand from the specifications of UnixFS and DAG-PB. */
function fileCidByHand(bytes: Uint8Array): CID {
  const links: Buffer[] = []
  const sizes: number[] = []
  for (let at = 0; at < bytes.byteLength; at += MiB) {
    const chunk = bytes.subarray(at, at + MiB)
    const cid = cidOfDigest(sha256(chunk), RAW_CODE).bytes
    const size = Buffer.from([3 << 3, ...varint(chunk.byteLength)])
    links.push(field(2, Buffer.concat([field(1, cid), field(2, new Uint8Array(0)), size])))
    sizes.push(4 << 3, ...varint(chunk.byteLength))
  }
  // UnixFS Data: 1 = type File (2), 3 = size of the file, 4 = size of each chunk.
  const unixfs = Buffer.from([1 << 3, 2, 3 << 3, ...varint(bytes.byteLength), ...sizes])
  return cidOfDigest(sha256(Buffer.concat([...links, field(1, unixfs)])), DAG_PB_CODE)
}

describe('archive', () => {
  let path: string
  let blocks: BlockStore
  let helia: Helia
  let archive: Archive

  async function open(): Promise<void> {
    blocks = await openBlockStore(path)
    helia = createHeliaLight({ blockstore: blocks, datastore: blocks.datastore, codecs: [dagCbor] })
    await helia.start()
    archive = new Archive({ host: helia, flush: () => blocks.flush() })
  }

  async function close(): Promise<void> {
    await helia.stop()
    await blocks.close()
  }

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'kwitness-archive-'))
    await open()
  })

  afterEach(async () => {
    await close()
    await rm(path, { recursive: true, force: true })
  })

  it('gives the CIDs that `ipfs add --cid-version 1 --raw-leaves --chunker size-1048576` gives', async () => {
    const known: [string, string][] = [
      ['', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
      ['hello world', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
    ]
    for (const [text, cid] of known) {
      assert.equal((await archive.addBill(Buffer.from(text))).cid.toString(), cid)
      assert.equal((await archive.cidOf(Buffer.from(text))).toString(), cid)
    }
    for (const sizeBytes of [MiB + 1, 2 * MiB, 20 * MiB]) {
      const bill = randomBytes(sizeBytes)
      const { cid } = await archive.addBill(bill)
      assert.equal(cid.toString(), fileCidByHand(bill).toString())
    }
  })

  it('says which CID a bill would have without storing it', async () => {
    for (const sizeBytes of [100, MiB, 3 * MiB]) {
      const bill = randomBytes(sizeBytes)
      const cid = await archive.cidOf(bill)
      assert.equal(await archive.hasBill(cid), false)
      assert.equal((await archive.addBill(bill)).cid.toString(), cid.toString())
      assert.equal(await archive.hasBill(cid), true)
    }
  })

  it('reads a bill back, also after it was closed and opened again', async () => {
    const small = randomBytes(5_000)
    const large = randomBytes(3 * MiB + 5)
    const cids = [(await archive.addBill(small)).cid, (await archive.addBill(large)).cid] as const
    assert.ok(Buffer.from(await archive.readBill(cids[0], { maxBytes: 5_000, offline: true })).equals(small))
    await archive.flush()
    await close()
    await open()
    assert.ok(Buffer.from(await archive.readBill(cids[0], { maxBytes: MiB, offline: true })).equals(small))
    assert.ok(Buffer.from(await archive.readBill(cids[1], { maxBytes: 4 * MiB, offline: true })).equals(large))
  })

  it('does not read a bill that is larger than asked for', async () => {
    for (const sizeBytes of [101, 3 * MiB]) {
      const { cid } = await archive.addBill(randomBytes(sizeBytes))
      const read = archive.readBill(cid, { maxBytes: sizeBytes - 1, offline: true })
      await assert.rejects(read, { code: 'ERR_ARCHIVE_TOO_LARGE' })
    }
  })

  it('finds bytes that the disk has altered, in a bill, in its root and in a block', async () => {
    const { cid } = await archive.addBill(randomBytes(100))
    await blocks.put(cid, randomBytes(100))
    await assert.rejects(archive.readBill(cid, { maxBytes: 100, offline: true }), { code: 'ERR_ARCHIVE_HASH' })

    const bill = randomBytes(2 * MiB)
    const large = await archive.addBill(bill)
    await blocks.put(cidOfDigest(sha256(bill.subarray(MiB)), RAW_CODE), randomBytes(MiB))
    const read = archive.readBill(large.cid, { maxBytes: 2 * MiB, offline: true })
    await assert.rejects(read, { code: 'ERR_ARCHIVE_HASH' })
    await blocks.put(large.cid, randomBytes(100))
    await assert.rejects(archive.findMissing(large.cid), { code: 'ERR_ARCHIVE_HASH' })

    const block = await archive.putBlock(encodeCanonical({ a: 1 }))
    await blocks.put(block, encodeCanonical({ a: 2 }))
    await assert.rejects(archive.getBlock(block, { offline: true }), { code: 'ERR_ARCHIVE_HASH' })
  })

  it('says that a block is absent, and which chunks of a bill are', async () => {
    const bill = randomBytes(3 * MiB)
    const cid = await archive.cidOf(bill)
    await assert.rejects(archive.getBlock(cid, { offline: true }), { code: 'ERR_ARCHIVE_ABSENT' })
    assert.deepEqual((await archive.findMissing(cid)).map(String), [cid.toString()])
    await archive.addBill(bill)
    const chunk = cidOfDigest(sha256(bill.subarray(MiB, 2 * MiB)), RAW_CODE)
    await blocks.delete(chunk)
    assert.deepEqual((await archive.findMissing(cid)).map(String), [chunk.toString()])
    assert.equal(await archive.hasBill(cid), false)
  })

  it('refuses CIDs of a kind that is not read here', async () => {
    const identity = CID.parse('bafkqaaa')
    await assert.rejects(archive.getBlock(identity), { code: 'ERR_ARCHIVE_KIND' })
    const cbor = await archive.putBlock(encodeCanonical([1]))
    await assert.rejects(archive.readBill(cbor, { maxBytes: 10 }), { code: 'ERR_ARCHIVE_KIND' })
  })

  it('pins a batch with its bills and all their chunks, not the batch before it', async () => {
    const bill = randomBytes(2 * MiB)
    const bills = [(await archive.addBill(randomBytes(10))).cid, (await archive.addBill(bill)).cid]
    const prev = await archive.putBlock(encodeCanonical({ entries: [(await archive.addBill(randomBytes(9))).cid] }))
    const batch = await archive.putBlock(
      encodeCanonical({ prev, entries: bills.map((cid) => ({ claim: { bill: cid } })) }),
    )
    await archive.pinBatch(batch)
    await archive.pinBatch(batch)
    for (const cid of [batch, ...bills, cidOfDigest(sha256(bill.subarray(0, MiB)), RAW_CODE)]) {
      assert.ok(await archive.isPinned(cid), cid.toString())
    }
    assert.equal(await archive.isPinned(prev), false)
    await helia.gc()
    assert.ok(await archive.hasBill(bills[1] ?? batch))
    assert.equal(await archive.hasBlock(prev), false)
  })

  it('removes a bill with its chunks, also while pins keep them, and again after a crash between', async () => {
    const bytes = randomBytes(2 * MiB + 9)
    const { cid } = await archive.addBill(bytes)
    const batch = await archive.putBlock(encodeCanonical({ entries: [cid] }))
    await archive.pinBatch(batch)
    const asked: string[] = []
    const mayGo = async (root: CID): Promise<boolean> => asked.push(root.toString()) > 0
    assert.equal(await archive.removeBill(cid, blocks, mayGo), 4)
    assert.deepEqual(new Set(asked), new Set([batch.toString()]))
    assert.equal(await archive.hasBlock(cid), false)
    for (let at = 0; at < bytes.byteLength; at += MiB) {
      assert.equal(await archive.hasBlock(cidOfDigest(sha256(bytes.subarray(at, at + MiB)), RAW_CODE)), false)
    }
    assert.equal(await archive.removeBill(cid, blocks, mayGo), 0)
    // The root is last: what a crash leaves is found by it.
    await archive.addBill(bytes)
    let left = 2
    const dying = {
      datastore: blocks.datastore,
      delete: async (block: CID) => {
        if (left === 0) throw new Error('killed')
        left -= 1
        await blocks.delete(block)
      },
    }
    await assert.rejects(archive.removeBill(cid, dying, mayGo), { message: 'killed' })
    await archive.removeBill(cid, blocks, mayGo)
    for (let at = 0; at < bytes.byteLength; at += MiB) {
      assert.equal(await archive.hasBlock(cidOfDigest(sha256(bytes.subarray(at, at + MiB)), RAW_CODE)), false)
    }
    await archive.pinBatch(await archive.putBlock(encodeCanonical({ late: true, entries: [cid] })), [cid])
  })

  it('leaves chunks that another batch keeps: nobody has them deleted by a file of his own with the same chunk', async () => {
    const victim = randomBytes(2 * MiB)
    const { cid: kept } = await archive.addBill(victim)
    const { cid: liars } = await archive.addBill(Buffer.concat([victim.subarray(0, MiB), randomBytes(MiB)]))
    const [ours, theirs] = [
      await archive.putBlock(encodeCanonical({ entries: [kept] })),
      await archive.putBlock(encodeCanonical({ entries: [liars] })),
    ]
    await archive.pinBatch(ours)
    await archive.pinBatch(theirs)
    assert.equal(await archive.removeBill(liars, blocks, async (root) => root.equals(theirs)), 2)
    assert.deepEqual(await archive.readBill(kept, { maxBytes: 2 * MiB, offline: true }), victim)
    assert.equal(await archive.removeBill(kept, blocks, async (root) => root.equals(theirs)), 0)
  })

  it('keeps pins when it is opened again', async () => {
    const batch = await archive.putBlock(encodeCanonical({ entries: [] }))
    await archive.pinBatch(batch)
    await close()
    await open()
    assert.ok(await archive.isPinned(batch))
    const pins: string[] = []
    for await (const { cid } of helia.pins.ls()) pins.push(cid.toString())
    assert.deepEqual(pins, [batch.toString()])
  })
})

describe('block store', () => {
  let path: string
  let level: Level<string, Uint8Array>
  let blocks: BlockStore
  let synced: number[]
  let broken: Error | undefined

  function block(): { cid: CID; bytes: Uint8Array } {
    const bytes = randomBytes(100)
    return { cid: cidOfDigest(sha256(bytes), RAW_CODE), bytes }
  }

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'kwitness-blocks-'))
    level = new Level(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
    await level.open()
    synced = []
    broken = undefined
    const batch = level.batch.bind(level) as (writes: unknown[], options: { sync?: boolean }) => Promise<void>
    Object.assign(level, {
      batch: async (writes: unknown[], options: { sync?: boolean } = {}) => {
        if (broken !== undefined) throw broken
        if (options.sync === true) synced.push(writes.length)
        await batch(writes, options)
      },
    })
    blocks = new BlockStore(level)
  })

  afterEach(async () => {
    await blocks.close()
    await rm(path, { recursive: true, force: true })
  })

  it('makes many concurrent puts durable with one fsync', async () => {
    const many = Array.from({ length: 50 }, block)
    await Promise.all(
      many.map(async ({ cid, bytes }) => {
        await blocks.put(cid, bytes)
        await blocks.flush()
      }),
    )
    assert.deepEqual(synced, [50])
  })

  it('shows a block at once, before it is on disk', async () => {
    const { cid, bytes } = block()
    await blocks.put(cid, bytes)
    assert.deepEqual(synced, [])
    assert.ok(await blocks.has(cid))
    assert.deepEqual(await blocks.find(cid), bytes)
  })

  it('keeps blocks that the disk refuses, says so, and writes them when it can', async () => {
    const { cid, bytes } = block()
    broken = new Error('no space left on device')
    await blocks.put(cid, bytes)
    await assert.rejects(blocks.flush(), { code: 'ERR_ARCHIVE_WRITE' })
    assert.deepEqual(await blocks.find(cid), bytes)
    broken = undefined
    await blocks.flush()
    assert.deepEqual(synced, [1])
  })

  it('lists all blocks and none of the records beside them', async () => {
    const many = Array.from({ length: 5 }, block)
    await blocks.putAll(many)
    await blocks.datastore.batch().commit()
    await level.put('record:/pin/x', new Uint8Array(1))
    const found: string[] = []
    for await (const { cid } of blocks.getAll()) found.push(cid.toString())
    assert.deepEqual(found.sort(), many.map(({ cid }) => cid.toString()).sort())
  })
})
