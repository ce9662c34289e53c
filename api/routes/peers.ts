import { defineRoute } from '../route.ts'
import { peersAnswer } from '../schemas/node.ts'

/** Who is connected to the node. */
export const peerRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/peers',
    listener: 'both',
    operationId: 'listPeers',
    summary: 'Connected auditors, and peers that were turned away',
    tag: 'Node',
    access: ['bills:read', 'admin'],
    answers: { 200: { description: 'Peers and refusals', schema: peersAnswer } },
    problems: [],
    handle: (_call, node) => ({ peers: node.peers(), refusals: node.refusals() }),
  }),
]
