/** One region of the charter. */
export type RegionView = {
  readonly name: string
  readonly jurisdictions: readonly string[]
  readonly committeeSize: number
  readonly quorum: number
  /** age recipient of its archive. */
  readonly archiveRecipient: string
  /** True for the region that this node answers for. */
  readonly own: boolean
}

/** A member of this node's committee. */
export type MemberView = {
  /** `0x` hex. */
  readonly address: string
  readonly self: boolean
  readonly connected: boolean
  readonly peerId?: string
}

/** The committee of this node's region. */
export type CommitteeView = {
  readonly region: string
  readonly epoch: number
  readonly quorum: number
  /** Members alive minus quorum: at 1 or less the operator is alarmed (DESIGN 13). */
  readonly margin: number
  readonly members: readonly MemberView[]
}

/** An anchor that the chain has. Hashes `0x` hex, amounts decimal text. */
export type AnchorView = {
  readonly seq: number
  readonly epoch: number
  readonly root: string
  readonly manifest: string
  readonly claims: number
  readonly gramsLocation: string
  readonly gramsMarket: string
  readonly state: 'anchored' | 'final'
  readonly tx: string
  readonly block: number
  readonly gasUsed: string
}

/** A batch of any sponsor of the region. */
export type BatchView = {
  readonly cid: string
  readonly sponsor: string
  readonly epoch: number
  readonly seq: number
  readonly claims: number
  readonly state: 'announced' | 'certified' | 'anchored' | 'abandoned'
  /** Of the certificate; absent without one. */
  readonly accepted?: number
  readonly gramsCO2e?: string
  readonly anchorSeq?: number
}

/** A page of a list; `next` is the cursor of the page after it, absent on the last. */
export type Page<T> = { readonly items: readonly T[]; readonly next?: string }

/** What anybody may know of the network and the region. */
export interface RegionsView {
  listRegions(): RegionView[]
  committee(): CommitteeView
  /** Newest first. @throws {CodedError} ERR_API_CURSOR. */
  listAnchors(query: { readonly limit: number; readonly cursor?: string }): Promise<Page<AnchorView>>
  findAnchor(seq: number): Promise<AnchorView | undefined>
  /** In no order that means anything but is stable. @throws {CodedError} ERR_API_CURSOR. */
  listBatches(query: {
    readonly limit: number
    readonly cursor?: string
    readonly state?: BatchView['state']
  }): Promise<Page<BatchView>>
  findBatch(cid: string): Promise<BatchView | undefined>
}

/** Factors and estimates: the rules and data sets of the charter, without a bill. */
export interface FiguresView {
  /** Answer of `audit`'s estimate to a request in JSON (the same as `kwitness estimate --json`), on a worker or in slices: never long on the event loop. */
  estimate(request: string): Promise<object>
  /** The same as `kwitness factors --json`. @throws {CodedError} as the command. */
  factors(query: { readonly place: string; readonly year: number; readonly dataset?: string }): Promise<object>
}
