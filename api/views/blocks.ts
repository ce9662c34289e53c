/** How much of a DAG a CAR has: only the root's block, the entity at it (a whole file, a directory's own blocks), or all below. */
export type DagScope = 'block' | 'entity' | 'all'

/** One block that is here, with the text of its CID. */
export type BlockView = { readonly cid: string; readonly bytes: Uint8Array }

/** Blocks of the archive that this node has, for the trustless gateway. Nothing is fetched from others. */
export interface BlocksView {
  /** `undefined` if it is not here. @throws {CodedError} ERR_API_REQUEST when the text is no CID. */
  findBlock(cid: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /**
   * Blocks of a DAG, depth first, each once, the root first; ends early with an error where one is missing.
   *
   * @param range bytes of a UnixFS file (inclusive, as in HTTP); only with `entity`.
   */
  walk(
    cid: string,
    options: {
      readonly scope: DagScope
      readonly range?: { readonly from: number; readonly to?: number }
      readonly maxBytes: number
    },
    signal: AbortSignal,
  ): AsyncIterable<BlockView>
}
