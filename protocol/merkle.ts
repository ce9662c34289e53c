import { orderBytes, ZERO_32 } from './bytes.ts'
import { keccak256 } from './hash.ts'

/*
 * Binary Merkle tree with commutative keccak256 pairs: the form that OpenZeppelin's MerkleProof verifies. Leaves keep
 * their order; the last node of an odd level moves up unchanged. Leaves are hashed twice (claims) and inner nodes once
 * over 64 bytes, so that neither can be taken for the other.
 */

function hashPair(a: Uint8Array, b: Uint8Array): Uint8Array {
  return orderBytes(a, b) <= 0 ? keccak256(a, b) : keccak256(b, a)
}

function parentsOf(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = []
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] ?? ZERO_32
    const right = level[i + 1]
    parents.push(right === undefined ? left : hashPair(left, right))
  }
  return parents
}

/** Root of a tree over 32-byte leaves; 32 zero bytes if there is none. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves
  while (level.length > 1) level = parentsOf(level)
  return level[0] ?? ZERO_32
}

/** Siblings from leaf `index` up to the root. */
export function merklePath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let level = leaves
  let at = index
  while (level.length > 1) {
    const sibling = level[at ^ 1]
    if (sibling !== undefined) path.push(sibling)
    level = parentsOf(level)
    at >>= 1
  }
  return path
}

/** Number of siblings in the path of leaf `index` of a tree over `size` leaves. */
export function merklePathLength(size: number, index: number): number {
  let length = 0
  for (let [width, at] = [size, index]; width > 1; [width, at] = [(width + 1) >> 1, at >> 1]) {
    if ((at ^ 1) < width) length += 1
  }
  return length
}

/** Root that a leaf and its path lead to. */
export function rootOfPath(leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  let node = leaf
  for (const sibling of path) node = hashPair(node, sibling)
  return node
}
