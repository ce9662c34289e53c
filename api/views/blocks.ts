/** How much of a DAG is wanted: the root's block, the entity at it (a whole file), or all below. */
export type DagScope = 'block' | 'entity' | 'all'

/** Bytes of a file, both inclusive; negative ones count from its end, as in `entity-bytes` of the gateway's specification. */
export type EntityBytes = { readonly from: number; readonly to?: number }

/** What of a DAG is walked. */
export type WalkOptions = {
  readonly scope: DagScope
  /** Only the blocks of these bytes; with `entity` alone. */
  readonly range?: EntityBytes
  /** A block that comes up again is given again. @default false */
  readonly duplicates?: boolean
}

/** One block that is here, with the text of its CID. */
export type BlockView = { readonly cid: string; readonly bytes: Uint8Array }

/** Blocks of the archive that this node has, for the trustless gateway. Nothing is fetched from others. */
export interface BlocksView {
  /** Bytes of a block, their hash checked; `undefined` if it is not here, or of a kind that is never here. */
  findBlock(cid: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** True if this node had the file of a bill with this CID, and has destroyed it. */
  isRemoved(cid: string): Promise<boolean>
  /**
   * Blocks of a DAG, depth first, the root first.
   *
   * @throws {CodedError} ERR_NODE_BUSY when too many walks are under way; while it runs ERR_ARCHIVE_ABSENT for a block that is
   * not here, ERR_GATEWAY_LIMIT for a DAG that is larger than a gateway gives.
   */
  walk(cid: string, options: WalkOptions, signal: AbortSignal): AsyncIterable<BlockView>
}
