import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { billStatus, submissionHeaders, submissionQuery } from '../schemas/bills.ts'
import { receiveBill } from '../submission.ts'
import type { BillStatus } from '../node-view.ts'
import { unknownBill } from './sending.ts'

/** How a bill is handed in. */
export const submitRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v1/bills',
    operationId: 'submitBill',
    summary: 'Hand in a bill',
    description:
      'The body is the file itself, whatever its content type says, or a form (`multipart/form-data`) with the part `file`. ' +
      'Answers 202 only when the bill is durable here: what was answered with 202 is never lost. The same bytes handed in ' +
      'again are the same bill.',
    tag: 'Bills',
    access: ['bills:write'],
    query: submissionQuery,
    headers: submissionHeaders,
    isUpload: true,
    answers: {
      202: {
        description: 'The bill is kept, and will be proposed to the region',
        schema: billStatus,
        headers: {
          Location: 'Path of the bill',
          'Idempotency-Replayed': '`true` if this request had been answered before',
        },
      },
    },
    problems: [
      'ERR_API_TOO_LARGE',
      'ERR_API_ENCODING',
      'ERR_API_UPLOADS',
      'ERR_API_IDEMPOTENCY',
      'ERR_BILL_EMPTY',
      'ERR_BILL_REJECTED',
      'ERR_CLAIM_OVERLAP',
      'ERR_REGION_UNKNOWN',
      'ERR_REGION_OTHER',
      'ERR_QUOTA_BILLS',
      'ERR_QUOTA_BYTES',
      'ERR_NODE_BUSY',
      'ERR_NODE_STOPPED',
      'ERR_STORAGE_FULL',
    ],
    handle: async (call, node, { uploads }) => {
      const { query, headers, principal, viewer, isKeyValid, request, signal, reply } = call
      const { account, keyId } = principal
      // A full quota is told before the body is read; a request with a name may be one that was answered already.
      if (headers['idempotency-key'] === undefined) node.accounts.checkQuota(account, 1)
      const { upload, fingerprint, ...said } = await receiveBill(request, query, account, uploads)
      const submit = async (bytes: Uint8Array): Promise<BillStatus> =>
        node.submitBill({ ...said, bytes, accountId: account, keyId }, signal)
      let status: BillStatus | undefined
      try {
        // A large bill takes minutes to come in: a key that was revoked meanwhile hands in nothing.
        if (!isKeyValid()) throw new ApiError('the key is not valid here', { code: 'ERR_API_KEY_WRONG' })
        const key = headers['idempotency-key']
        if (key === undefined) status = await upload.use(submit, signal)
        else {
          const answer = await node.idempotency.once({ account, key, fingerprint }, async () => {
            status = await upload.use(submit, signal)
            return status.cid
          })
          if (answer.isRepeated) reply.header('idempotency-replayed', 'true')
          status ??= (await node.findStatus(answer.cid, viewer)) ?? unknownBill(answer.cid)
        }
      } finally {
        await upload.discard()
      }
      // 202 only now: submitBill has made the bill durable.
      return reply.code(202).header('location', `/v1/bills/${status.cid}`).send(status)
    },
  }),
]
