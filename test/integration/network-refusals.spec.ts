import assert from 'node:assert/strict'
import type { HeliaWithLibp2p } from '@helia/libp2p'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { REFUSAL_BACKOFF_MS } from '../../node/network/constants.ts'
import type { Network, Verdict } from '../../node/network/types.ts'
import { createTestNode, keyOf, until, untilReady, untilRefused } from './network-node.ts'
import type { TestNode, TestNodeInit } from './network-node.ts'

const HELLO_PROTOCOL = '/kwitness/hello/1'
/** A hello of one byte. */
const HELLO = new Uint8Array([0, 0, 0, 1, 1, 0])
/** The verdict {ok: true}. */
const ACCEPT = new Uint8Array([0, 0, 0, 5, 2, 0xa1, 0x62, 0x6f, 0x6b, 0xf5])

function judgeFor(own: number, what: string): (hello: Uint8Array) => Verdict {
  return (hello) => {
    if (hello[0] === own) return { ok: true }
    return { ok: false, code: 'ERR_TEST_CHARTER', reason: `${what} differs: ours ${own}, theirs ${hello[0]}` }
  }
}

function refuse(): Verdict {
  return { ok: false, code: 'ERR_TEST_NO', reason: 'no' }
}

function libp2pOf(network: Network): Libp2p {
  return (network.helia as HeliaWithLibp2p).libp2p
}

