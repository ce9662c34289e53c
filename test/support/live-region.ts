import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { NamedTrustList } from '#audit'
import { addressOfPrivateKey, sha256 } from '#protocol'
import type { Charter } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { foundNetwork } from '../../node/founding.ts'
import { createNode } from '../../node/node.ts'
import type { AuditorNode, NodeInit } from '../../node/node.ts'

/** A region of real auditors in one process, on a real chain, in a temporary folder. */
export type LiveRegion = {
  readonly charter: Charter
  readonly anvil: Anvil
  readonly regionSecret: Uint8Array
  readonly archiveIdentity: string
  /** Keys of the auditors by position: for tests that act as one of them. */
  readonly keys: readonly Uint8Array[]
  /** Running auditors by position; undefined where one is down. */
  readonly nodes: (AuditorNode | undefined)[]
  node(position: number): AuditorNode
  /** Data directory of an auditor. */
  dataDir(position: number): string
  /** What an auditor is started with. */
  nodeInit(position: number, change?: Partial<NodeInit>): NodeInit
  startNode(position: number, change?: Partial<NodeInit>): Promise<AuditorNode>
  stopNode(position: number): Promise<void>
  stop(): Promise<void>
}

/** Options of {@link startLiveRegion}. */
export type LiveRegionInit = {
  readonly auditors?: number
  readonly log?: Logger
  readonly anchor?: NodeInit['anchor']
  /** Named in the charter and given to every auditor; the shipped list by default. */
  readonly trust?: NamedTrustList
  /** What is different for an auditor, whenever it is started. */
  readonly change?: (position: number) => Partial<NodeInit>
  /** Positions that are started; all by default. */
  readonly started?: readonly number[]
}

/** Founds a network with one region, deploys its registry on an Anvil of its own, and starts its auditors. */
export async function startLiveRegion(init: LiveRegionInit = {}): Promise<LiveRegion> {
  const size = init.auditors ?? 4
  const folder = await mkdtemp(join(tmpdir(), 'kwitness-region-'))
  const anvil = await startAnvil({ blockTimeS: 1 })
  const [deployerKey, ...payerKeys] = anvil.fundedKeys
  if (deployerKey === undefined) throw new Error('Anvil has no funded keys')
  const keys = Array.from({ length: size }, () => new Uint8Array(randomBytes(32)))
  const { charter, secrets } = await foundNetwork({
    name: 'live test region',
    rpcUrl: anvil.rpcUrl,
    chainId: anvil.chainId,
    deployerKey,
    regions: [
      { name: 'north-america', jurisdictions: ['CA', 'MX', 'US'], auditors: keys.map(addressOfPrivateKey) },
      { name: 'elsewhere', jurisdictions: ['DE', 'FR'], auditors: keys.map((key) => addressOfPrivateKey(sha256(key))) },
    ],
    ...(init.trust === undefined ? {} : { trust: init.trust }),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
  })
  const [own] = secrets
  if (own === undefined) throw new Error('the network has no region')
  const nodes: (AuditorNode | undefined)[] = keys.map(() => undefined)
  const addresses = new Map<number, string>()
  const region: LiveRegion = {
    charter,
    anvil,
    regionSecret: own.pointSecret,
    archiveIdentity: own.archiveKeys[0]?.identity ?? '',
    keys,
    nodes,
    node(position) {
      const node = nodes[position]
      if (node === undefined) throw new Error(`auditor ${position} is down`)
      return node
    },
    dataDir: (position) => join(folder, String(position)),
    nodeInit(position, change = {}) {
      const privateKey = keys[position]
      if (privateKey === undefined) throw new Error(`no auditor ${position}`)
      const payerKey = payerKeys[position % payerKeys.length]
      return {
        dataDir: region.dataDir(position),
        charter,
        region: 'north-america',
        privateKey,
        ...(payerKey === undefined ? {} : { payerKey }),
        regionSecret: own.pointSecret,
        archiveKeys: own.archiveKeys,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        bootstrap: [...addresses].filter(([other]) => other !== position).map(([, address]) => address),
        chain: { rpcUrl: anvil.rpcUrl },
        anchor: init.anchor ?? { intervalMs: 1_500, maxClaims: 1_000, stageMs: 4_000 },
        batch: { lingerMs: 50 },
        sync: { intervalMs: 500 },
        ...(init.trust === undefined ? {} : { trust: init.trust }),
        log: init.log ?? pino({ level: 'silent' }),
        ...init.change?.(position),
        ...change,
      }
    },
    async startNode(position, change = {}) {
      const node = await createNode(region.nodeInit(position, change))
      await node.start()
      nodes[position] = node
      const [address] = node.health().listen
      if (address !== undefined) addresses.set(position, address)
      return node
    },
    async stopNode(position) {
      const node = nodes[position]
      nodes[position] = undefined
      await node?.stop()
    },
    async stop() {
      await Promise.all(nodes.map(async (node) => node?.stop()))
      await anvil.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    for (const position of init.started ?? keys.keys()) await region.startNode(position)
  } catch (cause) {
    await region.stop()
    throw cause
  }
  return region
}
