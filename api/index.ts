/**
 * HTTP API of a node. It sees the node through `node-view.ts`, which it declares itself.
 *
 * Every body is raw bytes, every failure is a problem detail (RFC 9457) with our codes, every route but `/healthz`,
 * public bills and undisclosed proofs needs a key.
 */
export { ApiError } from './api-error.ts'
export type { ApiFailure } from './api-error.ts'
export { API_SCOPES, apiKeyRecordShape, createApiKey, findApiKey } from './api-key.ts'
export type { ApiKeyInit, ApiKeyRecord, ApiScope } from './api-key.ts'
export type * from './node-view.ts'
export type * from './views/access.ts'
export type * from './views/accounts.ts'
export type * from './views/blocks.ts'
export type * from './views/events.ts'
export type * from './views/region.ts'
export type * from './views/status.ts'
export { problemOf, statusOfCode } from './problem.ts'
export type { Problem } from './problem.ts'
export { ApiServer } from './server.ts'
export type { ApiLog, ApiServerComponents, ApiServerInit } from './server.ts'
