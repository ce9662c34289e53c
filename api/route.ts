import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { ApiScope } from './api-key.ts'
import type { Downloads } from './downloads.ts'
import type { EventStreams } from './event-streams.ts'
import type { NodeView } from './node-view.ts'
import type { Uploads } from './uploads.ts'
import type { Viewer } from './views/access.ts'
import type { Principal } from './views/accounts.ts'

/** Who may call a route: anybody, every valid key, or keys with one of these scopes. */
export type RouteAccess = 'open' | 'any-key' | readonly ApiScope[]

/** Which listener has a route: the one of users and strangers, the operator's, or both. */
type RouteListener = 'public' | 'operator' | 'both'

/** One answer of a route, for the documentation and the contract test; answers are not checked as they are sent. */
export type RouteAnswer = {
  readonly description: string
  /** Shape of a JSON answer; absent for other media types and for empty answers. */
  readonly schema?: z.ZodType
  /** Media types of an answer that is not JSON. */
  readonly contentTypes?: readonly string[]
  /** Headers beside the ones that every answer has, with what they say. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a route is called with; every part has passed its shape. */
type RouteCall<A extends RouteAccess, P, Q, H, B> = {
  readonly params: P
  readonly query: Q
  readonly headers: H
  readonly body: B
  /** Whose key it is; on open routes nobody's. */
  readonly principal: A extends 'open' ? undefined : Principal
  /** Whose bills may be shown: the public's on open routes. */
  readonly viewer: Viewer
  /** Aborted when the client goes away before its answer is written. */
  readonly signal: AbortSignal
  /** False once the key has ended: asked again and again where an answer goes on for long. */
  readonly isKeyValid: () => boolean
  readonly requestId: string
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What the server itself has for its routes. */
export type RouteServices = {
  readonly uploads: Uploads
  readonly downloads: Downloads
  readonly streams: EventStreams
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined

/** A route as it is written down: see `routes/index.ts`. */
export type RouteInit<
  A extends RouteAccess,
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  H extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As OpenAPI writes it: `/v1/bills/{cid}`; a last `{*}` takes all that follows. */
  readonly path: string
  /** @default 'public' */
  readonly listener?: RouteListener
  /** Unique, camelCase: the name of the operation in generated clients. */
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly access: A
  readonly params?: P
  /** Strict: a parameter that is not in it is an error that names it. */
  readonly query?: Q
  /** Request headers in lower case; others are left alone. */
  readonly headers?: H
  /** Shape of a JSON body. */
  readonly body?: B
  /**
   * The shape documents the body, and the handler gets its text as `request.body`: for requests where the digits of a number
   * count, not its binary value. @default false
   */
  readonly isBodyText?: boolean
  /** Most bytes of the body. @default 65_536 */
  readonly bodyBytes?: number
  /** The handler reads the stream `request.body` itself, within its own limits; documented by `requestTypes`. */
  readonly isUpload?: boolean
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** Codes that this route can answer with, beside those that follow from access, shapes and limits. */
  readonly problems: readonly string[]
  /** False where the answer must go out as it is: files, events. @default true */
  readonly compress?: boolean
  /** True where the JSON answer changes rarely: it has an ETag, and who has it gets 304. */
  readonly hasETag?: boolean
  /** @returns the JSON answer (200 unless `reply.code` said otherwise), or the reply after `reply.send`. */
  readonly handle: (
    call: RouteCall<A, Output<P>, Output<Q>, Output<H>, Output<B>>,
    node: NodeView,
    services: RouteServices,
  ) => Promise<object> | object
}

/** A route of any shape. */
export type Route = RouteInit<
  RouteAccess,
  z.ZodType | undefined,
  z.ZodType | undefined,
  z.ZodObject | undefined,
  z.ZodType | undefined
>

/** A route whose handler sees the types of its own shapes. */
export function defineRoute<
  const A extends RouteAccess,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(route: RouteInit<A, P, Q, H, B>): Route {
  // The server calls the handler only with what these very shapes gave: its narrower parameters are met.
  return route as unknown as Route
}
