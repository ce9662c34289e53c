import { actorOf } from '../auth.ts'
import { defineRoute } from '../route.ts'
import { cidParams } from '../schemas/common.ts'
import { disclosureBody } from '../schemas/disclosure.ts'
import { sendFile, unknownBill } from './sending.ts'

/** A request is a recipient and nothing else. */
const BODY_BYTES = 1024

/** Handing a bill on. */
export const discloseRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v1/bills/{cid}/disclose',
    operationId: 'discloseBill',
    summary: 'Hand a bill on, sealed for a verifier alone',
    description:
      'Answers with an age file of the bill that only the named recipient opens. With the proof file it shows every figure; ' +
      'nobody else, and no later bill, is disclosed by it. What is disclosed cannot be taken back. It is written to the audit log.',
    tag: 'Bills',
    access: ['bills:read'],
    params: cidParams,
    body: disclosureBody,
    bodyBytes: BODY_BYTES,
    answers: {
      200: {
        description: 'The age file (age-encryption.org/v1), binary',
        contentTypes: ['application/octet-stream'],
        headers: { 'X-Kwitness-Sealed': '`true`: the bytes are an age file' },
      },
    },
    problems: ['ERR_API_BILL_UNKNOWN', 'ERR_API_DOWNLOADS', 'ERR_QUOTA_DISCLOSURES', 'ERR_SEAL_KEY'],
    compress: false,
    handle: async (call, node, { downloads }) => {
      const { params, body, principal, requestId, signal, reply } = call
      const { cid } = params
      const by = actorOf(principal, requestId)
      const request = { cid, to: body.to, account: principal.account, by }
      const file = await downloads.read(call, async () => ({
        bytes: (await node.disclosure.discloseBill(request, signal)) ?? unknownBill(cid),
      }))
      return sendFile(reply, { ...file, sealed: true })
    },
  }),
]
