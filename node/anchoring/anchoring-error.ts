import { CodedError } from '#protocol'

/** Failures of anchoring; all mean that this node does not sign, or does not believe its endpoint; none stops certification. */
export type AnchoringFailure =
  /** A signature on an anchor is not its member's. */
  | { readonly code: 'ERR_ANCHOR_SIGNATURE' }
  /** A batch of a proposal is not certified here (yet), or is anchored already. */
  | { readonly code: 'ERR_ANCHOR_BATCH' }
  /** A bill of a proposal is not in this node's archive. */
  | { readonly code: 'ERR_ANCHOR_BILL' }
  /** A proposal's root, counts or sums do not follow from its manifest. */
  | { readonly code: 'ERR_ANCHOR_CONTENT' }
  /** The endpoint shows an anchor that contradicts its own hash or the anchor before it: ask another endpoint. */
  | { readonly code: 'ERR_ANCHOR_CHAIN'; readonly seq: number }
  /** No quorum's signatures are known on an anchor that the endpoint shows; peers may bring them, else ask another endpoint. */
  | { readonly code: 'ERR_ANCHOR_QUORUM'; readonly seq: number }

/** Error of anchoring. */
export class AnchoringError extends CodedError<AnchoringFailure> {}
