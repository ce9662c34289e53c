import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { findApiKey } from './api-key.ts'
import type { ApiKeyRecord, ApiScope } from './api-key.ts'
import type { NodeView } from './node-view.ts'
import { parseCidParameter, parseEntry, parseLimit, parseOrdinal, parseSubmission } from './request.ts'

/** What the routes need. */
export type RouteComponents = {
  readonly node: NodeView
  /** The keys that are valid now. */
  readonly keys: () => readonly ApiKeyRecord[]
}

/** Registers every route of the API. Keys are checked before a body is read. */
export function registerRoutes(server: FastifyInstance, components: RouteComponents): void {
  const { node } = components
  const needs = (scope: ApiScope): { onRequest: (request: FastifyRequest) => Promise<void> } => ({
    onRequest: async (request) => {
      authenticate(components, request, scope)
    },
  })

  server.get('/healthz', async (_request, reply) => {
    const health = node.health()
    return reply.code(health.ok ? 200 : 503).send(health)
  })

  server.post('/v1/bills', needs('submit'), async (request, reply) => {
    const query = parseSubmission(request)
    const { account } = authenticate(components, request, 'submit')
    const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
    const status = await node.submitBill({ ...query, bytes, accountId: account }, signalOf(reply))
    // 202 only now: submitBill has made the bill durable.
    return reply.code(202).header('location', `/v1/bills/${status.cid}`).send(status)
  })

  server.get('/v1/bills', needs('read'), async (request) => ({ bills: await node.listBills(parseLimit(request)) }))

  server.get('/v1/bills/:cid', needs('read'), async (request) => {
    const cid = parseCidParameter(request)
    return (await node.findStatus(cid)) ?? unknownBill(cid)
  })

  server.get('/v1/bills/:cid/file', needs('read'), async (request, reply) => {
    const cid = parseCidParameter(request)
    const { account } = authenticate(components, request, 'read')
    return sendBill((await node.readBill(cid, signalOf(reply), account)) ?? unknownBill(cid), reply)
  })

  server.get('/v1/bills/:cid/proof', needs('read'), async (request, reply) => {
    const { account } = authenticate(components, request, 'read')
    return sendProof(node, request, reply, account)
  })

  server.get('/v1/bills/:cid/facts', needs('read'), async (request) => {
    const cid = parseCidParameter(request)
    const { account, scopes } = authenticate(components, request, 'read')
    const access = { accountId: account, isReviewer: scopes.includes('review') }
    const bills = await node.findReviewed(cid, access)
    if (bills !== undefined) return { bills }
    throw new ApiError(`bill ${cid} has no facts that people read, or not for this key`, {
      code: 'ERR_API_NOT_REVIEWED',
      cid,
    })
  })

  registerReviewRoutes(server, components, needs('review'))

  // Without a key: a public bill, and the proof of any bill, of which a sealed one shows its leaf only.
  server.get('/v1/files/:cid', async (request, reply) => {
    const cid = parseCidParameter(request)
    const status = (await node.findStatus(cid)) ?? unknownBill(cid)
    if (status.visibility !== 'public') {
      throw new ApiError(`bill ${cid} is sealed; it needs a key`, { code: 'ERR_API_SEALED', cid })
    }
    return sendBill((await node.readBill(cid, signalOf(reply))) ?? unknownBill(cid), reply)
  })

  server.get('/v1/proofs/:cid', async (request, reply) => sendProof(node, request, reply))

  server.get('/v1/peers', needs('read'), async () => ({ peers: node.peers(), refusals: node.refusals() }))
}

// A bill under review is open to the auditor's own people, sealed or not: reading it is what they are asked for.
function registerReviewRoutes(
  server: FastifyInstance,
  { node }: RouteComponents,
  access: { onRequest: (request: FastifyRequest) => Promise<void> },
): void {
  server.get('/v1/reviews', access, async () => ({ reviews: await node.listReviews() }))

  server.get('/v1/reviews/:cid', access, async (request, reply) =>
    node.showReview(parseCidParameter(request), signalOf(reply)),
  )

  server.get('/v1/reviews/:cid/file', access, async (request, reply) =>
    sendBill({ bytes: await node.readReview(parseCidParameter(request), signalOf(reply)), sealed: false }, reply),
  )

  server.put('/v1/reviews/:cid/entry', access, async (request, reply) =>
    node.enterReview(parseCidParameter(request), parseEntry(request), signalOf(reply)),
  )

  server.delete('/v1/reviews/:cid/entry', access, async (request) => node.withdrawReview(parseCidParameter(request)))
}

/**
 * Aborted when the client goes away before its answer is written. Fastify's own `request.signal` is aborted as soon as the
 * body has been read, which ends the work of every submission.
 */
function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}

function sendBill(bill: { readonly bytes: Uint8Array; readonly sealed: boolean }, reply: FastifyReply): FastifyReply {
  // A bill is a stranger's file: never shown in place, never sniffed, never kept by a cache.
  return reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', 'attachment')
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'private, no-store')
    .header('x-kwitness-sealed', String(bill.sealed))
    .send(Buffer.from(bill.bytes))
}

async function sendProof(
  node: NodeView,
  request: FastifyRequest,
  reply: FastifyReply,
  accountId?: string,
): Promise<FastifyReply> {
  const cid = parseCidParameter(request)
  const proof = await node.findProof(cid, signalOf(reply), parseOrdinal(request), accountId)
  if (proof !== undefined) return reply.header('content-type', 'application/json').send(Buffer.from(proof))
  const status = (await node.findStatus(cid)) ?? unknownBill(cid)
  throw new ApiError(`bill ${cid} is ${status.state}: it has no such proof yet`, {
    code: 'ERR_API_PROOF_PENDING',
    cid,
    state: status.state,
  })
}

function authenticate(components: RouteComponents, request: FastifyRequest, scope: ApiScope): ApiKeyRecord {
  const [, text] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (text === undefined) {
    throw new ApiError('no key: send the header Authorization: Bearer kw_…', { code: 'ERR_API_KEY_MISSING' })
  }
  const key = findApiKey(components.keys(), text)
  if (key === undefined) throw new ApiError('the key is not valid here', { code: 'ERR_API_KEY_WRONG' })
  if (!key.scopes.includes(scope)) {
    throw new ApiError(`key ${key.id} lacks the scope ${scope}`, { code: 'ERR_API_SCOPE', scope })
  }
  return key
}

function unknownBill(cid: string): never {
  throw new ApiError(`no bill ${cid} here`, { code: 'ERR_API_BILL_UNKNOWN', cid })
}
