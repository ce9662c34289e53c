import { abiEncode, encodeRegion, wordOfBytes32, wordOfUint } from './abi-words.ts'
import { digestInDomain, typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'

/** One Merkle root over certified claims of a region, as the contract stores it (DESIGN 11). */
export type Anchor = {
  readonly region: string
  readonly epoch: number
  /** 1 for a region's first anchor, then one more each. */
  readonly seq: number
  /** Struct hash of the region's anchor before; zeros for the first. */
  readonly prev: Uint8Array
  readonly root: Uint8Array
  /** sha2-256 digest of the manifest's CID. */
  readonly manifest: Uint8Array
  readonly claims: number
  readonly gramsLocation: bigint
  /** Sum over the claims that have a market-based figure. */
  readonly gramsMarket: bigint
}

const ANCHOR_TYPE = typeHash(
  'Anchor(bytes32 region,uint64 epoch,uint64 seq,bytes32 prev,bytes32 root,bytes32 manifest,uint32 claims,uint256 gramsLocation,uint256 gramsMarket)',
)

/** EIP-712 hashStruct of an anchor: the head that the next anchor names as `prev`. */
export function hashAnchorStruct(anchor: Anchor): Uint8Array {
  return keccak256(
    abiEncode([
      ANCHOR_TYPE,
      encodeRegion(anchor.region),
      wordOfUint(anchor.epoch, 64),
      wordOfUint(anchor.seq, 64),
      wordOfBytes32(anchor.prev),
      wordOfBytes32(anchor.root),
      wordOfBytes32(anchor.manifest),
      wordOfUint(anchor.claims, 32),
      wordOfUint(anchor.gramsLocation),
      wordOfUint(anchor.gramsMarket),
    ]),
  )
}

/** EIP-712 digest of an anchor: what auditors sign. */
export function hashAnchor(domain: Domain, anchor: Anchor): Uint8Array {
  return digestInDomain(domain, hashAnchorStruct(anchor))
}
