import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { cidOfBlock, cidOfDigest, DAG_PB_CODE, encodeCanonical, RAW_CODE, sha256 } from '#protocol'
import { Archive } from '#storage'
import { BlockExchange } from '../../node/network/blocks.ts'
import { createTestNode, untilPeers } from './network-node.ts'
import type { TestNode } from './network-node.ts'

const PROTOCOL = '/kwitness/test/blocks/1'

type Peer = TestNode & { readonly archive: Archive; readonly exchange: BlockExchange; bitswapped: number }

async function createPeer(seed: number, bootstrap: readonly string[] = []): Promise<Peer> {
  const node = await createTestNode({ seed, bootstrap })
  const archive = new Archive({ host: node.network.helia, flush: () => node.blocks.flush() })
  const exchange = new BlockExchange(
    { protocol: PROTOCOL },
    {
      network: node.network,
      store: {
        find: (cid) => node.blocks.find(cid),
        putAll: (blocks) => node.blocks.putAll(blocks),
        findMissing: (cid) => archive.findMissing(cid),
      },
      fetchOne: (cid, signal) => {
        peer.bitswapped += 1
        return archive.getBlock(cid, { signal })
      },
    },
  )
  exchange.serve()
  const peer: Peer = { ...node, archive, exchange, bitswapped: 0 }
  await node.network.start()
  return peer
}

async function addBills(peer: Peer, count: number, sizeBytes: number): Promise<CID[]> {
  const cids: CID[] = []
  for (let i = 0; i < count; i += 1) cids.push((await peer.archive.addBill(randomBytes(sizeBytes))).cid)
  return cids
}

describe('bulk exchange of blocks', () => {
  let sponsor: Peer
  let other: Peer
  let auditor: Peer
  const idOf = (peer: Peer): string => peer.network.peerId
  const soon = (): AbortSignal => AbortSignal.timeout(20_000)

  before(async () => {
    sponsor = await createPeer(1)
    other = await createPeer(2, sponsor.network.addresses())
    auditor = await createPeer(3, [...sponsor.network.addresses(), ...other.network.addresses()])
    await Promise.all([sponsor, other, auditor].map((peer) => untilPeers(peer.network, 2)))
  })

  beforeEach(() => {
    auditor.bitswapped = 0
  })

  after(async () => {
    await Promise.all([sponsor, other, auditor].map((peer) => peer.stop()))
  })

  it('fetches many bills from their sponsor without bitswap', async () => {
    const bills = await addBills(sponsor, 700, 2_000)
    const report = await auditor.exchange.fetchFiles(bills, { from: [idOf(sponsor)], signal: soon() })
    assert.deepEqual(report, { missing: [], unreadable: [], liars: [] })
    for (const cid of bills) assert.ok(await auditor.archive.hasBill(cid))
    assert.equal(auditor.bitswapped, 0)
  })

  it('fetches bills of several chunks, and more than one response may hold', async () => {
    const large = randomBytes(18 * 1024 * 1024 + 1)
    const { cid } = await sponsor.archive.addBill(large)
    const small = await addBills(sponsor, 1, 100)
    const report = await auditor.exchange.fetchFiles([cid, ...small], { from: [idOf(sponsor)], signal: soon() })
    assert.deepEqual(report.missing, [])
    assert.equal(auditor.bitswapped, 0)
    const read = await auditor.archive.readBill(cid, { maxBytes: large.byteLength, offline: true })
    assert.ok(Buffer.from(read).equals(large))
  })

  it('asks the next peer for what the first does not have', async () => {
    const here = await addBills(sponsor, 3, 500)
    const there = await addBills(other, 3, 500)
    const bills = [here, there].flatMap((cids) => cids)
    const report = await auditor.exchange.fetchFiles(bills, { from: [idOf(sponsor), idOf(other)], signal: soon() })
    assert.deepEqual(report.missing, [])
    assert.equal(auditor.bitswapped, 0)
  })

  it('refuses blocks with wrong bytes, names the peer that sent them, and gets them elsewhere', async () => {
    const [good, bad] = await addBills(other, 2, 500)
    assert.ok(good !== undefined && bad !== undefined)
    await sponsor.blocks.put(bad, randomBytes(500))
    const report = await auditor.exchange.fetchFiles([bad, good], {
      from: [idOf(sponsor), idOf(other)],
      signal: soon(),
    })
    assert.deepEqual(report, { missing: [], unreadable: [], liars: [idOf(sponsor)] })
    const bytes = await auditor.archive.getBlock(bad, { offline: true })
    assert.deepEqual(cidOfDigest(sha256(bytes), RAW_CODE).toString(), bad.toString())
  })

  it('falls back to bitswap for what the asked peers do not have', async () => {
    const bills = await addBills(other, 5, 500)
    const report = await auditor.exchange.fetchFiles(bills, { from: [idOf(sponsor)], signal: soon() })
    assert.deepEqual(report.missing, [])
    assert.equal(auditor.bitswapped, 5)
  })

  it('reports what nobody has when its time is over', async () => {
    const absent = cidOfDigest(sha256(randomBytes(8)), RAW_CODE)
    const [bill] = await addBills(sponsor, 1, 500)
    assert.ok(bill !== undefined)
    const report = auditor.exchange.fetchFiles([absent, bill], {
      from: [idOf(sponsor)],
      signal: AbortSignal.timeout(500),
    })
    await assert.rejects(report, { name: 'TimeoutError' })
    assert.ok(await auditor.archive.hasBill(bill), 'what was found is kept')
  })

  it('does not follow a root that is not one of a bill', async () => {
    const children = [
      cidOfBlock(encodeCanonical({ a: 1 })),
      CID.createV1(RAW_CODE, createDigest(0x1e, new Uint8Array(32))),
    ]
    const roots: CID[] = []
    for (const { bytes } of children) {
      // A DAG-PB node (no data, one link) by hand: field 2 = {field 1 = CID, field 2 = name ""}.
      const link = Buffer.concat([Buffer.from([0x0a, bytes.byteLength]), bytes, Buffer.from([0x12, 0])])
      const node = Buffer.concat([Buffer.from([0x12, link.byteLength]), link])
      const root = cidOfDigest(sha256(node), DAG_PB_CODE)
      await sponsor.blocks.put(root, node)
      roots.push(root)
    }
    const [bill] = await addBills(sponsor, 1, 300)
    assert.ok(bill !== undefined)
    const report = await auditor.exchange.fetchFiles([...roots, bill], { from: [idOf(sponsor)], signal: soon() })
    assert.deepEqual(report.missing, [])
    assert.deepEqual(
      report.unreadable.map(({ cid, code }) => [cid.toString(), code]),
      roots.map((root) => [root.toString(), 'ERR_ARCHIVE_KIND']),
    )
    assert.ok(await auditor.archive.hasBill(bill), 'the others are fetched all the same')
  })
})
