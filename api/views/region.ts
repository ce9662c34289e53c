import type { Place } from '#protocol'

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

/** What is asked of the factors: a place and a year, a place in all years, or activities by their words. */
export type FactorsQuery = {
  readonly place?: Place
  readonly year?: number
  /** Short name of a data set, or of an edition of one. */
  readonly dataset?: string
  /** Words of fuels, heat and travel; with them `place` names the country. */
  readonly activity?: string
  /** Most activities that are told; `more` says how many there are beside. */
  readonly limit: number
}

/** Factors, estimates and explanations: the rules and data sets of the charter. Answers are JSON texts, made beside the event loop. */
export interface FiguresView {
  /**
   * Answer to a request in JSON, the same as `kwitness estimate --json`. The text is taken as it is: the digits of a number
   * count, not its binary value.
   *
   * @throws {CodedError} what the answer would have as `error`: ERR_ESTIMATE_REQUEST, ERR_PLACE_…, ERR_FACTOR_…, ERR_VALUE_…,
   * ERR_INSTRUMENT, ERR_ACTIVITY_…; ERR_NODE_BUSY when too many wait.
   */
  estimate(request: string, signal: AbortSignal): Promise<string>
  /** The same as `kwitness factors --json`. @throws {CodedError} ERR_PLACE_…, ERR_FACTOR_… where there is none; ERR_NODE_BUSY. */
  factors(query: FactorsQuery, signal: AbortSignal): Promise<string>
  /**
   * The same as `kwitness explain CID --json`, for a bill whose bytes are here; the caller has checked whose it is.
   *
   * @param claim only this bill of the file.
   * @returns `undefined` for a CID that is no bill here.
   * @throws {CodedError} ERR_BILL_NO_FIGURES when the file gives none; ERR_AUDIT_… as a submission.
   */
  explain(cid: string, claim: number | undefined, signal: AbortSignal): Promise<string | undefined>
}
