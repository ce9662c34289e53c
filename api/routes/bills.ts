import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { billStatus, reviewedFacts, submissionQuery } from '../schemas/bills.ts'
import { cidParams, limitText, pageOf, proofQuery } from '../schemas/common.ts'
import { z } from 'zod'
import { parsePlace } from '../place.ts'
import { readBody } from '../body.ts'
import { LIMITS } from '#protocol'
import { FILE_ANSWER, PROOF_ANSWER, sendFile, sendProof, unknownBill } from './sending.ts'

const UNKNOWN = 'ERR_API_BILL_UNKNOWN'

/** Bills of an account. */
export const billRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v1/bills',
    operationId: 'submitBill',
    summary: 'Hand in a bill',
    description: 'Answers 202 only when the bill is durable here: what was answered with 202 is never lost.',
    tag: 'Bills',
    access: ['bills:write'],
    query: submissionQuery,
    isUpload: true,
    answers: {
      202: {
        description: 'The bill is kept, and will be proposed to the region',
        schema: billStatus,
        headers: { Location: 'Path of the bill' },
      },
    },
    problems: ['ERR_API_TOO_LARGE', 'ERR_BILL_EMPTY', 'ERR_BILL_REJECTED', 'ERR_CLAIM_OVERLAP', 'ERR_REGION_OTHER'],
    handle: async ({ query, principal, request, signal, reply }, node) => {
      const { visibility, file, place } = query
      const bytes = await readBody(request, LIMITS.billBytes)
      const status = await node.submitBill(
        {
          bytes,
          visibility,
          ...(file === undefined ? {} : { file }),
          ...(place === undefined ? {} : { declaredPlace: parsePlace(place) }),
          accountId: principal.account,
        },
        signal,
      )
      // 202 only now: submitBill has made the bill durable.
      return reply.code(202).header('location', `/v1/bills/${status.cid}`).send(status)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills',
    operationId: 'listBills',
    summary: 'Bills of the account, newest first',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    query: z.strictObject({ limit: limitText }),
    answers: { 200: { description: 'A page of bills', schema: pageOf(billStatus) } },
    problems: [],
    handle: async ({ query }, node) => ({ items: await node.listBills(query.limit) }),
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
    handle: async ({ params }, node) => (await node.findStatus(params.cid)) ?? unknownBill(params.cid),
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
    problems: [UNKNOWN],
    compress: false,
    handle: async ({ params, principal, signal, reply }, node) =>
      sendFile(reply, (await node.readBill(params.cid, signal, principal.account)) ?? unknownBill(params.cid)),
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
    answers: { 200: PROOF_ANSWER },
    problems: [UNKNOWN, 'ERR_API_PROOF_PENDING'],
    handle: async (call, node) => sendProof(call, node, call.principal.account),
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
    problems: ['ERR_API_NOT_REVIEWED'],
    handle: async ({ params: { cid }, principal }, node) => {
      const access = { accountId: principal.account, isReviewer: principal.scopes.includes('review') }
      const bills = await node.findReviewed(cid, access)
      if (bills !== undefined) return { bills }
      throw new ApiError(`bill ${cid} has no facts that people read, or not for this key`, {
        code: 'ERR_API_NOT_REVIEWED',
        cid,
      })
    },
  }),
]
