import { STATUS_CODES } from 'node:http'
import { CodedError } from '#protocol'

/** Problem details (RFC 9457) with the same codes as everywhere; details of the error are members beside them. */
export type Problem = {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  /** `urn:uuid:` of the request, as in the `x-request-id` header and the log. */
  readonly instance: string
  readonly code: string
  readonly [member: string]: unknown
}

const STATUS_BY_CODE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ERR_API_KEY_MISSING: 401,
    ERR_API_KEY_WRONG: 401,
    ERR_API_SCOPE: 403,
    ERR_API_SEALED: 403,
    ERR_API_REQUEST: 400,
    ERR_API_CURSOR: 400,
    ERR_API_ANCHOR_UNKNOWN: 404,
    ERR_API_BATCH_UNKNOWN: 404,
    ERR_API_ROUTE: 404,
    ERR_GATEWAY_FORMAT: 406,
    ERR_GATEWAY_ABSENT: 404,
    ERR_GATEWAY_NOT_CACHED: 412,
    ERR_GATEWAY_RANGE: 416,
    ERR_API_BILL_UNKNOWN: 404,
    ERR_API_BILL_WITHDRAWN: 410,
    ERR_API_PROOF_PENDING: 404,
    ERR_API_NOT_REVIEWED: 404,
    ERR_API_STREAMS: 429,
    ERR_WEBHOOK_URL: 422,
    ERR_WEBHOOK_LIMIT: 409,
    ERR_WEBHOOK_UNKNOWN: 404,
    ERR_WEBHOOK_CHANGES: 429,
    ERR_REVIEW_UNKNOWN: 404,
    ERR_REVIEW_ABSENT: 503,
    ERR_REVIEW_NOT_NEEDED: 409,
    ERR_REVIEW_CLOSED: 409,
    ERR_REVIEW_FACTS: 422,
    ERR_API_TOO_LARGE: 413,
    ERR_API_ENCODING: 415,
    ERR_API_IDEMPOTENCY: 422,
    ERR_API_RATE: 429,
    ERR_API_UPLOADS: 503,
    ERR_API_DOWNLOADS: 503,
    ERR_API_HOST: 421,
    ERR_API_GONE: 408,
    ERR_API_MALFORMED: 400,
    ERR_API_DISK_FULL: 507,
    ERR_ACCOUNT_EXISTS: 409,
    ERR_ACCOUNT_FIELD: 400,
    ERR_ACCOUNT_LIMIT: 409,
    ERR_ACCOUNT_UNKNOWN: 404,
    ERR_ACCOUNT_CLOSED: 409,
    ERR_KEY_FIELD: 400,
    ERR_KEY_LIMIT: 409,
    ERR_KEY_UNKNOWN: 404,
    ERR_KEY_REVOKED: 409,
    ERR_QUOTA_BILLS: 429,
    ERR_QUOTA_BYTES: 403,
    ERR_QUOTA_DISCLOSURES: 429,
    ERR_BILL_TOO_LARGE: 413,
    ERR_BILL_EMPTY: 400,
    ERR_CLAIM_OVERLAP: 409,
    ERR_REGION_OTHER: 421,
    ERR_SEAL_KEY: 422,
    ERR_STORAGE_FULL: 507,
    ERR_NODE_BUSY: 503,
    ERR_NODE_STOPPED: 503,
    ERR_AUDIT_TIMEOUT: 503,
    ERR_AUDIT_ABORTED: 503,
    ERR_AUDIT_WORKER: 503,
  }),
)

/** Areas whose other codes mean that the bill, or the estimate that was asked for, cannot be taken as it is. */
const UNPROCESSABLE =
  /^ERR_(?:BILL|CLAIM|REGION|VALUE|AUDIT|RULES|DATASET|FACTOR|PLACE|ESTIMATE|INSTRUMENT|ACTIVITY|ENERGY|HEAT)(?:_|$)/

/** HTTP status of a coded failure; 500 for codes that are the node's own trouble. */
export function statusOfCode(code: string): number {
  return STATUS_BY_CODE.get(code) ?? (UNPROCESSABLE.test(code) ? 422 : 500)
}

/** Problem details of anything thrown; what is not coded says nothing of the node's inside. */
export function problemOf(thrown: unknown, instance: string): Problem {
  const code = thrown instanceof CodedError ? thrown.code : 'ERR_INTERNAL'
  const status = statusOfCode(code)
  const isCoded = thrown instanceof CodedError
  return {
    ...(isCoded ? plainDetails(thrown.details) : {}),
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: isCoded ? thrown.message : 'the node failed; its log has the request id',
    instance,
    code,
  }
}

/** Details that JSON can say; bytes and big integers do not belong into problem details. */
function plainDetails(details: object): Record<string, unknown> {
  const isPlain = (value: unknown): boolean =>
    ['string', 'number', 'boolean'].includes(typeof value) || (Array.isArray(value) && value.every(isPlain))
  return Object.fromEntries(Object.entries(details).filter(([, value]) => isPlain(value)))
}
