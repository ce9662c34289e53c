import { RULES_VERSION, vectorsCid } from '#audit'
import { datasetCids } from '#datasets'
import {
  addressOfPrivateKey,
  charterCid,
  digestOf,
  equalBytes,
  MIN_COMMITTEE,
  orderBytes,
  PROTOCOL_VERSION,
  sha256,
  toHex,
} from '#protocol'
import type { Charter } from '#protocol'
import { generateArchiveKey } from '#storage'
import { deployRegistry, predictRegistryAddress } from './chain/registry-deployment.ts'
import { NodeError } from './node-error.ts'

/** A region to be founded. */
type FoundingRegion = {
  readonly name: string
  /** ISO 3166-1 alpha-2. */
  readonly jurisdictions: readonly string[]
  /** Addresses of the founding auditors, at least four. */
  readonly auditors: readonly Uint8Array[]
}

/** What founds a network. */
export type FoundingInit = {
  readonly name: string
  readonly rpcUrl: string
  readonly chainId: number
  /** Pays for the registry; has no authority afterwards. */
  readonly deployerKey: Uint8Array
  readonly regions: readonly FoundingRegion[]
  readonly randomBytes: (size: number) => Uint8Array
}

/** What the founding auditors of a region share, besides the charter. */
type RegionSecrets = {
  readonly region: string
  readonly pointSecret: Uint8Array
  readonly archiveIdentity: string
}

/** A founded network: its registry is on the chain. */
export type FoundedNetwork = {
  readonly charter: Charter
  readonly secrets: readonly RegionSecrets[]
  readonly gasUsed: bigint
}

/**
 * Founds a network: the registry's address is computed first, the charter names it, and the registry is created with the
 * charter's digest (see ARCHITECTURE.md).
 *
 * @throws {NodeError} ERR_NODE_COMMITTEE when a region has too few auditors.
 * @throws {ChainError} when the registry cannot be created.
 */
export async function foundNetwork(init: FoundingInit): Promise<FoundedNetwork> {
  const founded = await Promise.all(init.regions.map(async (region) => foundRegion(region, init.randomBytes)))
  const { rpcUrl, chainId, deployerKey } = init
  const charter: Charter = {
    v: 1,
    name: init.name,
    protocol: PROTOCOL_VERSION,
    rules: { version: RULES_VERSION, vectors: await vectorsCid() },
    datasets: [...(await datasetCids())],
    regions: founded.map(({ region }) => region),
    chain: { chainId, registry: await predictRegistryAddress({ rpcUrl, deployer: addressOfPrivateKey(deployerKey) }) },
  }
  const networkId = digestOf(charterCid(charter))
  const { address, gasUsed } = await deployRegistry({
    rpcUrl,
    deployerKey,
    networkId,
    regions: charter.regions,
    pollMs: 100,
  })
  if (!equalBytes(address, charter.chain.registry)) {
    throw new NodeError('the deployer sent another transaction meanwhile: found the network again', {
      code: 'ERR_NODE_REGISTRY',
      address: toHex(address),
    })
  }
  return { charter, secrets: founded.map(({ secrets }) => secrets), gasUsed }
}

async function foundRegion(
  { name, jurisdictions, auditors }: FoundingRegion,
  randomBytes: FoundingInit['randomBytes'],
): Promise<{ region: Charter['regions'][number]; secrets: RegionSecrets }> {
  if (auditors.length < MIN_COMMITTEE) {
    throw new NodeError(`region ${name} has ${auditors.length} auditors, it takes at least ${MIN_COMMITTEE}`, {
      code: 'ERR_NODE_COMMITTEE',
      auditors: auditors.length,
    })
  }
  const archive = await generateArchiveKey()
  const pointSecret = randomBytes(32)
  return {
    region: {
      name,
      jurisdictions: [...jurisdictions],
      committee: auditors.toSorted(orderBytes),
      archiveRecipient: archive.recipient,
      pointKeyHash: sha256(pointSecret),
    },
    secrets: { region: name, pointSecret, archiveIdentity: archive.identity },
  }
}
