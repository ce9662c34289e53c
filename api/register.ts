import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { etagOf, sendVersion } from './etag.ts'
import { authorise, identify, viewerOf } from './auth.ts'
import { readJson, readText } from './body.ts'
import { DEFAULT_BODY_BYTES } from './constants.ts'
import type { NodeView } from './node-view.ts'
import type { Route, RouteServices } from './route.ts'
import { parseShape } from './shapes.ts'
import type { KeyRing, Principal } from './views/accounts.ts'

declare module 'fastify' {
  // Declarations of a module merge only as interfaces.
  interface FastifyRequest {
    /** Whose key the request carries: set first of all, `undefined` without a valid key. */
    principal: Principal | undefined
  }
  interface FastifyContextConfig {
    route?: Route
  }
}

/** What the routes need. */
export type RouteComponents = { readonly node: NodeView; readonly keys: KeyRing; readonly services: RouteServices }

/** Puts routes on a server. Keys are checked before a body is read. */
export function registerRoutes(server: FastifyInstance, routes: readonly Route[], components: RouteComponents): void {
  server.setValidatorCompiler(({ schema }) => (value: unknown) => {
    try {
      return { value: parseShape(schema as unknown as z.ZodType, value) }
    } catch (thrown) {
      return { error: thrown instanceof Error ? thrown : new Error('not of the shape', { cause: thrown }) }
    }
  })
  for (const route of routes) registerRoute(server, route, components)
}

function registerRoute(server: FastifyInstance, route: Route, { node, keys, services }: RouteComponents): void {
  server.route({
    method: route.method,
    url: pathOf(route),
    config: { route },
    ...(route.compress === false ? { compress: false } : {}),
    schema: schemaOf(route),
    onRequest: (request, _reply, done) => {
      authorise(route.access, request, request.principal)
      // Nobody reads a body of these: it would be held for as long as their answer takes, a stream of events for hours.
      if (route.method === 'GET') request.raw.resume()
      done()
    },
    preValidation: async (request) => {
      if (route.body === undefined) return
      const read = route.isBodyText === true ? readText : readJson
      request.body = await read(request, route.bodyBytes ?? DEFAULT_BODY_BYTES)
      // A body comes in for minutes if its client likes: what was revoked meanwhile counts.
      authorise(route.access, request, identify(keys, request))
    },
    handler: async (request, reply) => {
      // What a key opens is for who has the key; a handler says so itself where others may keep an answer.
      if (route.access !== 'open') reply.header('cache-control', 'private, no-store')
      const answer = await route.handle(callOf(request, reply, keys), node, services)
      // A plain object is the answer; the reply itself says that it was sent.
      if (route.hasETag !== true || answer === reply) return answer
      const body = JSON.stringify(answer)
      const cacheControl = route.access === 'open' ? 'no-cache' : 'private, no-cache'
      return sendVersion(request, reply.type('application/json; charset=utf-8'), {
        etag: etagOf(body),
        cacheControl,
        body,
      })
    },
  })
}

/** A route's path as the server takes it. */
export function pathOf({ path }: Route): string {
  return path.replace('{*}', '*').replaceAll(/\{(\w+)\}/g, ':$1')
}

// The answers are not in the schema: they are written by JSON.stringify alone, and held to their shapes by a test.
/** Shapes of a route's request. */
export function schemaOf(route: Route): object {
  return {
    ...(route.params === undefined ? {} : { params: route.params }),
    // A route without parameters refuses all: a misspelt one must not be taken for granted.
    querystring: route.query ?? z.strictObject({}),
    ...(route.headers === undefined ? {} : { headers: z.looseObject(route.headers.shape) }),
    ...(route.body === undefined || route.isBodyText === true ? {} : { body: route.body }),
  }
}

function callOf(request: FastifyRequest, reply: FastifyReply, keys: KeyRing): Parameters<Route['handle']>[0] {
  let signal: AbortSignal | undefined
  const { principal } = request
  return {
    params: request.params,
    query: request.query,
    headers: { ...request.headers },
    body: request.body,
    principal,
    viewer: viewerOf(principal),
    get signal() {
      signal ??= signalOf(reply)
      return signal
    },
    isKeyValid: () => identify(keys, request) !== undefined,
    requestId: request.id,
    request,
    reply,
  }
}

/**
 * Aborted when the client goes away before its answer is written. Fastify's own `request.signal` is aborted as soon as the
 * body has been read, which ends the work of every submission.
 */
function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // Gone before its key was looked up: nothing will tell so again.
  if (reply.raw.destroyed) gone.abort()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}
