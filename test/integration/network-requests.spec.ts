import assert from 'node:assert/strict'
import type { HeliaWithLibp2p } from '@helia/libp2p'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CodedError } from '#protocol'
import { createTestNode, keyOf, until, untilPeers, untilReady, untilRefused } from './network-node.ts'
import type { TestNode } from './network-node.ts'

const PROTOCOL = '/kwitness/test/echo/1'

class TestError extends CodedError<{ readonly code: 'ERR_TEST_SECRET' }> {}

async function readAll(frames: AsyncIterable<Uint8Array>): Promise<number[]> {
  const sizes: number[] = []
  for await (const frame of frames) sizes.push(frame.byteLength)
  return sizes
}

describe('network requests', () => {
  let server: TestNode
  let client: TestNode
  let calls = 0
  let ended: PromiseWithResolvers<unknown>

  const ask = (text: string, options = {}): AsyncGenerator<Uint8Array> =>
    client.network.request(server.network.peerId, PROTOCOL, Buffer.from(text), options)

  before(async () => {
    server = await createTestNode({ seed: 1 })
    server.network.handle(PROTOCOL, async function* (request, _peer, signal) {
      calls += 1
      const [what, size = '0', count = '1'] = Buffer.from(request).toString().split(' ')
      try {
        if (what === 'fail') throw new TestError('the secret is 42', { code: 'ERR_TEST_SECRET' })
        if (what === 'hang') {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        }
        for (let i = 0; i < Number(count); i += 1) yield new Uint8Array(Number(size))
      } finally {
        ended?.resolve(signal.aborted)
      }
    })
    await server.network.start()
    client = await createTestNode({ seed: 2, bootstrap: server.network.addresses() })
    await client.network.start()
    await untilPeers(client.network, 1)
    await untilPeers(server.network, 1)
  })

  beforeEach(() => {
    ended = Promise.withResolvers()
  })

  after(async () => {
    await client.stop()
    await server.stop()
  })

  it('streams a response of any number of frames, also of large ones to a slow reader', async () => {
    assert.deepEqual(await readAll(ask('send 10 3')), [10, 10, 10])
    assert.deepEqual(await readAll(ask('send 0 0')), [])
    let total = 0
    for await (const frame of ask('send 1500000 12')) {
      total += frame.byteLength
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(total, 18_000_000)
    total = 0
    for await (const frame of ask('send 30000 600')) {
      total += frame.byteLength
      if (total % 900_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(total, 18_000_000)
  })

  it('refuses a frame over the limit before it is read', async () => {
    await assert.rejects(readAll(ask('send 1001', { maxFrameBytes: 1000 })), {
      code: 'ERR_NETWORK_TOO_LARGE',
      details: { sizeBytes: 1001, limitBytes: 1000 },
    })
    await assert.rejects(readAll(ask(`send ${3 * 1024 * 1024}`)), { code: 'ERR_NETWORK_TOO_LARGE' })
  })

  it('refuses a response of more frames than asked for', async () => {
    await assert.rejects(readAll(ask('send 1 5', { maxFrames: 4 })), { code: 'ERR_NETWORK_TOO_MANY' })
    assert.equal((await readAll(ask('send 1 5', { maxFrames: 5 }))).length, 5)
  })

  it('refuses a request that is too large', async () => {
    const before = calls
    await assert.rejects(readAll(ask('x'.repeat(64 * 1024 + 1))), { code: 'ERR_NETWORK_REMOTE' })
    assert.equal(calls, before)
  })

  it('ends a request that is not answered in time, on both sides', async () => {
    await assert.rejects(readAll(ask('hang', { timeoutMs: 50 })), { code: 'ERR_NETWORK_TIMEOUT' })
    assert.equal(await ended.promise, true)
  })

  it('ends a request when the caller aborts it, with the reason of the caller', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const answer = readAll(ask('hang', { signal: controller.signal }))
    controller.abort(reason)
    await assert.rejects(answer, reason)
  })

  it('tells the server when the caller stops reading', async () => {
    for await (const frame of ask('send 1000000 1000')) {
      assert.equal(frame.byteLength, 1_000_000)
      break
    }
    assert.equal(await ended.promise, true)
  })

  it('passes on the code of a failure, not its message', async () => {
    await assert.rejects(readAll(ask('fail')), (thrown: unknown) => {
      assert.ok(thrown instanceof CodedError)
      assert.equal(thrown.code, 'ERR_NETWORK_REMOTE')
      assert.deepEqual(thrown.details, { remoteCode: 'ERR_TEST_SECRET' })
      assert.ok(!thrown.message.includes('42'))
      return true
    })
  })

  it('serves more requests of one peer than run at once, in turn', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => readAll(ask('send 5 2'))))
    assert.ok(answers.every((sizes) => sizes.length === 2))
  })

  it('sends request after request on one stream, and on a new one when the peer has closed it', async () => {
    const { libp2p } = server.network.helia as HeliaWithLibp2p
    const open = (): Stream[] =>
      libp2p.getConnections().flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === PROTOCOL))
    await readAll(ask('send 1 1'))
    const before = open().map(({ id }) => id)
    assert.ok(before.length > 0)
    for (let i = 0; i < 5; i += 1) await readAll(ask('send 1 1'))
    assert.deepEqual(
      open().map(({ id }) => id),
      before,
    )
    for (const stream of open()) stream.abort(new Error('closed by the test'))
    assert.deepEqual(await readAll(ask('send 3 2')), [3, 3])
    assert.ok(open().every(({ id }) => !before.includes(id)))
  })

  it('takes nothing for an answer that a peer sent before it was asked, and lets no such stream pile up', async () => {
    const { libp2p } = server.network.helia as HeliaWithLibp2p
    const open = (): Stream[] =>
      libp2p.getConnections().flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === PROTOCOL))
    for (const unasked of [
      // A frame of one byte and the end of an answer; and a frame that never ends.
      [0, 0, 0, 1, 2, 42, 0, 0, 0, 0, 3],
      [0, 0, 0, 9, 2],
    ]) {
      await readAll(ask('send 1 1'))
      const kept = open()
      assert.ok(kept.length > 0)
      for (const stream of kept) stream.send(new Uint8Array(unasked))
      // Another exchange on the same connection, behind which they have arrived.
      await assert.rejects(readAll(client.network.request(server.network.peerId, '/no/such/1', new Uint8Array())))
      assert.deepEqual(await readAll(ask('send 3 2')), [3, 3])
      await until('the streams are gone', () => kept.every((stream) => !open().includes(stream)))
    }
  })

  it('says so when a peer is not connected or does not speak the protocol', async () => {
    const nobody = '16Uiu2HAmKJUfVbtUB1v3BMUivfcpN6smx5u6z2jqxjQYEwwuKH9Q'
    await assert.rejects(readAll(client.network.request(nobody, PROTOCOL, new Uint8Array())), {
      code: 'ERR_NETWORK_UNREACHABLE',
    })
    await assert.rejects(readAll(client.network.request(server.network.peerId, '/no/such/1', new Uint8Array())), {
      code: 'ERR_NETWORK_UNREACHABLE',
    })
  })

  describe('with a peer that has not said hello', () => {
    let stranger: Libp2p
    let connection: Connection

    beforeEach(async () => {
      stranger = await createLibp2p({
        privateKey: privateKeyFromRaw(keyOf(9)),
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
      })
      connection = await stranger.dial(multiaddr(server.network.addresses()[0] ?? ''))
    })

    afterEach(async () => {
      await stranger.stop()
    })

    /** A hello that is none: the end of the exchange that the tests can see. */
    async function sayNonsense(): Promise<void> {
      const hello = await connection.newStream('/kwitness/hello/1')
      hello.send(new Uint8Array([0, 0, 0, 1, 9, 0]))
    }

    it('closes the gossip stream of a peer that announces a huge frame, before it is sent', async () => {
      const hello = await connection.newStream('/kwitness/hello/1')
      // Hello of one byte, then the verdict {ok: true}.
      hello.send(new Uint8Array([0, 0, 0, 1, 1, 0]))
      hello.send(new Uint8Array([0, 0, 0, 5, 2, 0xa1, 0x62, 0x6f, 0x6b, 0xf5]))
      await untilReady(server.network, stranger.peerId.toString())
      const gossip = await connection.newStream('/meshsub/1.2.0')
      const closed = new Promise((resolve) => gossip.addEventListener('remoteCloseWrite', resolve, { once: true }))
      // Length 2^30 as varint, and the first byte.
      gossip.send(new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x04, 1]))
      await closed
      assert.equal(server.network.peers().length, 2)
    })

    it('serves no request', async () => {
      const before = calls
      const request = await connection.newStream(PROTOCOL)
      const closed = new Promise((resolve) => request.addEventListener('close', resolve, { once: true }))
      request.send(new Uint8Array([0, 0, 0, 6, 1, ...Buffer.from('send 1')]))
      await sayNonsense()
      await closed
      assert.equal(calls, before)
      const refusal = await untilRefused(server.network, stranger.peerId.toString())
      assert.equal(refusal.code, 'ERR_NETWORK_FRAME')
    })

    it('speaks no other protocol either, whoever registered it: gossip, bitswap, one of libp2p itself', async () => {
      // Gossip and bitswap register with libp2p like this.
      const { libp2p } = server.network.helia as HeliaWithLibp2p
      let streams = 0
      await libp2p.handle('/raw/1', () => {
        streams += 1
      })
      const names = ['/raw/1', '/meshsub/1.2.0', '/ipfs/bitswap/1.2.0']
      const closed = names.map(async (name) => {
        const stream = await connection.newStream(name)
        stream.send(new Uint8Array([1, 2, 3]))
        await new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
      })
      await sayNonsense()
      await Promise.allSettled(closed)
      assert.equal(streams, 0)
      // The same stream of an admitted peer is handed over.
      const friend = (client.network.helia as HeliaWithLibp2p).libp2p.getConnections()[0]
      await friend?.newStream('/raw/1')
      await until('the stream', () => streams === 1)
      await libp2p.unhandle('/raw/1')
    })
  })
})
