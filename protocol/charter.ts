import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { equalBytes, orderBytes, toHex } from './bytes.ts'
import { cidOfBlock, decodeCanonical, digestOf, encodeCanonical, parseShape } from './codec.ts'
import type { Domain } from './domain.ts'
import { LIMITS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { MIN_COMMITTEE } from './quorum.ts'
import { addressShape, blockCidShape, countShape, hashShape, regionNameShape } from './shapes.ts'

/** Version of messages and blocks; nodes of different versions cannot meet. */
export const PROTOCOL_VERSION = 1

const regionShape = z.strictObject({
  name: regionNameShape,
  /** ISO 3166-1 alpha-2 codes of the countries the committee answers for. */
  jurisdictions: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .min(1)
    .max(250),
  /** Addresses of the founding committee (epoch 0), ascending. */
  committee: z.array(addressShape).min(MIN_COMMITTEE).max(64),
  /** age recipient of the region's archive key. */
  archiveRecipient: z.string().regex(/^age1[0-9a-z]{50,80}$/),
  /** SHA-256 of the secret that makes point tags: tells a wrong secret before it makes wrong tags. */
  pointKeyHash: hashShape,
})

const charterShape = z.strictObject({
  v: z.literal(1),
  name: z.string().min(1).max(64),
  protocol: z.number().int().min(1),
  rules: z.strictObject({ version: z.string().min(1).max(32), vectors: blockCidShape }),
  datasets: z.array(z.strictObject({ name: z.string().min(1).max(64), cid: blockCidShape })).max(64),
  regions: z.array(regionShape).min(1).max(64),
  chain: z.strictObject({
    chainId: countShape,
    registry: addressShape,
    /** A block before the registry's own: where to begin to look for anchors; 0 if absent. */
    fromBlock: countShape.optional(),
  }),
})

/** The document that defines one network (DESIGN 3). */
export type Charter = z.infer<typeof charterShape>
/** A region as its charter founds it. */
export type RegionCharter = Charter['regions'][number]

/** Canonical bytes of a charter. */
export function encodeCharter(charter: Charter): Uint8Array {
  return encodeCanonical(charter)
}

/**
 * A charter from bytes of unknown origin.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA; regions must have distinct
 * names and jurisdictions, and committees ascending distinct addresses.
 */
export function decodeCharter(bytes: Uint8Array): Charter {
  const charter = parseShape(charterShape, decodeCanonical(bytes, LIMITS.charterBytes), 'charter')
  const names = new Set(charter.regions.map((r) => r.name))
  const countries = charter.regions.flatMap((r) => r.jurisdictions)
  const ascending = charter.regions.every((r) =>
    r.committee.every((member, i) => i === 0 || orderBytes(r.committee[i - 1] ?? member, member) < 0),
  )
  if (names.size !== charter.regions.length || new Set(countries).size !== countries.length || !ascending) {
    throw new ProtocolError('charter: regions, jurisdictions or committee members are repeated or out of order', {
      code: 'ERR_PROTOCOL_SCHEMA',
      place: 'regions',
    })
  }
  return charter
}

/** CID of a charter: the network's id. */
export function charterCid(charter: Charter): CID {
  return cidOfBlock(encodeCharter(charter))
}

// A charter is a value that nobody changes; encoding and hashing it for every proof would cost as much as a signature.
const domains = new WeakMap<Charter, Domain>()

/** Domain of every signature of a charter's network. */
export function domainOf(charter: Charter): Domain {
  let domain = domains.get(charter)
  if (domain === undefined) {
    const { chainId, registry } = charter.chain
    domain = { chainId, registry, networkId: digestOf(charterCid(charter)) }
    domains.set(charter, domain)
  }
  return domain
}

/** Prefix of libp2p protocol ids and gossip topics of a network: `/kwitness/<last 16 characters of the charter's CID>`. */
export function protocolPrefix(charter: Charter): string {
  return `/kwitness/${charterCid(charter).toString().slice(-16)}`
}

/** The region that answers for a country, if the network has one. */
export function findRegionOfCountry(charter: Charter, country: string): RegionCharter | undefined {
  return charter.regions.find((region) => region.jurisdictions.includes(country))
}

/** The region of a name, if the network has one. */
export function findRegion(charter: Charter, name: string): RegionCharter | undefined {
  return charter.regions.find((region) => region.name === name)
}

/** In words, what makes two charters different networks; empty if they are the same. */
export function explainDifference(ours: Charter, theirs: Charter): string[] {
  const differences: string[] = []
  const compare = (what: string, a: string | number, b: string | number): void => {
    if (a !== b) differences.push(`${what}: ours ${a}, theirs ${b}`)
  }
  compare('protocol version', ours.protocol, theirs.protocol)
  compare('rules version', ours.rules.version, theirs.rules.version)
  compare('golden vectors', ours.rules.vectors.toString(), theirs.rules.vectors.toString())
  const sets = new Set([...ours.datasets, ...theirs.datasets].map((set) => set.name))
  for (const name of sets) {
    const cidIn = (charter: Charter): string => charter.datasets.find((s) => s.name === name)?.cid.toString() ?? 'none'
    compare(`data set ${name}`, cidIn(ours), cidIn(theirs))
  }
  compare('chain id', ours.chain.chainId, theirs.chain.chainId)
  compare('registry', toHex(ours.chain.registry), toHex(theirs.chain.registry))
  compare('network name', ours.name, theirs.name)
  if (differences.length === 0 && !equalBytes(encodeCharter(ours), encodeCharter(theirs))) {
    differences.push('regions or their committees')
  }
  return differences
}
