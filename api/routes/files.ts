import { ApiError } from '../api-error.ts'
import { isKnown, NOT_MODIFIED } from '../etag.ts'
import { defineRoute } from '../route.ts'
import { cidParams, proofQuery } from '../schemas/common.ts'
import {
  FILE_ANSWER,
  PROOF_ANSWER,
  publicFileHeaders,
  readFile,
  sendFile,
  sendProof,
  unknownBill,
  withdrawnBill,
} from './sending.ts'

/** What anybody may have: public bills, and the proof of any bill, of which a sealed one shows its leaf only. */
export const fileRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/files/{cid}',
    operationId: 'getPublicFile',
    summary: 'Bytes of a public bill',
    tag: 'Public',
    access: 'open',
    params: cidParams,
    answers: { 200: FILE_ANSWER, 304: NOT_MODIFIED },
    problems: ['ERR_API_BILL_UNKNOWN', 'ERR_API_BILL_WITHDRAWN', 'ERR_API_SEALED', 'ERR_API_DOWNLOADS'],
    compress: false,
    handle: async (call, node, { downloads }) => {
      const { params, signal, request, reply } = call
      const { cid } = params
      const status = (await node.findStatus(cid)) ?? unknownBill(cid)
      // No key opens what is gone.
      if (status.withdrawn?.removed === true) return withdrawnBill(cid)
      if (status.visibility !== 'public') {
        throw new ApiError(`bill ${cid} is sealed; it needs a key`, { code: 'ERR_API_SEALED', cid })
      }
      const headers = publicFileHeaders(cid)
      if (isKnown(request, headers.etag)) return reply.code(304).headers(headers).send()
      return sendFile(reply, await downloads.read(call, async () => readFile(node, status, signal)), headers)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/proofs/{cid}',
    operationId: 'getPublicProof',
    summary: 'Proof of a bill; of a sealed one only the leaf of its claim',
    tag: 'Public',
    access: 'open',
    params: cidParams,
    query: proofQuery,
    answers: { 200: PROOF_ANSWER, 304: NOT_MODIFIED },
    problems: ['ERR_API_BILL_UNKNOWN', 'ERR_API_PROOF_PENDING'],
    handle: async (call, node) => sendProof(call, node),
  }),
]
