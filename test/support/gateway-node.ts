import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { createHeliaLight } from 'helia'
import type { CID } from 'multiformats/cid'
import { createStaticKeyRing } from '#api'
import type { BlocksView } from '#api'
import { Archive, openBlockStore } from '#storage'
import { GatewayBlocks } from '../../node/service/blocks.ts'
import { startApi } from './api-server.ts'
import { FakeNode } from './fake-node.ts'

/** A real archive on disk behind a real listener; only what the gateway does not ask for is faked. */
export type GatewayNode = {
  readonly archive: Archive
  /** CIDs whose files the node has destroyed. */
  readonly removed: Set<string>
  readonly url: string
  stop(): Promise<void>
}

class NodeOfBlocks extends FakeNode {
  override readonly blocks: BlocksView
  constructor(blocks: BlocksView) {
    super()
    this.blocks = blocks
  }
}

/** Starts one in a temporary folder. */
export async function startGatewayNode(): Promise<GatewayNode> {
  const path = await mkdtemp(join(tmpdir(), 'kwitness-gateway-'))
  const blocks = await openBlockStore(path)
  const helia = createHeliaLight({ blockstore: blocks, datastore: blocks.datastore, codecs: [dagCbor] })
  await helia.start()
  const archive = new Archive({ host: helia, flush: async () => blocks.flush() })
  const removed = new Set<string>()
  const withdrawnFiles = { isRemoved: async (cid: CID) => removed.has(cid.toString()) }
  const node = new NodeOfBlocks(new GatewayBlocks({ archive, withdrawnFiles }))
  const server = await startApi({ node, keys: createStaticKeyRing([]) })
  return {
    archive,
    removed,
    url: server.url,
    async stop() {
      await server.stop()
      await helia.stop()
      await blocks.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}
