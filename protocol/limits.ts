/** Limits that all nodes of a network share: another value on one node would make it answer differently. */
export const LIMITS = {
  /** Largest bill: scanned PDFs of utilities stay below it, and one bill never fills a node's memory. */
  billBytes: 20 * 1024 * 1024,
  /** Largest bill as an age file: the bill and age's header and tags (16 bytes for each 64 KiB). */
  sealedBillBytes: 20 * 1024 * 1024 + 64 * 1024,
  /** Chunk of UnixFS files; the same as `ipfs add --chunker size-1048576`. */
  chunkBytes: 1024 * 1024,
  /** Claims of one batch: one vote covers them all; 512 keep a batch block below half of bitswap's 2 MiB. */
  batchClaims: 512,
  /** Largest batch block. */
  batchBytes: 1024 * 1024,
  /** Bills of one withdrawal: its message stays below a quarter of {@link LIMITS.gossipBytes}. */
  withdrawnBills: 256,
  /** Bills read from one file. */
  billsPerFile: 64,
  /** Batches of one anchor: keeps the manifest block below 1.5 MiB. */
  anchorBatches: 2_000,
  /** Claims of one anchor (DESIGN 11). */
  anchorClaims: 10_000,
  /** Largest manifest block. */
  manifestBytes: 3 * 512 * 1024,
  /** Largest gossip message: announcements, votes with bitmap and refusals; no bills. */
  gossipBytes: 64 * 1024,
  /** Largest charter, exchanged before a peer is trusted with anything. */
  charterBytes: 64 * 1024,
  /** Largest proof file. */
  proofBytes: 256 * 1024,
} as const
