import * as dagCbor from '@ipld/dag-cbor'
import { Key } from 'interface-datastore'
import type { Datastore } from 'interface-datastore'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { z } from 'zod'

/**
 * Helia's own record of a pinned block: how many pins keep it, and their roots. Its API tells only whether there is one; that a
 * release keeps another record is found by the test of removals.
 */
const pinnedShape = z.object({ pinCount: z.number(), pinnedBy: z.array(z.instanceof(Uint8Array)) })

/** Roots of the pins that keep a block; none for a block without a pin. */
export async function findPinRoots(datastore: Pick<Datastore, 'get' | 'has'>, block: CID): Promise<CID[]> {
  const key = new Key(`/pinned-block/${base36.encode(block.multihash.bytes)}`)
  if (!(await datastore.has(key))) return []
  const { pinnedBy } = pinnedShape.parse(dagCbor.decode(await datastore.get(key)))
  return pinnedBy.map((bytes) => CID.decode(bytes))
}
