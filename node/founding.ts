import { RULES_VERSION, vectorsCid } from '#audit'
import type { NamedTrustList } from '#audit'
import {
  addressOfPrivateKey,
  charterCid,
  decodeCharter,
  digestOf,
  encodeCharter,
  equalBytes,
  orderBytes,
  PROTOCOL_VERSION,
  sha256,
  toHex,
} from '#protocol'
import type { Charter } from '#protocol'
import { generateArchiveKey } from '#storage'
import { deployRegistry, predictRegistryAddress } from './chain/registry-deployment.ts'
import { NodeError } from './node-error.ts'
import type { RegionSecrets } from './region-keys.ts'
import { loadTrustList, sharedCids } from './trust-list.ts'

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
  /** As for {@link createCharter}. */
  readonly trust?: NamedTrustList
  readonly randomBytes: (size: number) => Uint8Array
}

/** A founded network: its registry is on the chain. */
export type FoundedNetwork = {
  readonly charter: Charter
  /** What the founding auditors of each region share, besides the charter. */
  readonly secrets: readonly RegionSecrets[]
  readonly gasUsed: bigint
}

/** New secrets of a region. */
export async function createRegionSecrets(
  region: string,
  randomBytes: FoundingInit['randomBytes'],
): Promise<RegionSecrets> {
  return { region, pointSecret: randomBytes(32), archiveKeys: [{ epoch: 0, ...(await generateArchiveKey()) }] }
}

/**
 * The charter of a network of this build: its rules and data sets, the regions' committees and the public halves of
 * their secrets.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SCHEMA when a region has fewer than four auditors, or jurisdictions are shared.
 */
export async function createCharter(init: {
  readonly name: string
  readonly chain: Charter['chain']
  readonly regions: readonly (FoundingRegion & { readonly secrets: RegionSecrets })[]
  /** Whose signatures make a bill `utility-signed`. @default the shipped list: nobody's */
  readonly trust?: NamedTrustList
}): Promise<Charter> {
  const [vectors, datasets] = await Promise.all([vectorsCid(), sharedCids(init.trust ?? (await loadTrustList()))])
  const charter: Charter = {
    v: 1,
    name: init.name,
    protocol: PROTOCOL_VERSION,
    rules: { version: RULES_VERSION, vectors },
    datasets: datasets.map(({ name, cid }) => ({ name, cid })),
    regions: init.regions.map(({ name, jurisdictions, auditors, secrets }) => ({
      name,
      jurisdictions: [...jurisdictions],
      committee: auditors.toSorted(orderBytes),
      archiveRecipient: secrets.archiveKeys[0]?.recipient ?? '',
      pointKeyHash: sha256(secrets.pointSecret),
    })),
    chain: init.chain,
  }
  return decodeCharter(encodeCharter(charter))
}

/**
 * Founds a network: the registry's address is computed first, the charter names it, and the registry is created with the
 * charter's digest (see ARCHITECTURE.md).
 *
 * @throws {ProtocolError} as {@link createCharter}.
 * @throws {NodeError} ERR_NODE_REGISTRY when the deployer's account was used meanwhile.
 * @throws {ChainError} when the registry cannot be created.
 */
export async function foundNetwork(init: FoundingInit): Promise<FoundedNetwork> {
  const { name, rpcUrl, chainId, deployerKey, trust } = init
  const regions = await Promise.all(
    init.regions.map(async (region) => ({
      ...region,
      secrets: await createRegionSecrets(region.name, init.randomBytes),
    })),
  )
  const registry = await predictRegistryAddress({ rpcUrl, deployer: addressOfPrivateKey(deployerKey) })
  const charter = await createCharter({
    name,
    chain: { chainId, registry },
    regions,
    ...(trust === undefined ? {} : { trust }),
  })
  const networkId = digestOf(charterCid(charter))
  const { address, gasUsed } = await deployRegistry({
    rpcUrl,
    deployerKey,
    networkId,
    regions: charter.regions,
    pollMs: 100,
  })
  if (!equalBytes(address, registry)) {
    throw new NodeError('the deployer sent another transaction meanwhile: found the network again', {
      code: 'ERR_NODE_REGISTRY',
      address: toHex(address),
    })
  }
  return { charter, secrets: regions.map(({ secrets }) => secrets), gasUsed }
}
