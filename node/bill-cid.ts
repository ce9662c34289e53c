import { unixfs } from '@helia/unixfs'
import type { CID } from 'multiformats/cid'
import { cidOfDigest, LIMITS, RAW_CODE } from '#protocol'
import { hashFile } from './hash-file.ts'

/**
 * CID that a file has in the archive, and from `ipfs add --cid-version 1 --raw-leaves --chunker size-1048576`; nothing is
 * stored.
 */
export async function computeBillCid(bytes: Uint8Array): Promise<CID> {
  // One chunk is its own root.
  if (bytes.byteLength <= LIMITS.chunkBytes) return cidOfDigest(hashFile(bytes), RAW_CODE)
  const nowhere = unixfs({
    blockstore: {
      has: () => false,
      put: (cid) => cid,
      get: () => {
        throw new Error('a file is written without reading anything')
      },
    },
  })
  return nowhere.addBytes(bytes)
}
