import { CodedError } from '#protocol'
import type { Reason } from '#storage'

/** Failures of a running node; bill failures carry the extractor's or the rules' own code in `reason`. */
export type NodeFailure =
  /** The bill is over the limit; nothing was stored. */
  | { readonly code: 'ERR_BILL_TOO_LARGE'; readonly sizeBytes: number; readonly limitBytes: number }
  /** The bill is empty; nothing was stored. */
  | { readonly code: 'ERR_BILL_EMPTY' }
  /** The bill was read and refused; nothing was stored. `reason` has the coded cause and its place. */
  | { readonly code: 'ERR_BILL_REJECTED'; readonly reason: string; readonly place?: string }
  /** The bill's place belongs to no region of the network. */
  | { readonly code: 'ERR_REGION_UNKNOWN'; readonly country: string }
  /** The bill's place belongs to another region: submit it to an auditor of that region. */
  | { readonly code: 'ERR_REGION_OTHER'; readonly region: string }
  /** The metering point's period is claimed already; `heldBy` is the claim that holds it. */
  | { readonly code: 'ERR_CLAIM_OVERLAP'; readonly heldBy: string }
  /** The bill is of water, or of gas by volume without its heat content: there is no energy to claim. */
  | { readonly code: 'ERR_BILL_NO_ENERGY' }
  /** There is nothing to explain: extraction reads no figures here; `reason` is its own code. */
  | { readonly code: 'ERR_BILL_NO_FIGURES'; readonly reason: string }
  /** A forecast, never a claim. */
  | { readonly code: 'ERR_BILL_FORECAST' }
  /** A correction, which a person must connect with what it replaces. */
  | { readonly code: 'ERR_BILL_CORRECTION' }
  /** Neither the bill nor its holder says where the energy was used. */
  | { readonly code: 'ERR_PLACE_UNKNOWN' }
  /** No bill with this CID is under review here. */
  | { readonly code: 'ERR_REVIEW_UNKNOWN'; readonly cid: string }
  /** The bytes of the bill are not here yet; they are being fetched. */
  | { readonly code: 'ERR_REVIEW_ABSENT'; readonly cid: string }
  /** Extraction reads this bill: no person has to. */
  | { readonly code: 'ERR_REVIEW_NOT_NEEDED'; readonly cid: string }
  /** The entry gives no claim (no factor, contradictory place, another region); `reason` is the rules' own code. */
  | { readonly code: 'ERR_REVIEW_FACTS'; readonly reason: string }
  /** Certified, or entered here as often as notices count: nothing to enter any more; the latter can be withdrawn. */
  | { readonly code: 'ERR_REVIEW_CLOSED'; readonly cid: string }
  /** Too many bills wait: try again later. */
  | { readonly code: 'ERR_NODE_BUSY'; readonly queued: number }
  /** A DAG is larger than a gateway gives in one CAR: ask for its parts. */
  | { readonly code: 'ERR_GATEWAY_LIMIT'; readonly cid: string }
  /** No connected peer has these blocks now; sync tries again. */
  | { readonly code: 'ERR_NODE_BLOCKS_MISSING'; readonly cids: readonly string[] }
  /** The disk is full but for its last part, which is left alone: free some space. */
  | { readonly code: 'ERR_STORAGE_FULL'; readonly freeBytes: number }
  /** The node is starting or stopping. */
  | { readonly code: 'ERR_NODE_STOPPED' }
  /** This key is not in the region's committee: the node could not vote. */
  | { readonly code: 'ERR_NODE_NOT_MEMBER'; readonly address: string }
  /** The registry was created at another address than the charter names: the deployer's account was used meanwhile. */
  | { readonly code: 'ERR_NODE_REGISTRY'; readonly address: string }
  /** The region is not in the charter. */
  | { readonly code: 'ERR_NODE_REGION'; readonly region: string }
  /** The region's point-tag secret or archive key is not the one the charter names. */
  | { readonly code: 'ERR_NODE_REGION_KEYS'; readonly which: string }
  /** A golden vector or a data set differs from the charter: this build is of another network. */
  | { readonly code: 'ERR_NODE_RULES'; readonly differing: readonly string[] }

/** Error of `node/`. */
export class NodeError extends CodedError<NodeFailure> {}

/** The refusal of a bill that was read, for the extractor's own reason. */
export function rejectedBill({ code, message, place }: Omit<Reason, 'heldBy'>): NodeError {
  return new NodeError(`${message}${place === undefined ? '' : ` (${place})`} [${code}]`, {
    code: 'ERR_BILL_REJECTED',
    reason: code,
    ...(place === undefined ? {} : { place }),
  })
}
