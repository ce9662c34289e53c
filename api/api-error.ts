import { CodedError } from '#protocol'

/** Failures of requests that never reach the node. */
export type ApiFailure =
  /** No `Authorization: Bearer kw_…` header: send the key that `init` printed. */
  | { readonly code: 'ERR_API_KEY_MISSING' }
  /** The key is malformed, unknown or its secret is wrong; which of them is not said. */
  | { readonly code: 'ERR_API_KEY_WRONG' }
  /** The key lacks the scope that the route needs. */
  | { readonly code: 'ERR_API_SCOPE'; readonly scope: string }
  /** A part of the request is malformed; `place` names the parameter. */
  | { readonly code: 'ERR_API_REQUEST'; readonly place: string }
  /** The body is over the size limit of bills; nothing was stored. */
  | { readonly code: 'ERR_API_TOO_LARGE'; readonly limitBytes: number }
  /** No such route. */
  | { readonly code: 'ERR_API_ROUTE' }
  /** This node knows no bill with this CID: ask the node that it was submitted to. */
  | { readonly code: 'ERR_API_BILL_UNKNOWN'; readonly cid: string }
  /** The bill has no certificate yet: ask again later. */
  | { readonly code: 'ERR_API_PROOF_PENDING'; readonly cid: string; readonly state: string }
  /** The bill has no certified claim that people read, or the key may not see it. */
  | { readonly code: 'ERR_API_NOT_REVIEWED'; readonly cid: string }
  /** The cursor is none that this list gave: start again without one. */
  | { readonly code: 'ERR_API_CURSOR' }
  /** The region has no such anchor, or this node has not seen it on the chain yet. */
  | { readonly code: 'ERR_API_ANCHOR_UNKNOWN'; readonly seq: number }
  /** This node knows no batch with this CID. */
  | { readonly code: 'ERR_API_BATCH_UNKNOWN'; readonly cid: string }
  /** The bill is sealed: its bytes need a key of its holder. */
  | { readonly code: 'ERR_API_SEALED'; readonly cid: string }

/** Error of `api/`. */
export class ApiError extends CodedError<ApiFailure> {}
