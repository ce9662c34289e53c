import { join } from 'node:path'
import { createSandbox } from '#audit'
import type { Sandbox } from '#audit'
import { loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import { addressOfPrivateKey, encodeCharter, protocolPrefix } from '#protocol'
import type { Charter } from '#protocol'
import { openBlockStore, Store } from '#storage'
import type { BlockStore } from '#storage'
import { ArchiveKeys } from './archive-keys.ts'
import { Examiner } from './examiner.ts'
import { judgeCharter } from './judge-charter.ts'
import { Metrics } from './metrics.ts'
import { meterSandbox } from './meter-sandbox.ts'
import { createNetwork } from './network/network.ts'
import type { Network } from './network/types.ts'
import type { NodeInit } from './node-init.ts'
import { createRegionContext } from './region-context.ts'
import type { RegionContext } from './region-context.ts'
import { checkRules } from './rules-check.ts'
import { VERSION } from './version.ts'

/** What is opened before an auditor is put together, and closed after it has stopped. */
export type NodeParts = {
  readonly context: RegionContext
  readonly store: Store
  readonly blocks: BlockStore
  readonly network: Network
  readonly sandbox: Sandbox
  readonly examiner: Examiner
  readonly datasets: Datasets
  readonly metrics: Metrics
}

/** Extraction threads of the process that reads bills: a second one takes over while the first is busy with a large bill. */
const SANDBOX = { workers: 2, memoryMb: 256, timeoutMs: 10_000 } as const

/** Checks the rules against the charter, then opens the stores. @throws as `createNode`. */
export async function openParts(init: NodeInit): Promise<NodeParts> {
  const datasets = await loadDatasets()
  await checkRules(init.charter, datasets, init.trust)
  const context = createRegionContext(init.charter, init.region, {
    address: addressOfPrivateKey(init.privateKey),
    privateKey: init.privateKey,
    regionSecret: init.regionSecret,
    archive: new ArchiveKeys(init.archiveKeys),
  })
  const store = await Store.open(join(init.dataDir, 'store'), context.domain.networkId)
  const blocks = await openBlockStore(join(init.dataDir, 'blocks'))
  const network = await createNetwork({
    privateKey: init.privateKey,
    listen: init.listen,
    bootstrap: init.bootstrap,
    hello: encodeCharter(init.charter),
    judge: (hello) => judgeCharter(init.charter, hello),
    topics: [topicOf(init.charter, init.region)],
    agent: `kwitness/${VERSION}`,
    blockstore: blocks,
    datastore: blocks.datastore,
  })
  const metrics = new Metrics()
  const trust = init.trust === undefined ? {} : { trust: init.trust.list }
  const sandbox = meterSandbox(createSandbox({ ...SANDBOX, ...trust }), (seconds) => metrics.observeExtraction(seconds))
  return { context, store, blocks, network, sandbox, examiner: new Examiner(sandbox, datasets), datasets, metrics }
}

/** Gossip topic of a region. */
export function topicOf(charter: Charter, region: string): string {
  return `${protocolPrefix(charter)}/${region}/1`
}
