import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../../node/network/network.ts'
import type { Network, NetworkInit, PeerView, Refusal } from '../../node/network/types.ts'
import { openBlockStore } from '#storage'
import type { BlockStore } from '#storage'

/** One node under test, with a real block store in a directory of its own. */
export type TestNode = { readonly network: Network; readonly blocks: BlockStore; stop(): Promise<void> }

/** A valid secp256k1 key that differs by `seed`. */
export function keyOf(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed + 1)
}

/** What differs between test nodes, and a directory to reuse for one that starts again. */
export type TestNodeInit = Partial<NetworkInit> & { readonly seed: number; readonly directory?: string }

/** Creates a node on loopback; `start()` of its network is up to the test. */
export async function createTestNode({ seed, directory, ...init }: TestNodeInit): Promise<TestNode> {
  const path = directory ?? (await mkdtemp(join(tmpdir(), 'kwitness-network-')))
  const blocks = await openBlockStore(join(path, 'blocks'))
  const network = await createNetwork({
    privateKey: keyOf(seed),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    hello: new Uint8Array([1]),
    judge: () => ({ ok: true }),
    topics: ['test'],
    agent: `test/${seed}`,
    blockstore: blocks,
    datastore: blocks.datastore,
    ...init,
  })
  return {
    network,
    blocks,
    stop: async () => {
      await network.stop()
      await blocks.close()
      if (directory === undefined) await rm(path, { recursive: true, force: true })
    },
  }
}

/** Waits until a node has `count` peers. */
export async function untilPeers(network: Network, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const check = (): void => {
    if (network.peers().length === count) resolve()
  }
  const subscriptions = [network.onPeerReady(check), network.onPeerGone(check)]
  check()
  await promise
  for (const unsubscribe of subscriptions) unsubscribe()
}

/** The next peer that becomes ready, or is ready already. */
export async function untilReady(network: Network, peerId: string): Promise<PeerView> {
  const { promise, resolve } = Promise.withResolvers<PeerView>()
  const unsubscribe = network.onPeerReady((peer) => {
    if (peer.peerId === peerId) resolve(peer)
  })
  const known = network.peers().find((peer) => peer.peerId === peerId)
  if (known !== undefined) resolve(known)
  try {
    return await promise
  } finally {
    unsubscribe()
  }
}

/** Waits, a turn of the event loop at a time, until `find` finds. There is no event for what these tests look for. */
export async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The refusal of a peer, as soon as a node has recorded it. */
export async function untilRefused(network: Network, peerId: string): Promise<Refusal> {
  return until(() => network.refusals().find((refusal) => refusal.peerId === peerId))
}
