import compress from '@fastify/compress'
import cors from '@fastify/cors'
import multipart from '@fastify/multipart'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { limitConnections } from './connections.ts'
import { ApiError } from './api-error.ts'
import {
  COMPRESS_FROM_BYTES,
  CONNECTION_CHECK_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS,
  MAX_HEAD_BYTES,
  MAX_PARAMETER,
  REQUEST_TIMEOUT_MS,
  STALL_MS,
} from './constants.ts'
import { registerDocs } from './docs.ts'
import { Downloads } from './downloads.ts'
import { EventStreams } from './event-streams.ts'
import { answerClientError, answerFailure, registerFailures } from './failures.ts'
import type { ApiLog } from './failures.ts'
import { keepPace } from './pace.ts'
import { observeRequests } from './observe.ts'
import { refuseOtherHosts } from './own-host.ts'
import { registerCallers } from './rates.ts'
import { registerRoutes } from './register.ts'
import { routesOf } from './routes/index.ts'
import type { ApiServerComponents, ApiServerInit } from './server-init.ts'
import type { Uploads } from './uploads.ts'

/** A listener with all its routes and limits; it does not listen yet. */
export async function createListener(
  init: ApiServerInit,
  { node, keys, log }: ApiServerComponents,
  uploads: Uploads,
): Promise<FastifyInstance> {
  const kind = init.kind ?? 'public'
  const server = createFastify(init, log)
  registerFailures(server, log)
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    refuseTwoHosts(request)
    done()
  })
  const streams = new EventStreams(keys, init.streamTimes)
  server.addHook('preClose', (done) => {
    streams.stop()
    done()
  })
  keepPace(server, init.pace)
  observeRequests(server, node)
  if (kind === 'operator') refuseOtherHosts(server, init.host)
  await registerCallers(server, keys, init)
  await registerCors(server, init.corsOrigins)
  await server.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: COMPRESS_FROM_BYTES,
    // A small body can be a large one inside: bodies are taken as they are.
    globalDecompression: false,
  })
  await server.register(multipart)
  // Nothing else is parsed by its content type: a bill has any format, and a route with a JSON body reads it itself, within
  // its own limit.
  server.removeContentTypeParser(['application/json', 'text/plain'])
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  registerRoutes(server, routesOf(kind, { gateway: node.blocks !== undefined }), {
    node,
    keys,
    services: { uploads, downloads: new Downloads(), streams },
  })
  await registerDocs(server, kind)
  limitConnections(server.server, init.trustProxies, init.maxConnections ?? MAX_CONNECTIONS)
  return server
}

// RFC 9112, 3.2: Node takes the first of several, and a proxy before us may have taken the last.
function refuseTwoHosts({ raw }: FastifyRequest): void {
  const names = raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host')
  if (names.length > 1) throw new ApiError('the request has more than one host', { code: 'ERR_API_MALFORMED' })
}

function createFastify(init: ApiServerInit, log: ApiLog): FastifyInstance {
  const http = { maxHeaderSize: MAX_HEAD_BYTES, connectionsCheckingInterval: CONNECTION_CHECK_MS }
  const server = fastify({
    logger: false,
    ...(init.tls === undefined ? { http } : { https: { ...http, ...init.tls } }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: init.stallMs ?? STALL_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAMETER },
    trustProxy: init.trustProxies.length === 0 ? false : [...init.trustProxies],
    genReqId: (request) => requestIdOf(request.headers['x-request-id']) ?? init.createId(),
    frameworkErrors: (error, request, reply) => {
      answerFailure(error, request, reply, log)
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, init.createId()),
  }) as FastifyInstance
  server.server.headersTimeout = HEADERS_TIMEOUT_MS
  return server
}

// A client may name its request by a UUID of its own; anything else would stand in logs and answers as it likes.
function requestIdOf(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(header)) return undefined
  return header.toLowerCase()
}

async function registerCors(server: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  await server.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-none-match',
      'last-event-id',
      'range',
      'x-request-id',
    ],
    exposedHeaders: [
      'content-disposition',
      'content-range',
      'etag',
      'idempotency-replayed',
      'location',
      'ratelimit-limit',
      'ratelimit-remaining',
      'ratelimit-reset',
      'retry-after',
      'x-ipfs-path',
      'x-ipfs-roots',
      'x-kwitness-sealed',
      'x-request-id',
    ],
    maxAge: 600,
  })
}
