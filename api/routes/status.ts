import { defineRoute } from '../route.ts'
import { nodeStatus, readiness } from '../schemas/status.ts'

/** A quorum is back within seconds, or not for long. */
const RETRY_AFTER_S = 5

/** How the node is: for balancers, operators and Prometheus. */
export const statusRoutes = [
  defineRoute({
    method: 'GET',
    path: '/readyz',
    listener: 'both',
    operationId: 'getReadiness',
    summary: 'The node can take bills that will be certified',
    description:
      'Answers 503 while the node is starting or stopping, without a quorum of its committee, with a full disk or queue.',
    tag: 'Node',
    access: 'open',
    answers: {
      200: { description: 'It is ready', schema: readiness },
      503: { description: 'It is not, and why', schema: readiness, headers: { 'Retry-After': 'Seconds' } },
    },
    problems: [],
    handle: ({ reply }, node) => {
      const answer = node.readiness()
      if (!answer.ready) reply.code(503).header('retry-after', String(RETRY_AFTER_S))
      // A balancer that remembers would send bills to a node that cannot take them.
      reply.header('cache-control', 'no-store')
      return answer
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/status',
    listener: 'both',
    operationId: 'getStatus',
    summary: 'How the node is: everything for operators, else its health',
    tag: 'Node',
    access: ['bills:read', 'admin'],
    answers: { 200: { description: 'State of the node', schema: nodeStatus } },
    problems: [],
    handle: async ({ viewer }, node) =>
      viewer.all ? node.status() : { ...node.health(), ready: node.readiness().ready },
  }),
  defineRoute({
    method: 'GET',
    path: '/metrics',
    listener: 'operator',
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    tag: 'Node',
    access: 'open',
    answers: { 200: { description: 'Prometheus text format 0.0.4', contentTypes: ['text/plain'] } },
    problems: [],
    handle: async ({ reply }, node) => {
      const { contentType, text } = await node.metrics()
      return reply.type(contentType).header('cache-control', 'no-store').send(text)
    },
  }),
]
