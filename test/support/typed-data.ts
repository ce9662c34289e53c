import type { TypedDataDomain } from 'ethers'
import { hexlify } from 'ethers'
import type { Domain } from '#protocol'

/** A network's EIP-712 domain in the form of ethers, which the tests compare our own encoder to. */
export function typedDomain(domain: Domain): TypedDataDomain {
  return {
    name: 'kWitness',
    version: '1',
    chainId: domain.chainId,
    verifyingContract: hexlify(domain.registry),
    salt: hexlify(domain.networkId),
  }
}

/** EIP-712 types of everything that is signed, as docs/spec/claims.md lists them. */
export const SIGNED_TYPES = {
  Batch: [
    { name: 'region', type: 'bytes32' },
    { name: 'epoch', type: 'uint64' },
    { name: 'seq', type: 'uint64' },
    { name: 'prev', type: 'bytes32' },
    { name: 'batch', type: 'bytes32' },
    { name: 'claims', type: 'uint32' },
  ],
  Vote: [
    { name: 'region', type: 'bytes32' },
    { name: 'epoch', type: 'uint64' },
    { name: 'round', type: 'uint32' },
    { name: 'batch', type: 'bytes32' },
    { name: 'acceptedRoot', type: 'bytes32' },
    { name: 'accepted', type: 'uint32' },
    { name: 'totalGrams', type: 'uint256' },
  ],
  Anchor: [
    { name: 'region', type: 'bytes32' },
    { name: 'epoch', type: 'uint64' },
    { name: 'seq', type: 'uint64' },
    { name: 'prev', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'manifest', type: 'bytes32' },
    { name: 'claims', type: 'uint32' },
    { name: 'gramsLocation', type: 'uint256' },
    { name: 'gramsMarket', type: 'uint256' },
  ],
} as const
