import { domainOf, equalBytes, findRegion, quorumOf, sha256, toHex } from '#protocol'
import type { Charter, Domain, RegionCharter } from '#protocol'
import type { ArchiveKeys } from './archive-keys.ts'
import { NodeError } from './node-error.ts'

/** What every component of a node knows of the network and of its own part in it. */
export type RegionContext = {
  readonly charter: Charter
  readonly domain: Domain
  readonly region: RegionCharter
  readonly epoch: number
  /** Addresses of the committee, ascending. */
  readonly committee: readonly Uint8Array[]
  readonly quorum: number
  /** This auditor. */
  readonly address: Uint8Array
  readonly privateKey: Uint8Array
  /** Secret of the region's point tags. */
  readonly regionSecret: Uint8Array
  /** The region's archive keys. */
  readonly archive: ArchiveKeys
}

/** What a node must be given to take part in a region. */
export type RegionKeys = Pick<RegionContext, 'address' | 'privateKey' | 'regionSecret' | 'archive'>

/**
 * Context of a committee member.
 *
 * @throws {NodeError} ERR_NODE_REGION, ERR_NODE_NOT_MEMBER, ERR_NODE_REGION_KEYS.
 */
export function createRegionContext(charter: Charter, regionName: string, keys: RegionKeys): RegionContext {
  const region = findRegion(charter, regionName)
  if (region === undefined) {
    const known = charter.regions.map((r) => r.name).join(', ')
    throw new NodeError(`region ${regionName} is not in the charter (it has ${known})`, {
      code: 'ERR_NODE_REGION',
      region: regionName,
    })
  }
  if (!equalBytes(sha256(keys.regionSecret), region.pointKeyHash)) {
    throw new NodeError('the point-tag secret is not the one of this region', {
      code: 'ERR_NODE_REGION_KEYS',
      which: 'point-tag secret',
    })
  }
  if (!region.committee.some((member) => equalBytes(member, keys.address))) {
    const address = toHex(keys.address)
    throw new NodeError(`auditor ${address} is not in the committee of ${region.name}`, {
      code: 'ERR_NODE_NOT_MEMBER',
      address,
    })
  }
  return {
    charter,
    domain: domainOf(charter),
    region,
    epoch: 0,
    committee: region.committee,
    quorum: quorumOf(region.committee.length),
    ...keys,
  }
}

/** True if an address belongs to the committee. */
export function isMember(context: RegionContext, address: Uint8Array): boolean {
  return context.committee.some((member) => equalBytes(member, address))
}
