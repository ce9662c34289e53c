import assert from 'node:assert/strict'
import { CarReader } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { cidOfDigest, DAG_CBOR_CODE, encodeCanonical, equalBytes, RAW_CODE, sha256 } from '#protocol'
import { verifyBlock } from '#storage'
import { startGatewayNode } from '../support/gateway-node.ts'
import type { GatewayNode } from '../support/gateway-node.ts'

const MiB = 1024 * 1024
const ABSENT = cidOfDigest(sha256(Uint8Array.of(1)), RAW_CODE).toString()

/** Bytes of which no two chunks are equal. */
function madeFile(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4)).map((_, i) => Math.imul(i, 2_654_435_761))
  return new Uint8Array(words.buffer).subarray(0, size)
}

describe('trustless gateway', () => {
  const small = new TextEncoder().encode('a small bill')
  const large = madeFile(3.5 * MiB)
  let node: GatewayNode
  let smallCid: string
  let largeCid: string
  let chunks: string[]
  let batch: CID
  let second: CID

  before(async () => {
    node = await startGatewayNode()
    const { archive } = node
    const smallBill = (await archive.addBill(small)).cid
    const largeBill = (await archive.addBill(large)).cid
    chunks = [0, 1, 2, 3].map((i) => cidOfDigest(sha256(large.subarray(i * MiB, (i + 1) * MiB)), RAW_CODE).toString())
    batch = await archive.putBlock(encodeCanonical({ prev: null, bills: [largeBill, smallBill] }))
    second = await archive.putBlock(encodeCanonical({ prev: batch, bills: [smallBill] }))
    await archive.flush()
    smallCid = smallBill.toString()
    largeCid = largeBill.toString()
  })
  after(async () => node.stop())

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${node.url}${path}`, { method, headers })

  /** CIDs of a CAR in their order; every block's hash is checked. */
  async function readCar(response: Response): Promise<{ roots: string[]; cids: string[] }> {
    assert.equal(response.status, 200)
    const car = await CarReader.fromBytes(new Uint8Array(await response.arrayBuffer()))
    const cids: string[] = []
    for await (const { cid, bytes } of car.blocks()) {
      verifyBlock(CID.parse(cid.toString()), bytes)
      cids.push(cid.toString())
    }
    return { roots: (await car.getRoots()).map((cid) => cid.toString()), cids }
  }

  it('says of a file that it has destroyed that it is gone, and not that it was never here', async () => {
    const gone = cidOfDigest(sha256(Uint8Array.of(2)), RAW_CODE)
    node.removed.add(gone.toString())
    for (const format of ['raw', 'car']) {
      const response = await get(`/ipfs/${gone.toString()}?format=${format}`)
      const { code } = (await response.json()) as { code: string }
      assert.deepEqual([response.status, code], [410, 'ERR_API_BILL_WITHDRAWN'])
      assert.equal(response.headers.get('cache-control'), 'no-store')
    }
    // The specification's own answer goes first.
    const cached = await get(`/ipfs/${gone.toString()}?format=raw`, { 'cache-control': 'only-if-cached' })
    assert.equal(cached.status, 412)
    // What is here is served, whatever became of a file that had the same blocks.
    node.removed.add(smallCid)
    assert.equal((await get(`/ipfs/${smallCid}?format=raw`)).status, 200)
    node.removed.clear()
  })

  it('gives one raw block, by query or by Accept, that caches may keep for ever', async () => {
    for (const response of [
      await get(`/ipfs/${smallCid}?format=raw`),
      await get(`/ipfs/${smallCid}`, { accept: 'application/vnd.ipld.raw' }),
    ]) {
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('content-type'), 'application/vnd.ipld.raw')
      assert.equal(response.headers.get('etag'), `"${smallCid}.raw"`)
      assert.match(response.headers.get('cache-control') ?? '', /public, max-age=29030400, immutable/)
      assert.equal(response.headers.get('x-ipfs-roots'), smallCid)
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
      assert.match(response.headers.get('content-disposition') ?? '', /^attachment;/)
      assert.equal(response.headers.get('content-encoding'), null)
      assert.ok(equalBytes(new Uint8Array(await response.arrayBuffer()), small))
    }
  })

  it('answers HEAD with the headers alone', async () => {
    const response = await get(`/ipfs/${smallCid}?format=raw`, {}, 'HEAD')
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), String(small.byteLength))
    assert.equal((await get(`/ipfs/${largeCid}?format=car`, {}, 'HEAD')).status, 200)
  })

  it('answers 304 to who has it, by any of several tags', async () => {
    for (const tag of [`"${smallCid}.raw"`, `"other", W/"${smallCid}.raw"`, '*']) {
      const response = await get(`/ipfs/${smallCid}?format=raw`, { 'if-none-match': tag })
      assert.equal(response.status, 304)
      assert.equal(await response.text(), '')
    }
    assert.equal((await get(`/ipfs/${smallCid}?format=raw`, { 'if-none-match': `"${largeCid}.raw"` })).status, 200)
  })

  it('gives ranges of a block', async () => {
    const cases: [string, number, string, string][] = [
      ['bytes=0-0', 206, 'a', 'bytes 0-0/12'],
      ['bytes=2-6', 206, 'small', 'bytes 2-6/12'],
      ['bytes=8-', 206, 'bill', 'bytes 8-11/12'],
      ['bytes=-4', 206, 'bill', 'bytes 8-11/12'],
      ['bytes=8-999', 206, 'bill', 'bytes 8-11/12'],
      ['bytes=-999', 206, 'a small bill', 'bytes 0-11/12'],
      ['bytes=5-2', 200, 'a small bill', ''],
      ['bytes=0-1,4-5', 200, 'a small bill', ''],
      ['lines=0-1', 200, 'a small bill', ''],
    ]
    for (const [range, status, text, contentRange] of cases) {
      const response = await get(`/ipfs/${smallCid}?format=raw`, { range })
      assert.deepEqual([range, response.status, await response.text()], [range, status, text])
      assert.equal(response.headers.get('content-range') ?? '', contentRange)
    }
    for (const range of ['bytes=12-', 'bytes=-0', 'bytes=999999999999-']) {
      const response = await get(`/ipfs/${smallCid}?format=raw`, { range })
      assert.deepEqual([response.status, response.headers.get('content-range')], [416, 'bytes */12'])
      assert.equal(((await response.json()) as { code: string }).code, 'ERR_GATEWAY_RANGE')
    }
  })

  it('gives a file as a CAR, depth first, every hash right', async () => {
    const response = await get(`/ipfs/${largeCid}`, { accept: 'application/vnd.ipld.car; version=1' })
    assert.equal(response.headers.get('content-type'), 'application/vnd.ipld.car; version=1; order=dfs; dups=n')
    assert.deepEqual(await readCar(response), { roots: [largeCid], cids: [largeCid, ...chunks] })
  })

  it('limits a CAR to the block, the entity, or bytes of it', async () => {
    const cids = async (query: string, cid = largeCid): Promise<string[]> =>
      (await readCar(await get(`/ipfs/${cid}?format=car&${query}`))).cids
    assert.deepEqual(await cids('dag-scope=block'), [largeCid])
    assert.deepEqual(await cids('dag-scope=entity'), [largeCid, ...chunks])
    assert.deepEqual(await cids('entity-bytes=0:0'), [largeCid, chunks[0]])
    assert.deepEqual(await cids(`entity-bytes=${MiB - 1}:${MiB}`), [largeCid, chunks[0], chunks[1]])
    assert.deepEqual(await cids(`entity-bytes=${MiB}:${2 * MiB - 1}`), [largeCid, chunks[1]])
    assert.deepEqual(await cids('entity-bytes=-1:*'), [largeCid, chunks[3]])
    assert.deepEqual(await cids(`entity-bytes=${3 * MiB}:-1`), [largeCid, chunks[3]])
    assert.deepEqual(await cids('entity-bytes=99999999:*'), [largeCid])
    assert.deepEqual(await cids('dag-scope=entity', batch.toString()), [batch.toString()])
  })

  it('follows all links of a batch, each block once unless duplicates are asked for', async () => {
    const once = [batch.toString(), largeCid, ...chunks, smallCid]
    const all = await readCar(await get(`/ipfs/${batch.toString()}?format=car`))
    assert.deepEqual(all.cids, once)
    const chain = await readCar(await get(`/ipfs/${second.toString()}?format=car&dag-scope=all`))
    assert.deepEqual(chain.cids.toSorted(), [second.toString(), ...once].toSorted())
    const twice = await readCar(await get(`/ipfs/${second.toString()}?format=car&car-dups=y`))
    assert.equal(twice.cids.filter((cid) => cid === smallCid).length, 2)
  })

  it('has the empty identity block, by which clients find a gateway', async () => {
    const response = await get('/ipfs/bafkqaaa?format=raw')
    assert.deepEqual([response.status, (await response.arrayBuffer()).byteLength], [200, 0])
    assert.deepEqual(await readCar(await get('/ipfs/bafkqaaa?format=car')), { roots: ['bafkqaaa'], cids: [] })
  })

  it('finds a block by any version and base of its CID', async () => {
    const cid = CID.parse(largeCid)
    const old = CID.createV0(cid.multihash as Parameters<typeof CID.createV0>[0]).toString()
    assert.match(old, /^Qm/)
    assert.equal((await get(`/ipfs/${old}?format=raw`)).status, 200)
    assert.deepEqual((await readCar(await get(`/ipfs/${old}?format=car&dag-scope=block`))).roots, [old])
  })

  it('refuses what it does not serve with the status of the specification', async () => {
    const cases: [string, Record<string, string>, number, string][] = [
      [`/ipfs/${smallCid}`, {}, 406, 'ERR_GATEWAY_FORMAT'],
      [`/ipfs/${smallCid}`, { accept: 'text/html' }, 406, 'ERR_GATEWAY_FORMAT'],
      [`/ipfs/${smallCid}?format=tar`, {}, 406, 'ERR_GATEWAY_FORMAT'],
      [`/ipfs/${smallCid}?format=car&car-version=2`, {}, 400, 'ERR_API_REQUEST'],
      [`/ipfs/${smallCid}?format=car&dag-scope=some`, {}, 400, 'ERR_API_REQUEST'],
      [`/ipfs/${smallCid}?format=car&entity-bytes=1`, {}, 400, 'ERR_API_REQUEST'],
      ['/ipfs/not-a-cid?format=raw', {}, 400, 'ERR_API_REQUEST'],
      [`/ipfs/${ABSENT}?format=raw`, {}, 404, 'ERR_GATEWAY_ABSENT'],
      [`/ipfs/${ABSENT}?format=raw`, { 'cache-control': 'only-if-cached' }, 412, 'ERR_GATEWAY_NOT_CACHED'],
      [`/ipfs/${smallCid}/..%2f..%2fetc%2fpasswd?format=raw`, {}, 404, 'ERR_API_ROUTE'],
      [`/ipfs/${'b'.repeat(300)}?format=raw`, {}, 400, 'ERR_API_REQUEST'],
    ]
    for (const [path, headers, status, code] of cases) {
      const response = await get(path, headers)
      const body = (await response.json()) as { code: string }
      assert.deepEqual([path, response.status, body.code], [path, status, code])
    }
    // Another hash of known bytes is another name; nothing is looked for on the disk by it.
    assert.equal(
      (await get(`/ipfs/${CID.createV1(DAG_CBOR_CODE, CID.parse('bafkqaaa').multihash).toString()}?format=raw`)).status,
      200,
    )
  })

  it('breaks a CAR off where a block is missing, so that nobody takes it for whole', async () => {
    const hole = await node.archive.putBlock(encodeCanonical({ bills: [CID.parse(smallCid), CID.parse(ABSENT)] }))
    await assert.rejects(async () => {
      const response = await get(`/ipfs/${hole.toString()}?format=car`)
      await response.arrayBuffer()
    })
  })
})
