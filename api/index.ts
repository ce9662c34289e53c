/**
 * HTTP API of a node. It sees the node through `node-view.ts` and `views/`, which it declares itself.
 *
 * Two listeners: one for users and strangers, one for the operator. Every failure is a problem detail (RFC 9457) with our
 * codes; what needs a key and which scope is written with each route (`routes/index.ts`, which also tells how to add one).
 */
export { ApiError } from './api-error.ts'
export type { ApiFailure } from './api-error.ts'
export { API_SCOPES, apiKeyRecordShape, createApiKey, findApiKey, parseApiKey } from './api-key.ts'
export type { ApiKeyInit, ApiKeyRecord, ApiKeyText, ApiScope } from './api-key.ts'
export type * from './node-view.ts'
export type * from './views/access.ts'
export type * from './views/accounts.ts'
export type * from './views/blocks.ts'
export type * from './views/disclosure.ts'
export type * from './views/events.ts'
export type * from './views/idempotency.ts'
export type * from './views/region.ts'
export type * from './views/status.ts'
export { buildOpenApi } from './openapi.ts'
export { OPENAPI_FILES, problemCodesOf } from './openapi-document.ts'
export { problemOf, statusOfCode } from './problem.ts'
export type { Problem } from './problem.ts'
export { ROUTES } from './routes/index.ts'
export type { Route, RouteAccess, RouteAnswer } from './route.ts'
export { ApiServer } from './server.ts'
export type { ApiLog } from './failures.ts'
export type { ApiServerComponents, ApiServerInit } from './server-init.ts'
export { createStaticKeyRing } from './static-key-ring.ts'
