import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorCodeOf } from '#protocol'
import { ApiError } from './api-error.ts'
import { withoutSecrets } from './api-key.ts'
import { LAST_WORDS_MS, LINGER_BYTES, RETRY_AFTER_S } from './constants.ts'
import { problemOf } from './problem.ts'
import type { Problem } from './problem.ts'

/** What the API tells its log. */
export type ApiLog = {
  /** A request that failed because of the node. */
  error(fields: object, event: string): void
  /** A request that was refused. */
  debug(fields: object, event: string): void
}

const PROBLEM_TYPE = 'application/problem+json'

/** Answers everything that is thrown, and every path that is no route, with problem details. */
export function registerFailures(server: FastifyInstance, log: ApiLog): void {
  server.setErrorHandler((thrown: FastifyError, request, reply) => answerFailure(thrown, request, reply, log))
  server.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0] ?? ''
    throw new ApiError(`no route ${request.method} ${path.slice(0, 256)}`, { code: 'ERR_API_ROUTE' })
  })
}

/** Answers one failure. */
export function answerFailure(
  thrown: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: ApiLog,
): FastifyReply {
  const known = request.socket.destroyed ? gone(thrown) : fromFramework(thrown)
  const problem = problemOf(known, `urn:uuid:${request.id}`)
  const fields = {
    requestId: request.id,
    method: request.method,
    path: withoutSecrets(request.url.split('?')[0] ?? ''),
    code: problem.code,
  }
  // 503 is a queue that is full or a node that stops: the client tries again, the operator has nothing to do.
  if (problem.status >= 500 && problem.status !== 503) log.error({ ...fields, err: known }, 'request failed')
  else log.debug(fields, 'request refused')
  linger(request)
  return (
    reply
      .code(problem.status)
      .headers(headersOf(problem))
      .type(PROBLEM_TYPE)
      // Bytes: what was refused is never held to the shapes of what is answered.
      .send(Buffer.from(withoutSecrets(JSON.stringify(problem))))
  )
}

/** Answers what is no request at all: the connection has no reply yet. */
export function answerClientError(error: { readonly code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const problem = {
    ...problemOf(
      status === 408
        ? new ApiError('the request came too slowly', { code: 'ERR_API_GONE' })
        : new ApiError('not a request that this server reads', { code: 'ERR_API_MALFORMED' }),
      `urn:uuid:${requestId}`,
    ),
    status,
    title: STATUS_CODES[status] ?? 'Error',
  }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${problem.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // A client that goes on sending would keep its half of the connection open.
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS)
  socket.once('close', () => clearTimeout(timer))
}

function headersOf(problem: Problem): Record<string, string> {
  const { retryAfterS } = problem
  const isTemporary = problem.status === 429 || problem.status === 503
  return {
    'cache-control': 'no-store',
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer realm="kwitness"' } : {}),
    ...(isTemporary ? { 'retry-after': String(typeof retryAfterS === 'number' ? retryAfterS : RETRY_AFTER_S) } : {}),
  }
}

// Who is refused while it still sends would not see why if the connection were cut: the rest is read and thrown away, up to
// a bound.
function linger(request: FastifyRequest): void {
  const { raw } = request
  if (raw.complete || raw.destroyed) return
  let left = LINGER_BYTES
  raw.unpipe()
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength
    if (left < 0) raw.destroy()
  })
  raw.on('error', () => {})
  raw.resume()
}

function gone(cause: Error): ApiError {
  return new ApiError('the client went away', { code: 'ERR_API_GONE' }, { cause })
}

/** Errors of the framework in our codes; others as they are. */
function fromFramework(thrown: FastifyError): unknown {
  if (errorCodeOf(thrown) !== 'ERR_INTERNAL' || thrown.code === undefined) return thrown
  if (thrown.code.startsWith('FST_') && (thrown.statusCode ?? 500) < 500) {
    return new ApiError(thrown.message, { code: 'ERR_API_REQUEST', place: 'request' }, { cause: thrown })
  }
  if (thrown.code === 'ENOSPC') {
    return new ApiError('the disk has no room for the upload', { code: 'ERR_API_DISK_FULL' }, { cause: thrown })
  }
  return thrown
}
