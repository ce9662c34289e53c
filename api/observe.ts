import type { FastifyInstance } from 'fastify'
import type { StatusView } from './views/status.ts'

/** Name of requests that no route takes: their paths are a stranger's, and would be a label each. */
const NO_ROUTE = 'none'

/** Tells the node of each answered request, by the route as it is written down. */
export function observeRequests(server: FastifyInstance, node: Pick<StatusView, 'observeRequest'>): void {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.config.route?.path ?? NO_ROUTE
    node.observeRequest({ route, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 })
    done()
  })
}
