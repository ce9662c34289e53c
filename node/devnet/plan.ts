import { randomBytes } from 'node:crypto'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { RULES_VERSION, vectorsCid } from '#audit'
import { datasetCids } from '#datasets'
import { addressOfPrivateKey, decodeCharter, encodeCharter, orderBytes, PROTOCOL_VERSION, sha256 } from '#protocol'
import type { Charter } from '#protocol'
import { createPrivateKey, identityOf } from '../identity.ts'
import type { Identity } from '../identity.ts'
import type { RegionSecrets } from '../region-keys.ts'
import { findFreePorts } from './ports.ts'
import { DEVNET_REGIONS } from './regions.ts'
import type { DevnetRegionName } from './regions.ts'

/** One auditor before it exists. */
export type PlannedAuditor = {
  /** `europe-3`: name of its directory. */
  readonly name: string
  readonly privateKey: Uint8Array
  readonly payerKey: Uint8Array
  readonly identity: Identity
  /** TCP port for other auditors, on the loopback interface. */
  readonly port: number
  /** TCP port of its HTTP API. */
  readonly apiPort: number
}

/** One region before it exists. */
export type PlannedRegion = {
  readonly name: DevnetRegionName
  readonly secrets: RegionSecrets
  readonly auditors: readonly PlannedAuditor[]
}

/** Keys, ports and secrets of a development network, all new. */
export async function planRegions(names: readonly DevnetRegionName[], auditors: number): Promise<PlannedRegion[]> {
  const ports = await findFreePorts(2 * names.length * auditors)
  const nextPort = (): number => ports.pop() ?? 0
  return Promise.all(
    names.map(async (name) => ({
      name,
      secrets: {
        region: name,
        pointSecret: Uint8Array.from(randomBytes(32)),
        archiveIdentity: await generateX25519Identity(),
      },
      auditors: Array.from({ length: auditors }, (_, index) => planAuditor(`${name}-${index + 1}`, nextPort)),
    })),
  )
}

function planAuditor(name: string, nextPort: () => number): PlannedAuditor {
  const privateKey = createPrivateKey()
  return {
    name,
    privateKey,
    payerKey: createPrivateKey(),
    identity: identityOf(privateKey),
    port: nextPort(),
    apiPort: nextPort(),
  }
}

/** The charter of a planned network: this build's rules and data sets, the chain's id, the registry's future address. */
export async function createDevnetCharter(
  regions: readonly PlannedRegion[],
  chain: { readonly chainId: number; readonly registry: Uint8Array },
): Promise<Charter> {
  const [vectors, datasets] = await Promise.all([vectorsCid(), datasetCids()])
  const founded = await Promise.all(
    regions.map(async ({ name, secrets, auditors }) => ({
      name,
      jurisdictions: [...DEVNET_REGIONS[name]],
      committee: auditors.map((auditor) => addressOfPrivateKey(auditor.privateKey)).toSorted(orderBytes),
      archiveRecipient: await identityToRecipient(secrets.archiveIdentity),
      pointKeyHash: sha256(secrets.pointSecret),
    })),
  )
  const charter: Charter = {
    v: 1,
    name: 'devnet',
    protocol: PROTOCOL_VERSION,
    rules: { version: RULES_VERSION, vectors },
    datasets: datasets.map(({ name, cid }) => ({ name, cid })),
    regions: founded,
    chain: { ...chain },
  }
  return decodeCharter(encodeCharter(charter))
}
