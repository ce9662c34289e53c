import { fastify } from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import { errorCodeOf, LIMITS } from '#protocol'
import { ApiError } from './api-error.ts'
import type { ApiKeyRecord } from './api-key.ts'
import { REQUEST_TIMEOUT_MS, STOP_GRACE_MS } from './constants.ts'
import type { NodeView } from './node-view.ts'
import { problemOf } from './problem.ts'
import { registerRoutes } from './routes.ts'

/** Options of the API. */
export type ApiServerInit = {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** A UUID for each request. */
  readonly createRequestId: () => string
}

/** What the API tells its log. */
export type ApiLog = {
  /** A request that failed because of the node. */
  error(fields: object, event: string): void
  /** A request that was refused. */
  debug(fields: object, event: string): void
}

/** What the API needs. */
export type ApiServerComponents = {
  readonly node: NodeView
  readonly keys: () => readonly ApiKeyRecord[]
  readonly log: ApiLog
}

/** The HTTP API of one node. */
export class ApiServer {
  readonly #init: ApiServerInit
  readonly #server: FastifyInstance

  constructor(init: ApiServerInit, components: ApiServerComponents) {
    this.#init = init
    this.#server = createServer(init, components)
  }

  /** Base URL that the API answers at; only after `start`. */
  get url(): string {
    const address = this.#server.server.address()
    if (address === null || typeof address === 'string') throw new TypeError('the API is not started')
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
    return `http://${host}:${address.port}`
  }

  async start(): Promise<void> {
    await this.#server.listen({ host: this.#init.host, port: this.#init.port })
  }

  /** Takes no new requests, lets running ones end for a moment, and closes. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#server.server.closeAllConnections(), STOP_GRACE_MS)
    await this.#server.close()
    clearTimeout(timer)
  }
}

function createServer(init: ApiServerInit, components: ApiServerComponents): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: LIMITS.billBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    genReqId: () => init.createRequestId(),
  })
  // A bill has any format: every body is bytes, whatever its content type says.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  server.setErrorHandler((thrown: FastifyError, request, reply) => {
    const known = fromFastify(thrown)
    const problem = problemOf(known, `urn:uuid:${request.id}`)
    const fields = {
      requestId: request.id,
      method: request.method,
      path: request.url.split('?')[0],
      code: problem.code,
    }
    // 503 is a queue that is full or a node that stops: the client tries again, the operator has nothing to do.
    if (problem.status >= 500 && problem.status !== 503)
      components.log.error({ ...fields, err: known }, 'request failed')
    else components.log.debug(fields, 'request refused')
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="kwitness"')
    return reply
      .code(problem.status)
      .type('application/problem+json')
      .send(Buffer.from(JSON.stringify(problem)))
  })
  server.setNotFoundHandler((request) => {
    throw new ApiError(`no route ${request.method} ${request.url.split('?')[0]}`, { code: 'ERR_API_ROUTE' })
  })
  registerRoutes(server, components)
  return server
}

/** Errors of the framework in our codes; others as they are. */
function fromFastify(thrown: FastifyError): unknown {
  if (errorCodeOf(thrown) !== 'ERR_INTERNAL' || thrown.code === undefined) return thrown
  if (thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limitBytes = LIMITS.billBytes
    return new ApiError(`the body has more than ${limitBytes} bytes`, { code: 'ERR_API_TOO_LARGE', limitBytes })
  }
  if (thrown.code.startsWith('FST_') && (thrown.statusCode ?? 500) < 500) {
    return new ApiError(thrown.message, { code: 'ERR_API_REQUEST', place: 'request' }, { cause: thrown })
  }
  return thrown
}
