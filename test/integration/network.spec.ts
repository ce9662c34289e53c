import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOfPrivateKey } from '#protocol'
import { createTestNode, keyOf, until, untilPeers, untilReady } from './network-node.ts'
import type { TestNode, TestNodeInit } from './network-node.ts'

describe('network', () => {
  const nodes: TestNode[] = []
  const directories: string[] = []

  async function startNode(init: TestNodeInit): Promise<TestNode> {
    const node = await createTestNode(init)
    nodes.push(node)
    await node.network.start()
    return node
  }

  /** A directory for a node that starts twice. */
  async function createDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'kwitness-network-'))
    directories.push(directory)
    return directory
  }

  /** Starts nodes that all know those before them, and waits until each has all others as peers. */
  async function startMesh(count: number): Promise<TestNode[]> {
    const mesh: TestNode[] = []
    for (let seed = 0; seed < count; seed += 1) {
      mesh.push(await startNode({ seed, bootstrap: mesh.flatMap((node) => node.network.addresses()) }))
    }
    await Promise.all(mesh.map((node) => untilPeers(node.network, count - 1)))
    return mesh
  }

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
    await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })))
  })

  it('delivers every message of four nodes on one address to the three others, and none to its author', async () => {
    const mesh = await startMesh(4)
    const received = mesh.map(() => new Set<string>())
    const twice: string[] = []
    for (const [i, node] of mesh.entries()) {
      node.network.gossip.subscribe('test', async (bytes) => {
        const text = Buffer.from(bytes).toString()
        if (received[i]?.has(text) === true) twice.push(text)
        received[i]?.add(text)
        return 'accept'
      })
    }
    // A node sends to those whose subscription it has heard of.
    for (const [i, node] of mesh.entries()) {
      let n = 0
      await until('three subscribers', async () => {
        n += 1
        return (await node.network.gossip.publish('test', Buffer.from(`warm ${i} ${n}`))) === 3
      })
    }
    for (let k = 0; k < 200; k += 1) {
      await mesh[k % 4]?.network.gossip.publish('test', Buffer.from(`message ${k}`))
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const [i, set] of received.entries()) {
      const expected = Array.from({ length: 200 }, (_, k) => k).filter((k) => k % 4 !== i)
      await until(`messages at node ${i}`, () => expected.every((k) => set.has(`message ${k}`)))
      assert.ok(!set.has(`message ${i}`))
    }
    assert.deepEqual(twice, [])
  })

  it('shows a peer with the Ethereum address of its key and with the agent that it names', async () => {
    const [first, second] = await startMesh(2)
    assert.ok(first !== undefined && second !== undefined)
    const peer = await until('the agent', () => first.network.peers().find((p) => p.agent !== ''))
    assert.equal(peer.peerId, second.network.peerId)
    assert.deepEqual(peer.address, addressOfPrivateKey(keyOf(1)))
    assert.equal(peer.agent, 'test/1')
    assert.equal(peer.direction, 'inbound')
    assert.equal(second.network.peers()[0]?.direction, 'outbound')
  })

  it('connects again when a peer returns', async () => {
    const directory = await createDirectory()
    const first = await startNode({ seed: 1, directory })
    const [address] = first.network.addresses()
    assert.ok(address !== undefined)
    const port = /tcp\/(\d+)/.exec(address)?.[1] ?? ''
    const second = await startNode({ seed: 2, bootstrap: [address] })
    await untilReady(second.network, first.network.peerId)
    await first.stop()
    await untilPeers(second.network, 0)

    const again = await startNode({ seed: 1, directory, listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    await untilReady(second.network, first.network.peerId)
    await untilReady(again.network, second.network.peerId)
    // Gossip runs over the new connection, both ways.
    const heard = Promise.withResolvers<string>()
    second.network.gossip.subscribe('test', async (bytes) => {
      heard.resolve(Buffer.from(bytes).toString())
      return 'accept'
    })
    let n = 0
    await until('a subscriber', async () => {
      n += 1
      return (await again.network.gossip.publish('test', Buffer.from(`back ${n}`))) === 1
    })
    assert.match(await heard.promise, /^back /)
  })

  it('takes a second connection from the same side as the return of a peer, and shakes hands again', async () => {
    const first = await startNode({ seed: 1 })
    const events: string[] = []
    first.network.onPeerReady((peer) => events.push(`ready ${peer.peerId}`))
    first.network.onPeerGone((peer) => events.push(`gone ${peer.peerId}`))
    const second = await startNode({ seed: 2, bootstrap: first.network.addresses() })
    await untilReady(first.network, second.network.peerId)
    // The same key again, while the first connection is still open: as after a restart that left no trace.
    const id = second.network.peerId
    await startNode({ seed: 2, bootstrap: first.network.addresses() })
    await until('three events', () => events.length >= 3)
    assert.deepEqual(events.slice(0, 3), [`ready ${id}`, `gone ${id}`, `ready ${id}`])
  })

  it('refuses to publish on a topic that was not declared, and messages that are too large', async () => {
    const [node] = await startMesh(1)
    assert.ok(node !== undefined)
    const { gossip } = node.network
    await assert.rejects(gossip.publish('other', new Uint8Array(1)), { code: 'ERR_NETWORK_TOPIC' })
    await assert.rejects(gossip.publish('test', new Uint8Array(64 * 1024 + 1)), { code: 'ERR_NETWORK_TOO_LARGE' })
  })

  it('stops twice without harm, and leaves no socket', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
    const before = sockets()
    const mesh = await startMesh(2)
    assert.ok(sockets() > before)
    for (const node of mesh) await node.network.stop()
    for (const node of mesh) await node.network.stop()
    await until('no socket', () => sockets() <= before)
    const [node] = mesh
    assert.ok(node !== undefined)
    await assert.rejects(node.network.start(), { code: 'ERR_NETWORK_STOPPED' })
    await assert.rejects(node.network.gossip.publish('test', new Uint8Array(1)), { code: 'ERR_NETWORK_STOPPED' })
  })
})
