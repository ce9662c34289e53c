/** What went wrong between a program and a node. */
export type ClientFailureKind =
  /** The node, or what stands before it, refused: `status` and, if the node itself answered, its own code. */
  | 'refused'
  /** No answer, or one that broke off: name, network, TLS, CORS. */
  | 'unreachable'
  /** An answer that is not that of a kWitness node. */
  | 'answer'
  /** No answer within the time of the call. */
  | 'timeout'
  /** The call is wrong, and nothing was sent. */
  | 'request'

/** What a {@link ClientError} is made of. */
export type ClientFailure = {
  readonly kind: ClientFailureKind
  /** Code of the node's problem details. @default the one of the kind, `ERR_CLIENT_…` */
  readonly code?: string | undefined
  /** Base URL of the node. */
  readonly url: string
  /** HTTP status, if there was an answer. */
  readonly status?: number | undefined
  /** Id of the request in the node's log. */
  readonly requestId?: string | undefined
  /** How long the node asks to wait. */
  readonly retryAfterMs?: number | undefined
  /** Members of the problem details beside those of RFC 9457: limits, places, states. */
  readonly members?: Readonly<Record<string, unknown>> | undefined
}

const CODES: Readonly<Record<ClientFailureKind, string>> = {
  refused: 'ERR_CLIENT_REFUSED',
  unreachable: 'ERR_CLIENT_UNREACHABLE',
  answer: 'ERR_CLIENT_ANSWER',
  timeout: 'ERR_CLIENT_TIMEOUT',
  request: 'ERR_CLIENT_REQUEST',
}

/** Every failure of a client, save an abort by the caller's own signal: that one is thrown as it is. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly kind: ClientFailureKind
  /** The node's own code (`ERR_QUOTA_BILLS`, …: docs/api.md), else `ERR_CLIENT_…`. Compare this, not the message. */
  readonly code: string
  /** Base URL of the node. */
  readonly url: string
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** Id of the request in the node's log, for its operator. */
  readonly requestId: string | undefined
  /** How long the node asks to wait. */
  readonly retryAfterMs: number | undefined
  /** What else the problem details say: limits, places, states. */
  readonly members: Readonly<Record<string, unknown>>
  /** How often the request was sent. */
  attempts = 0

  constructor(message: string, failure: ClientFailure, options?: ErrorOptions) {
    super(message, options)
    this.kind = failure.kind
    this.code = failure.code ?? CODES[failure.kind]
    this.url = failure.url
    this.status = failure.status
    this.requestId = failure.requestId
    this.retryAfterMs = failure.retryAfterMs
    this.members = failure.members ?? {}
  }

  /** True if the node itself refused, with a code of its own. */
  get isProblem(): boolean {
    return this.kind === 'refused' && this.code !== CODES.refused
  }
}
