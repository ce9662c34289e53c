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
  /** The body is compressed, or in another way not what it is: send it as it is. */
  | { readonly code: 'ERR_API_ENCODING' }
  /** Too many large bills are on their way, of all accounts or of this one: try again when `retryAfterS` is over. */
  | { readonly code: 'ERR_API_UPLOADS'; readonly retryAfterS: number }
  /** Too many large files are on their way out, of all clients or of this one: try again when `retryAfterS` is over. */
  | { readonly code: 'ERR_API_DOWNLOADS'; readonly retryAfterS: number }
  /** The Host header names another site, whose page tries to reach the operator's listener through a browser. */
  | { readonly code: 'ERR_API_HOST' }
  /** The `Idempotency-Key` was used within 24 hours for a request that said something else: take another. */
  | { readonly code: 'ERR_API_IDEMPOTENCY' }
  /** Too many requests of this key, or without a valid key of this address: try again when `retryAfterS` is over. */
  | { readonly code: 'ERR_API_RATE'; readonly retryAfterS: number; readonly limit: number }
  /** The client went away, or took too long to send its request. */
  | { readonly code: 'ERR_API_GONE' }
  /** The disk has no room for the upload: the operator must make some. */
  | { readonly code: 'ERR_API_DISK_FULL' }
  /** What came is no HTTP request, or has too large a head. */
  | { readonly code: 'ERR_API_MALFORMED' }
  /** A listener cannot have its address: stop what has the port, or configure another. */
  | { readonly code: 'ERR_API_LISTEN'; readonly host: string; readonly port: number }
  /** No such route. */
  | { readonly code: 'ERR_API_ROUTE' }
  /** This node knows no bill with this CID: ask the node that it was submitted to. */
  | { readonly code: 'ERR_API_BILL_UNKNOWN'; readonly cid: string }
  /** The file of the bill was withdrawn, and is destroyed here: its claims and proofs stay. */
  | { readonly code: 'ERR_API_BILL_WITHDRAWN'; readonly cid: string }
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
  /** Neither the query nor the Accept header names a format that the gateway serves. */
  | { readonly code: 'ERR_GATEWAY_FORMAT' }
  /** The gateway has no such block: ask another one, or the network. */
  | { readonly code: 'ERR_GATEWAY_ABSENT'; readonly cid: string }
  /** The same, for who said that only what is here is wanted. */
  | { readonly code: 'ERR_GATEWAY_NOT_CACHED'; readonly cid: string }
  /** The range begins behind the end of the block. */
  | { readonly code: 'ERR_GATEWAY_RANGE'; readonly sizeBytes: number }
  /** The key, or the node, has as many event streams as it may have: end one, or come back later. */
  | { readonly code: 'ERR_API_STREAMS'; readonly limit: number; readonly retryAfterS: number }
  /** The bill is sealed: its bytes need a key of its holder. */
  | { readonly code: 'ERR_API_SEALED'; readonly cid: string }

/** Error of `api/`. */
export class ApiError extends CodedError<ApiFailure> {}
