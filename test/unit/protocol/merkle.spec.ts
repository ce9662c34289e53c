import assert from 'node:assert/strict'
import { concat, keccak256 as ethersKeccak } from 'ethers'
import fc from 'fast-check'
import { merklePath, merklePathLength, merkleRoot, rootOfPath, toHex, ZERO_32 } from '#protocol'
import { hashes } from '../../support/arbitraries.ts'
import { hashOf } from '../../support/region-fixture.ts'

// OpenZeppelin's MerkleProof.processProof with Hashes.commutativeKeccak256, written again from its source.
function processProof(proof: readonly string[], leaf: string): string {
  return proof.reduce((a, b) => ethersKeccak(BigInt(a) < BigInt(b) ? concat([a, b]) : concat([b, a])), leaf)
}

describe('Merkle tree', () => {
  it("leads from every leaf to the root by OpenZeppelin's algorithm", () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = Array.from({ length: size }, (_, i) => hashOf(`leaf ${i}`))
      const root = merkleRoot(leaves)
      for (const [i, leaf] of leaves.entries()) {
        const path = merklePath(leaves, i)
        assert.deepEqual(rootOfPath(leaf, path), root)
        assert.equal(processProof(path.map(toHex), toHex(leaf)), toHex(root))
        assert.equal(path.length, merklePathLength(size, i))
      }
    }
  })

  it('has the path length of a place also in large trees', () => {
    const leaves = Array.from({ length: 512 }, (_, i) => hashOf(`leaf ${i}`))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), fc.nat(511), (size, at) => {
        const index = at % size
        assert.equal(merklePath(leaves.slice(0, size), index).length, merklePathLength(size, index))
      }),
      { numRuns: 40 },
    )
  })

  it('leads elsewhere for another leaf, another sibling or a sibling less', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hashes, { minLength: 2, maxLength: 20, selector: toHex }), fc.nat(), (leaves, at) => {
        const index = at % leaves.length
        const [leaf, other] = [leaves[index], leaves[(index + 1) % leaves.length]]
        assert.ok(leaf !== undefined && other !== undefined)
        const path = merklePath(leaves, index)
        const root = merkleRoot(leaves)
        // Its direct sibling is the one leaf that the commutative pair cannot tell from it; the path then begins with itself.
        if (toHex(path[0] ?? ZERO_32) !== toHex(other)) assert.notDeepEqual(rootOfPath(other, path), root)
        assert.notDeepEqual(rootOfPath(leaf, path.slice(1)), root)
        assert.notDeepEqual(rootOfPath(leaf, [...path, leaf]), root)
        assert.notDeepEqual(merkleRoot(leaves.with(index, hashOf('x'))), root)
      }),
    )
  })

  it('has zeros as the root of nothing and the leaf itself as the root of one', () => {
    assert.deepEqual(merkleRoot([]), ZERO_32)
    assert.deepEqual(merkleRoot([hashOf('a')]), hashOf('a'))
    assert.deepEqual(merklePath([hashOf('a')], 0), [])
  })

  it('joins: a tree over roots is verified by the two paths one after the other', () => {
    const trees = [3, 1, 8].map((size, t) => Array.from({ length: size }, (_, i) => hashOf(`${t} ${i}`)))
    const roots = trees.map((leaves) => merkleRoot(leaves))
    for (const [t, leaves] of trees.entries()) {
      for (const [i, leaf] of leaves.entries()) {
        const joined = [...merklePath(leaves, i), ...merklePath(roots, t)]
        assert.deepEqual(rootOfPath(leaf, joined), merkleRoot(roots))
      }
    }
  })
})
