/*
 * What tests and benchmarks of the chain share: committees with known keys, anchors, and calls on a real Anvil.
 */
import {
  addressOfPrivateKey,
  hashAnchor,
  hashAnchorStruct,
  keccak256,
  orderBytes,
  signDigest,
  toHex,
  utf8,
} from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { quorumOf, ZERO_32 } from '#protocol'
import { deployRegistry } from '../../node/chain/registry-deployment.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { JsonRpc } from '../../node/chain/json-rpc.ts'
import { anchorToAbi, packSignatures, registryInterface } from '../../node/chain/registry-abi.ts'
import { receiptShape } from '../../node/chain/chain-shapes.ts'
import type { Receipt } from '../../node/chain/chain-shapes.ts'

/** An auditor of a test: its key and its address. */
export type Auditor = { readonly key: Uint8Array; readonly address: Uint8Array }

/** `size` auditors in ascending order of address, always the same for a label. */
export function makeCommittee(label: string, size: number): Auditor[] {
  return Array.from({ length: size }, (_, i) => {
    const key = keccak256(utf8(`${label} auditor ${i}`))
    return { key, address: addressOfPrivateKey(key) }
  }).toSorted((a, b) => orderBytes(a.address, b.address))
}

/** Deploys a registry for named committees, paid by Anvil's first account unless told otherwise. */
export async function deployFor(
  anvil: Anvil,
  committees: { readonly [region: string]: readonly Auditor[] },
  networkId: Uint8Array = keccak256(utf8('test network')),
): Promise<Domain> {
  const { address } = await deployRegistry({
    rpcUrl: anvil.rpcUrl,
    deployerKey: anvil.fundedKeys[0] ?? ZERO_32,
    networkId,
    regions: Object.entries(committees).map(([name, auditors]) => ({
      name,
      committee: auditors.map((a) => a.address),
    })),
    pollMs: 10,
  })
  return { chainId: anvil.chainId, registry: address, networkId }
}

/** The anchor after `previous`, or a region's first one, with content that differs for each sequence number. */
export function makeAnchor(region: string, previous?: Anchor, changes: Partial<Anchor> = {}): Anchor {
  const seq = (previous?.seq ?? 0) + 1
  return {
    region,
    epoch: previous?.epoch ?? 0,
    seq,
    prev: previous === undefined ? ZERO_32 : hashAnchorStruct(previous),
    root: keccak256(utf8(`root ${region} ${seq}`)),
    manifest: keccak256(utf8(`manifest ${region} ${seq}`)),
    claims: 10 * seq,
    gramsLocation: 22_480n * BigInt(seq),
    gramsMarket: 11_240n * BigInt(seq),
    ...changes,
  }
}

/** Signatures of the first q auditors over an anchor, in ascending order of signer. */
export function signAnchor(domain: Domain, anchor: Anchor, auditors: readonly Auditor[]): Uint8Array[] {
  const digest = hashAnchor(domain, anchor)
  return auditors.slice(0, quorumOf(auditors.length)).map(({ key }) => signDigest(digest, key))
}

/** Input of `anchor()` with signatures as given. */
export function anchorInput(domain: Domain, anchor: Anchor, signatures: readonly Uint8Array[]): string {
  const packed = packSignatures(hashAnchor(domain, anchor), signatures)
  return registryInterface().encodeFunctionData('anchor', [anchorToAbi(anchor), packed])
}

/** Calls of one account that Anvil signs for, to one contract. */
export class AnvilAccount {
  readonly rpc: JsonRpc
  readonly #from: string

  constructor(anvil: Anvil, index = 0) {
    this.rpc = new JsonRpc({ url: anvil.rpcUrl })
    this.#from = toHex(addressOfPrivateKey(anvil.fundedKeys[index] ?? ZERO_32))
  }

  /** Sends a transaction and gives its receipt when it is mined. */
  async send(to: Uint8Array, input: string): Promise<Receipt> {
    const params = [{ from: this.#from, to: toHex(to), data: input }]
    return await this.rpc.call(receiptShape, 'eth_sendTransactionSync', params)
  }

  /** Decoded result of a view of AuditRegistry. */
  async view(to: Uint8Array, name: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    const answer = await this.rpc.ethCall(to, registryInterface().encodeFunctionData(name, args))
    return registryInterface().decodeFunctionResult(name, answer).toArray(true)
  }
}