describe('network refusals', () => {
  const nodes: TestNode[] = []
  const strangers: Libp2p[] = []

  async function startNode(init: TestNodeInit): Promise<TestNode> {
    const node = await createTestNode(init)
    nodes.push(node)
    await node.network.start()
    return node
  }

  /** A peer that is not of this software, and does only what a test makes it do. */
  async function startStranger(seed: number): Promise<Libp2p> {
    const stranger = await createLibp2p({
      privateKey: privateKeyFromRaw(keyOf(seed)),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    })
    strangers.push(stranger)
    return stranger
  }

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
    for (const stranger of strangers.splice(0)) await stranger.stop()
  })

  it('refuses a peer of another charter, and both sides record what differs', async () => {
    const first = await startNode({ seed: 1, hello: new Uint8Array([7]), judge: judgeFor(7, 'charter') })
    const second = await startNode({
      seed: 2,
      hello: new Uint8Array([8]),
      judge: judgeFor(8, 'charter'),
      bootstrap: first.network.addresses(),
    })
    const atFirst = await untilRefused(first.network, second.network.peerId)
    const atSecond = await untilRefused(second.network, first.network.peerId)
    assert.equal(atFirst.reason, 'charter differs: ours 7, theirs 8')
    assert.equal(atSecond.reason, 'charter differs: ours 8, theirs 7')
    assert.equal(atFirst.code, 'ERR_TEST_CHARTER')
    assert.deepEqual([atFirst.by, atSecond.by], ['us', 'us'])
    assert.deepEqual([...first.network.peers(), ...second.network.peers()], [])
  })

  it('tells a peer that would accept why it is refused', async () => {
    const first = await startNode({ seed: 1, judge: () => ({ ok: false, code: 'ERR_TEST_FULL', reason: 'no\nroom' }) })
    const second = await startNode({ seed: 2, bootstrap: first.network.addresses() })
    const refusal = await untilRefused(second.network, first.network.peerId)
    assert.deepEqual([refusal.by, refusal.code, refusal.reason], ['them', 'ERR_TEST_FULL', 'no?room'])
    await untilRefused(first.network, second.network.peerId)
    assert.deepEqual(second.network.peers(), [])
  })

  it('tells both sides, whoever refuses, when they dial each other at the same moment', async () => {
    for (const isMutual of [true, false]) {
      const first = await startNode({ seed: 1, judge: refuse })
      const second = await startNode({ seed: 2, ...(isMutual ? { judge: refuse } : {}) })
      const [there, here] = [first, second].map(({ network }) => network.addresses().map((a) => multiaddr(a)))
      // One of the dials may find the connection of the other, or lose its own while it is made.
      await Promise.allSettled([libp2pOf(first.network).dial(here ?? []), libp2pOf(second.network).dial(there ?? [])])
      const atFirst = await untilRefused(first.network, second.network.peerId)
      const atSecond = await untilRefused(second.network, first.network.peerId)
      assert.deepEqual([atFirst.by, atFirst.reason], ['us', 'no'])
      assert.deepEqual([atSecond.by, atSecond.reason], [isMutual ? 'us' : 'them', 'no'])
      assert.deepEqual([...first.network.peers(), ...second.network.peers()], [])
    }
  })

  it('leaves the connection to a refused peer until that has read why', async () => {
    const { network } = await startNode({ seed: 1, judge: refuse })
    const stranger = await startStranger(9)
    const connection = await stranger.dial(multiaddr(network.addresses()[0] ?? ''))
    const closed = new Promise((resolve) => connection.addEventListener('close', resolve, { once: true }))
    const hello = await connection.newStream(HELLO_PROTOCOL)
    hello.send(HELLO)
    hello.send(ACCEPT)
    await untilRefused(network, stranger.peerId.toString())
    // Round trips on other streams: the connection is whole, in both directions.
    for (let i = 0; i < 3; i += 1) await identify(connection)
    await hello.close()
    await closed
  })

  it('records why it refuses a peer that does not stay to hear it', async () => {
    const { network } = await startNode({ seed: 1, judge: refuse })
    const stranger = await startStranger(9)
    const connection = await stranger.dial(multiaddr(network.addresses()[0] ?? ''))
    const hello = await connection.newStream(HELLO_PROTOCOL)
    hello.send(HELLO)
    await hello.close()
    const refusal = await untilRefused(network, stranger.peerId.toString())
    assert.deepEqual([refusal.by, refusal.code, refusal.reason], ['us', 'ERR_TEST_NO', 'no'])
  })

  it('refuses a peer whose hello cannot be judged or is too large, and tells it', async () => {
    const first = await startNode({
      seed: 1,
      judge: () => {
        throw new Error('not canonical')
      },
    })
    const second = await startNode({ seed: 2, bootstrap: first.network.addresses() })
    assert.equal((await untilRefused(first.network, second.network.peerId)).code, 'ERR_NETWORK_HELLO')
    assert.equal((await untilRefused(second.network, first.network.peerId)).code, 'ERR_NETWORK_HELLO')

    const third = await startNode({ seed: 3 })
    const large = new Uint8Array(64 * 1024 + 1)
    const fourth = await startNode({ seed: 4, hello: large, bootstrap: third.network.addresses() })
    const atThird = await untilRefused(third.network, fourth.network.peerId)
    const atFourth = await untilRefused(fourth.network, third.network.peerId)
    assert.deepEqual([atThird.by, atThird.code], ['us', 'ERR_NETWORK_TOO_LARGE'])
    assert.deepEqual([atFourth.by, atFourth.code], ['them', 'ERR_NETWORK_TOO_LARGE'])
    assert.match(atFourth.reason, /65537 bytes, at most 65536/)
  })

  it('leaves a refused peer alone until the back-off has passed', async () => {
    const asked: string[] = []
    const first = await startNode({
      seed: 1,
      judge: (hello) => {
        asked.push(`node ${hello[0]}`)
        return refuse()
      },
    })
    const dial = { bootstrap: first.network.addresses(), random: () => 0 }
    let looks = 0
    const patient = await startNode({
      ...dial,
      seed: 2,
      hello: new Uint8Array([2]),
      // A clock that stands still.
      now: () => {
        looks += 1
        return 0
      },
    })
    await untilRefused(patient.network, first.network.peerId)
    const looksAtRefusal = looks
    await until('the dialer asks how long it has to wait', () => looks > looksAtRefusal)

    // A clock by which the back-off is over each time one looks.
    let now = 0
    const late = await startNode({
      ...dial,
      seed: 3,
      hello: new Uint8Array([3]),
      now: () => {
        now += REFUSAL_BACKOFF_MS
        return now
      },
    })
    await untilRefused(late.network, first.network.peerId, 3)
    assert.deepEqual(asked.slice(0, 4), ['node 2', 'node 3', 'node 3', 'node 3'])
    assert.equal(patient.network.refusals()[0]?.count, 1)
  })

  it('soon dials again when a handshake broke, which is no verdict', async () => {
    const stranger = await startStranger(9)
    let greetings = 0
    await stranger.handle(HELLO_PROTOCOL, (stream: Stream) => {
      greetings += 1
      if (greetings === 1) {
        stream.abort(new Error('a moment of weakness'))
        return
      }
      stream.send(HELLO)
      stream.send(ACCEPT)
    })
    const [address] = stranger.getMultiaddrs()
    const node = await startNode({ seed: 1, bootstrap: [address?.toString() ?? ''], random: () => 0 })
    const failure = await untilRefused(node.network, stranger.peerId.toString())
    assert.match(failure.reason, /^handshake failed: /)
    await untilReady(node.network, stranger.peerId.toString())
    assert.deepEqual(node.network.refusals(), [])
  })
})

/** Asks a node who it is, as libp2p does, and waits for the answer. */
async function identify(connection: Connection): Promise<void> {
  const stream = await connection.newStream('/ipfs/id/1.0.0')
  const answer = Promise.withResolvers<unknown>()
  stream.addEventListener('message', answer.resolve, { once: true })
  stream.addEventListener('close', () => answer.reject(new Error('closed without an answer')), { once: true })
  await answer.promise
  await stream.close()
}
