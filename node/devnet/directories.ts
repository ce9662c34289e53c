import { join } from 'node:path'
import type { Charter } from '#protocol'
import { createDataDir, findMemberKey, formatCharterFile } from '../data-dir.ts'
import { DATA_FILES, writeNewFile } from '../data-files.ts'
import { readRegionKeys, sealRegionKeys } from '../region-keys.ts'
import type { RegionSecrets } from '../region-keys.ts'
import type { PlannedAuditor, PlannedRegion } from './plan.ts'

/** Where an auditor keeps its files. */
export function directoryOf(root: string, auditor: PlannedAuditor): string {
  return join(root, auditor.name)
}

/** Multiaddr of an auditor on this machine. */
function multiaddrOf(auditor: PlannedAuditor): string {
  return `/ip4/127.0.0.1/tcp/${auditor.port}`
}

/** As founders do: the region's keys go to each auditor sealed for its own key, which opens them. */
async function handOut(region: PlannedRegion, dir: string, recipient: string): Promise<RegionSecrets> {
  const sealed = await sealRegionKeys(region.secrets, recipient)
  const member = await findMemberKey(dir)
  return readRegionKeys(new TextEncoder().encode(sealed), member === undefined ? [] : [member.identity])
}

/**
 * Makes the data directory of every auditor and the network's `charter.json` under `root`, as `init` does.
 *
 * Keystores are light and their passphrases lie beside them: these keys guard nothing, and eight strong keystores would
 * cost four seconds of a core.
 *
 * @returns the API key of each auditor by its name.
 * @throws {IdentityError} ERR_INIT_EXISTS
 */
export async function writeDirectories(
  root: string,
  network: { readonly regions: readonly PlannedRegion[]; readonly charter: Charter; readonly rpcUrl: string },
): Promise<ReadonlyMap<string, string>> {
  const createdAt = new Date().toISOString()
  const keys = new Map<string, string>()
  await Promise.all(
    network.regions.flatMap((region) =>
      region.auditors.map(async (auditor) => {
        const others = region.auditors.filter((other) => other !== auditor)
        const dir = directoryOf(root, auditor)
        const keysOnly = {
          dir,
          privateKey: auditor.privateKey,
          payerKey: auditor.payerKey,
          cost: 'light',
          account: 'devnet',
          createdAt,
        } as const
        const { apiKey, recipient } = await createDataDir(keysOnly)
        await createDataDir({
          ...keysOnly,
          network: {
            charter: network.charter,
            region: region.name,
            regionKeys: await handOut(region, dir, recipient),
            preset: 'devnet',
            config: {
              network: {
                listen: [multiaddrOf(auditor)],
                bootstrap: others.map((other) => `${multiaddrOf(other)}/p2p/${other.identity.peerId}`),
              },
              chain: { rpcUrl: network.rpcUrl },
              api: { port: auditor.apiPort },
              operator: { port: auditor.operatorPort },
            },
          },
        })
        if (apiKey === undefined) throw new TypeError('a new directory has a new API key')
        // Beside the node, so that `--dir` alone is enough for every command.
        await writeNewFile(join(dir, DATA_FILES.clientKey), `${apiKey}\n`)
        keys.set(auditor.name, apiKey)
      }),
    ),
  )
  await writeNewFile(join(root, DATA_FILES.charter), formatCharterFile(network.charter))
  return keys
}
