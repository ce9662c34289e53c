import type { GraphNode, GraphWalker, GraphWalkerFactory } from 'helia'
import type { CID } from 'multiformats/cid'
import { createUnsafe } from 'multiformats/block'
import { DAG_CBOR_CODE, DAG_PB_CODE } from '#protocol'

type ReadBlock = (cid: CID, signal?: AbortSignal) => Promise<Uint8Array>

/**
 * Walks from a batch to its bills and their chunks, and nowhere else.
 *
 * Helia's own walkers would follow a batch's link to the batch before it, and so walk the sponsor's whole chain at
 * every pin; they also read each bill to learn that it has no links. This one reads the batch block and the roots of
 * bills of several chunks, and takes raw blocks by their CID. The pin that results is an ordinary one of Helia's: one
 * record for the root and one count for each block.
 *
 * @param read reads and verifies a local block.
 * @param leftOut files that are not walked into: their blocks are gone.
 */
export function createBatchWalker(read: ReadBlock, leftOut: readonly CID[] = []): GraphWalkerFactory {
  return (components): GraphWalker => ({
    // The walker's contract is generic in the decoded value, which no caller of a pin looks at.
    async *walk<T>(root: CID, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<GraphNode<T>> {
      const pending = [{ cid: root, path: [root] }]
      const seen = new Set(leftOut.map(String))
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        const { cid, path } = next
        const hasLinks = path.length === 1 || cid.code === DAG_PB_CODE
        const bytes = hasLinks ? await read(cid, options.signal) : new Uint8Array(0)
        const codec = await components.getCodec<T, number>(cid.code)
        const block = createUnsafe<T, number, number, 0 | 1>({ cid, bytes, codec })
        yield { block, depth: path.length - 1, path }
        if (!hasLinks) continue
        for (const [, link] of block.links()) {
          const key = link.toString()
          if (link.code === DAG_CBOR_CODE || seen.has(key)) continue
          seen.add(key)
          pending.push({ cid: link, path: [...path, link] })
        }
      }
    },
  })
}
