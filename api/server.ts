import { fastify } from 'fastify'
import type { FastifyInstance } from 'fastify'
import { STOP_GRACE_MS, REQUEST_TIMEOUT_MS } from './constants.ts'
import type { NodeView } from './node-view.ts'
import { registerFailures } from './failures.ts'
import { registerIdentity, registerRoutes } from './register.ts'
import { ROUTES } from './routes/index.ts'
import type { KeyRing } from './views/accounts.ts'

/** Options of one listener. */
export type ApiServerInit = {
  /** The listener of users and strangers, or the operator's. @default 'public' */
  readonly kind?: 'public' | 'operator'
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
  readonly keys: KeyRing
  readonly log: ApiLog
}

/** One listener of a node's HTTP API. */
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
  const kind = init.kind ?? 'public'
  const server = fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    genReqId: () => init.createRequestId(),
  })
  // Nothing is parsed by its content type: a bill has any format, and a route with a JSON body reads it itself, within
  // its own limit.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  registerFailures(server, components.log)
  registerIdentity(server, components.keys)
  registerRoutes(
    server,
    ROUTES.filter(({ listener = 'public' }) => listener === kind || listener === 'both'),
    components.node,
  )
  return server
}
