import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../../node/network/network.ts'
import type { Network, NetworkInit, PeerView, Refusal, Unsubscribe } from '../../node/network/types.ts'
import { openBlockStore } from '#storage'
import type { BlockStore } from '#storage'
import { until as untilFound } from '../support/until.ts'

/** Below mocha's own, so that a failure says what did not come; far above what a machine with ten times its load takes. */
const DEADLINE_MS = 50_000

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
      try {
        await network.stop()
        await blocks.close()
      } finally {
        if (directory === undefined) await rm(path, { recursive: true, force: true })
      }
    },
  }
}

/** Looks now and at each event until `find` finds. */
async function untilEvent<T>(
  what: string,
  find: () => T | undefined,
  sources: readonly ((callback: () => void) => Unsubscribe)[],
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const look = (): void => {
    const found = find()
    if (found !== undefined) resolve(found)
  }
  const timer = setTimeout(() => reject(new Error(`not within ${DEADLINE_MS} ms: ${what}`)), DEADLINE_MS)
  const subscriptions = sources.map((subscribe) => subscribe(look))
  look()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    for (const unsubscribe of subscriptions) unsubscribe()
  }
}

/** Waits until a node has `count` peers. */
export async function untilPeers(network: Network, count: number): Promise<void> {
  await untilEvent(`${count} peers`, () => (network.peers().length === count ? true : undefined), [
    (look) => network.onPeerReady(look),
    (look) => network.onPeerGone(look),
  ])
}

/** The next peer that becomes ready, or is ready already. */
export async function untilReady(network: Network, peerId: string): Promise<PeerView> {
  return untilEvent(`${peerId} is ready`, () => network.peers().find((peer) => peer.peerId === peerId), [
    (look) => network.onPeerReady(look),
  ])
}

/** The refusal of a peer, or by it, as soon as a node has recorded it at least `count` times. */
export async function untilRefused(network: Network, peerId: string, count = 1): Promise<Refusal> {
  return untilEvent(
    `refusal ${count} of ${peerId}`,
    () => network.refusals().find((refusal) => refusal.peerId === peerId && refusal.count >= count),
    [(look) => network.onPeerRefused(look)],
  )
}

/** Waits for what has no event; see `test/support/until.ts`. */
export async function until<T>(
  what: string,
  find: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  return untilFound(what, find, { deadlineMs: DEADLINE_MS })
}
