import type { FastifyError, FastifyInstance } from 'fastify'
import { errorCodeOf } from '#protocol'
import { ApiError } from './api-error.ts'
import { problemOf } from './problem.ts'
import type { ApiLog } from './server.ts'

/** Answers everything that is thrown, and every path that is no route, with problem details. */
export function registerFailures(server: FastifyInstance, log: ApiLog): void {
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
    if (problem.status >= 500 && problem.status !== 503) log.error({ ...fields, err: known }, 'request failed')
    else log.debug(fields, 'request refused')
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="kwitness"')
    return reply
      .code(problem.status)
      .type('application/problem+json')
      .send(Buffer.from(JSON.stringify(problem)))
  })
  server.setNotFoundHandler((request) => {
    throw new ApiError(`no route ${request.method} ${request.url.split('?')[0]}`, { code: 'ERR_API_ROUTE' })
  })
}

/** Errors of the framework in our codes; others as they are. */
function fromFastify(thrown: FastifyError): unknown {
  if (errorCodeOf(thrown) !== 'ERR_INTERNAL' || thrown.code === undefined) return thrown
  if (thrown.code.startsWith('FST_') && (thrown.statusCode ?? 500) < 500) {
    return new ApiError(thrown.message, { code: 'ERR_API_REQUEST', place: 'request' }, { cause: thrown })
  }
  return thrown
}
