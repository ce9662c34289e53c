import { getCreateAddress } from 'ethers'
import { encodeRegion, fromHex, toHex } from '#protocol'
import { readAuditRegistryArtifact } from '#contracts'
import { ChainError } from './chain-error.ts'
import { quantityShape, JsonRpc } from './json-rpc.ts'
import type { RequestOptions } from './json-rpc.ts'
import { Payer } from './payer.ts'
import { decodeRevert, registryInterface } from './registry-abi.ts'

/** What {@link deployRegistry} needs. */
export type DeploymentInit = {
  readonly rpcUrl: string
  /** 32-byte private key that pays; it has no rights over the contract afterwards. */
  readonly deployerKey: Uint8Array
  /** 32-byte digest of the charter's CID. */
  readonly networkId: Uint8Array
  /** The charter's regions; committees are 20-byte addresses in ascending order. */
  readonly regions: readonly { readonly name: string; readonly committee: readonly Uint8Array[] }[]
  /** Pause between looks for the receipt. @default 500 */
  readonly pollMs?: number
}

/** A contract that was created. */
export type Deployment = {
  readonly address: Uint8Array
  readonly txHash: Uint8Array
  readonly blockNumber: number
  readonly gasUsed: bigint
}

/**
 * Creates the AuditRegistry of a network.
 *
 * @throws {ChainError} ERR_CHAIN_REVERTED when the contract refuses a committee, ERR_CHAIN_PAYER_EMPTY, ERR_CHAIN_UNREACHABLE,
 * ERR_CHAIN_TIMEOUT.
 */
export async function deployRegistry(init: DeploymentInit, options: RequestOptions = {}): Promise<Deployment> {
  const rpc = new JsonRpc({ url: init.rpcUrl })
  const payer = new Payer(rpc, {
    chainId: await rpc.chainId(options),
    key: init.deployerKey,
    ...(init.pollMs === undefined ? {} : { pollMs: init.pollMs }),
  })
  const receipt = await payer.send({ input: creationInput(init) }, options)
  if (receipt.status !== 1) throw decodeRevert(undefined)
  if (receipt.contractAddress === undefined || receipt.contractAddress === null) {
    throw new ChainError('the endpoint names no address for the created contract', {
      code: 'ERR_CHAIN_NO_CONTRACT',
      registry: '',
    })
  }
  return {
    address: receipt.contractAddress,
    txHash: receipt.transactionHash,
    blockNumber: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
  }
}

/**
 * Address that the deployer's next transaction will create its contract at, so that a charter can name it before the contract
 * (which is constructed with the charter's digest) exists. Holds only until the deployer sends anything else.
 */
export async function predictRegistryAddress(
  init: { readonly rpcUrl: string; readonly deployer: Uint8Array },
  options: RequestOptions = {},
): Promise<Uint8Array> {
  const rpc = new JsonRpc({ url: init.rpcUrl })
  const params = [toHex(init.deployer), 'latest']
  const nonce = await rpc.call(quantityShape, 'eth_getTransactionCount', params, options)
  return fromHex(getCreateAddress({ from: toHex(init.deployer), nonce }).toLowerCase(), 20)
}

function creationInput(init: DeploymentInit): string {
  const founding = init.regions.map((region) => [encodeRegion(region.name), region.committee.map(toHex)])
  const args = registryInterface().encodeDeploy([init.networkId, founding])
  return readAuditRegistryArtifact().bytecode + args.slice(2)
}
