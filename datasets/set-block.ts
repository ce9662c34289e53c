import { createHash } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { RAW_CODE, cidOfBlock, cidOfDigest, encodeCanonical, toHex } from '#protocol'
import type { DatasetManifest } from './manifest.ts'

/** Fields of a manifest that its block holds: what a set is, and whose. Remarks may be reworded without a new network. */
export type SetIdentity = Pick<DatasetManifest, 'name' | 'publisher' | 'licence' | 'editions'>

/** Hashes of one set. */
export type SetHashes = {
  /** SHA-256 of `figures.json`, hex: what `sha256sum` prints. */
  readonly sha256: string
  /** CID of `figures.json` as a raw block: what `ipfs add --cid-version 1 --chunker size-1048576` prints. */
  readonly figuresCid: CID
  /** CID of the set: of the block that links to the figures. A charter names it. */
  readonly cid: CID
}

/**
 * Hashes of a set from the bytes of its figures, so that they are checked before they are parsed (DESIGN 5). The set is a
 * DAG of two blocks, each far below what bitswap carries:
 *
 *     cid         DAG-CBOR {v: 1, name, publisher, licence, editions: [text, ...], figures: link}
 *     figuresCid  raw      the bytes of figures.json
 */
export function hashSet({ name, publisher, licence, editions }: SetIdentity, figures: Uint8Array): SetHashes {
  // The platform's own hash: a node hashes close to a megabyte at each start, and ours is ten times slower.
  const digest = new Uint8Array(createHash('sha256').update(figures).digest())
  const figuresCid = cidOfDigest(digest, RAW_CODE)
  const cid = cidOfBlock(encodeCanonical({ v: 1, name, publisher, licence, editions, figures: figuresCid }))
  return { sha256: toHex(digest).slice(2), figuresCid, cid }
}
