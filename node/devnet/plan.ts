import { randomBytes } from 'node:crypto'
import { addressOfPrivateKey } from '#protocol'
import type { Charter } from '#protocol'
import { createCharter, createRegionSecrets } from '../founding.ts'
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
  /** TCP port of its operator listener. */
  readonly operatorPort: number
}

/** One region before it exists. */
export type PlannedRegion = {
  readonly name: DevnetRegionName
  readonly secrets: RegionSecrets
  readonly auditors: readonly PlannedAuditor[]
}

/** Keys, ports and secrets of a development network, all new. */
export async function planRegions(names: readonly DevnetRegionName[], auditors: number): Promise<PlannedRegion[]> {
  const ports = await findFreePorts(3 * names.length * auditors)
  const nextPort = (): number => ports.pop() ?? 0
  return Promise.all(
    names.map(async (name) => ({
      name,
      secrets: await createRegionSecrets(name, (size) => Uint8Array.from(randomBytes(size))),
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
    operatorPort: nextPort(),
  }
}

/** The charter of a planned network. */
export async function createDevnetCharter(
  regions: readonly PlannedRegion[],
  chain: { readonly chainId: number; readonly registry: Uint8Array },
): Promise<Charter> {
  return createCharter({
    name: 'devnet',
    chain,
    regions: regions.map(({ name, secrets, auditors }) => ({
      name,
      jurisdictions: DEVNET_REGIONS[name],
      auditors: auditors.map((auditor) => addressOfPrivateKey(auditor.privateKey)),
      secrets,
    })),
  })
}
