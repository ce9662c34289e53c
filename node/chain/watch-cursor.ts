/** An anchor that was seen in a block which is not final yet. */
export type PendingAnchor = {
  readonly region: string
  readonly seq: number
  /** Struct hash of the anchor. */
  readonly anchorHash: Uint8Array
  readonly txHash: Uint8Array
  readonly blockNumber: number
  readonly blockHash: Uint8Array
}

/** How far the chain has been followed. Bytes, texts and safe integers only, so that any codec can keep it. */
export type WatchCursor = {
  /** Everything up to this block has been told and can never change; -1 before the first look. */
  readonly finalBlock: number
  /** What was told of the blocks above it, in the order of the chain. */
  readonly pending: readonly PendingAnchor[]
}

/** Where the watcher keeps its cursor; a store of the caller's fits it. */
export type CursorStore = {
  /** The cursor last saved; `undefined` at the first start. */
  load(): Promise<WatchCursor | undefined>
  /** Keeps the cursor, in one atomic write. It need not be synced: an older cursor repeats news and loses none. */
  save(cursor: WatchCursor): Promise<void>
}
