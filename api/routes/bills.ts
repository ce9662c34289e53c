import { ApiError } from '../api-error.ts'
import { NOT_MODIFIED } from '../etag.ts'
import { defineRoute } from '../route.ts'
import { billsQuery, billStatus, reviewedFacts } from '../schemas/bills.ts'
import { cidParams, pageOf, proofQuery } from '../schemas/common.ts'
import { FILE_ANSWER, PROOF_ANSWER, readFile, sendFile, sendProof, unknownBill } from './sending.ts'

const UNKNOWN = 'ERR_API_BILL_UNKNOWN'

/** Bills of an account, to read. */
export const billRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/bills',
    operationId: 'listBills',
    summary: 'Bills of the account, newest first',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    query: billsQuery,
    answers: { 200: { description: 'A page of bills', schema: pageOf(billStatus) } },
    problems: ['ERR_API_CURSOR'],
    handle: async ({ query: { state, from, to, limit, cursor }, viewer }, node) =>
      node.pageBills(
        {
          limit,
          ...(cursor === undefined ? {} : { cursor }),
          ...(state === undefined ? {} : { state }),
          ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
          ...(to === undefined ? {} : { toMs: Date.parse(to) }),
        },
        viewer,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills/{cid}',
    operationId: 'getBill',
    summary: 'State of a bill',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    params: cidParams,
    answers: { 200: { description: 'State of the bill and of its claims', schema: billStatus } },
    problems: [UNKNOWN],
    handle: async ({ params, viewer }, node) => (await node.findStatus(params.cid, viewer)) ?? unknownBill(params.cid),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills/{cid}/file',
    operationId: 'getBillFile',
    summary: 'Bytes of a bill, opened for the account that handed it in',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    params: cidParams,
    answers: { 200: FILE_ANSWER },
    problems: [UNKNOWN, 'ERR_API_BILL_WITHDRAWN', 'ERR_API_DOWNLOADS'],
    compress: false,
    handle: async (call, node, { downloads }) => {
      const { params, principal, viewer, signal, reply } = call
      const { cid } = params
      const status = (await node.findStatus(cid, viewer)) ?? unknownBill(cid)
      const read = async (): ReturnType<typeof readFile> => readFile(node, status, signal, principal.account)
      return sendFile(reply, await downloads.read(call, read))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills/{cid}/proof',
    operationId: 'getBillProof',
    summary: 'Proof of a claim of a bill',
    tag: 'Bills',
    access: ['proofs:read', 'bills:read', 'admin'],
    params: cidParams,
    query: proofQuery,
    answers: { 200: PROOF_ANSWER, 304: NOT_MODIFIED },
    problems: [UNKNOWN, 'ERR_API_PROOF_PENDING'],
    handle: async (call, node) => {
      const { cid } = call.params
      if ((await node.findStatus(cid, call.viewer)) === undefined) return unknownBill(cid)
      return sendProof(call, node, call.principal.account)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills/{cid}/facts',
    operationId: 'getBillFacts',
    summary: 'What people read in a certified bill',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    params: cidParams,
    answers: { 200: { description: 'What they read', schema: reviewedFacts } },
    problems: [UNKNOWN, 'ERR_API_NOT_REVIEWED'],
    handle: async ({ params: { cid }, principal, viewer }, node) => {
      const isReviewer = principal.scopes.includes('review')
      const isOwn = (await node.findStatus(cid, viewer)) !== undefined
      const isSeen = isOwn || (isReviewer && (await node.findStatus(cid, { ...viewer, all: true })) !== undefined)
      const access = { accountId: principal.account, isReviewer }
      const bills = isSeen ? await node.findReviewed(cid, access) : undefined
      if (bills !== undefined) return { bills }
      // The auditor's own people may see what was certified of what they read, and nothing else of others' bills.
      if (!isOwn) return unknownBill(cid)
      throw new ApiError(`bill ${cid} has no facts that people read, or not for this key`, {
        code: 'ERR_API_NOT_REVIEWED',
        cid,
      })
    },
  }),
]
