import { Readable } from 'node:stream'
import { CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import type { BlockView } from './views/blocks.ts'

/**
 * Blocks as a CAR, version 1, with one root. It is made as fast as it is read: one block is in memory, and a reader that
 * goes away ends the walk. A walk that fails destroys the stream: the client sees a body that ends too early, never a
 * whole CAR with blocks left out.
 */
export function streamCar(root: CID, blocks: AsyncIterable<BlockView>): Readable {
  return Readable.from(encodeCar(root, blocks), { objectMode: false })
}

async function* encodeCar(root: CID, blocks: AsyncIterable<BlockView>): AsyncGenerator<Uint8Array> {
  // The header of a CAR without blocks; each block is framed by a writer of its own that goes on from there.
  const header = CarWriter.create([root])
  const closed = header.writer.close()
  yield* header.out
  await closed
  for await (const { cid, bytes } of blocks) {
    const { writer, out } = CarWriter.createAppender()
    const written = writer.put({ cid: CID.parse(cid), bytes }).then(async () => writer.close())
    yield* out
    await written
  }
}
