/**
 * A client of a node's HTTP API, for programs in browsers and in Node: `fetch`, and nothing else. The command line uses it.
 *
 * At run time it imports nothing but its own files; the shapes of answers are types of `#api`, which are gone by then.
 */
export type { JsonObject } from './answer.ts'
export { ClientError } from './client-error.ts'
export type { ClientFailure, ClientFailureKind } from './client-error.ts'
export { MAX_BILL_BYTES } from './constants.ts'
export { KwitnessClient } from './kwitness-client.ts'
export type { BillBytes, NewBill } from './new-bill.ts'
export { NodeClient } from './node-client.ts'
export { OperatorClient } from './operator-client.ts'
export type { KeyListQuery, MadeKey, PartQuery } from './operator-client.ts'
export { WEB_PLATFORM } from './platform.ts'
export type { Platform } from './platform.ts'
export { DEFAULT_RETRY } from './retry.ts'
export type { RetryPolicy } from './retry.ts'
export type { CallOptions, ClientInit } from './transport.ts'
export type * from './types.ts'
