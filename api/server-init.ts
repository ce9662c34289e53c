import type { StreamTimes } from './event-streams.ts'
import type { ApiLog } from './failures.ts'
import type { NodeView } from './node-view.ts'
import type { Pace } from './pace.ts'
import type { Rates } from './rates.ts'
import type { KeyRing } from './views/accounts.ts'

/** Options of one listener. */
export type ApiServerInit = Rates & {
  /** The listener of users and strangers, or the operator's. @default 'public' */
  readonly kind?: 'public' | 'operator'
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** PEM texts; with them the listener speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Web origins whose pages may call the API; `*` is all. */
  readonly corsOrigins: readonly string[]
  /** Addresses or ranges of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxies: readonly string[]
  /** Folder for large bodies on their way in; the public listener empties it at its start. */
  readonly uploadsDir: string
  /** Times of event streams that are not as `event-streams.ts` has them; tests are in a hurry. */
  readonly streamTimes?: Partial<StreamTimes>
  /** Open connections in all. @default 4096 */
  readonly maxConnections?: number
  /** Time in which nothing moves on a connection before it is closed. @default 120_000 */
  readonly stallMs?: number
  /** How slow clients may be, where that is not as `pace.ts` has it; tests are in a hurry. */
  readonly pace?: Partial<Pace>
  /** A UUID, for each request and each upload. */
  readonly createId: () => string
}

/** What the API needs. */
export type ApiServerComponents = {
  readonly node: NodeView
  readonly keys: KeyRing
  readonly log: ApiLog
}
