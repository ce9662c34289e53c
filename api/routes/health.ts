import { defineRoute } from '../route.ts'
import { nodeHealth } from '../schemas/node.ts'

/** Whether the process lives, and whether it can do its work: for load balancers and supervisors. */
export const healthRoutes = [
  defineRoute({
    method: 'GET',
    path: '/healthz',
    listener: 'both',
    operationId: 'getHealth',
    summary: 'The process lives',
    description:
      'Answers 200 as long as the process answers at all; whether it can certify bills is told by `/readyz`.',
    tag: 'Node',
    access: 'open',
    answers: { 200: { description: 'It lives', schema: nodeHealth } },
    problems: [],
    handle: (_call, node) => node.health(),
  }),
]
