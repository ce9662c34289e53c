import { addressOfPrivateKey, charterCid, digestOf, toHex } from '#protocol'
import type { Charter } from '#protocol'
import { startAnvil } from '../chain/anvil.ts'
import type { Anvil } from '../chain/anvil.ts'
import { JsonRpc } from '../chain/json-rpc.ts'
import { deployRegistry, predictRegistryAddress } from '../chain/registry-deployment.ts'
import { BLOCK_TIME_S, PAYER_BALANCE_WEI, POLL_MS } from './constants.ts'
import { createDevnetCharter } from './plan.ts'
import type { PlannedRegion } from './plan.ts'

/** The chain of a development network. */
export type DevnetChain = {
  readonly anvil: Anvil
  readonly charter: Charter
  /** Settles when the contract is there; auditors may start before. */
  readonly deployed: Promise<void>
}

/**
 * Starts the chain, fills the payers' accounts and deploys the registry.
 *
 * The charter names the registry, and the registry is constructed with the charter's digest: its address is computed first.
 *
 * @throws {ChainError} ERR_CHAIN_ANVIL_MISSING, ERR_CHAIN_ANVIL_FAILED and those of deployment.
 */
export async function startChain(regions: readonly PlannedRegion[], signal: AbortSignal): Promise<DevnetChain> {
  const anvil = await startAnvil({ blockTimeS: BLOCK_TIME_S, signal })
  try {
    const { rpcUrl, chainId } = anvil
    const deployerKey = anvil.fundedKeys[0]
    if (deployerKey === undefined) throw new TypeError('Anvil has funded accounts')
    const deployer = addressOfPrivateKey(deployerKey)
    const [registry] = await Promise.all([
      predictRegistryAddress({ rpcUrl, deployer }, { signal }),
      fundPayers(rpcUrl, regions, signal),
    ])
    const charter = await createDevnetCharter(regions, { chainId, registry })
    const networkId = digestOf(charterCid(charter))
    const deployment = deployRegistry(
      { rpcUrl, deployerKey, networkId, regions: charter.regions, pollMs: POLL_MS },
      { signal },
    )
    // Awaited by the caller beside other work: until then a failure must not count as unhandled.
    const deployed = deployment.then(() => undefined)
    deployed.catch(() => undefined)
    return { anvil, charter, deployed }
  } catch (thrown) {
    await anvil.stop()
    throw thrown
  }
}

async function fundPayers(rpcUrl: string, regions: readonly PlannedRegion[], signal: AbortSignal): Promise<void> {
  const rpc = new JsonRpc({ url: rpcUrl })
  const balance = `0x${PAYER_BALANCE_WEI.toString(16)}`
  const payers = regions.flatMap((region) => region.auditors.map((auditor) => addressOfPrivateKey(auditor.payerKey)))
  await Promise.all(payers.map((payer) => rpc.request('anvil_setBalance', [toHex(payer), balance], { signal })))
}
