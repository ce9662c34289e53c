import { parseReviewEntry, ProtocolError } from '#protocol'
import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { cidParams } from '../schemas/common.ts'
import { entryBody, reviewList, reviewView } from '../schemas/reviews.ts'
import { FILE_ANSWER, sendFile } from './sending.ts'

const UNKNOWN = 'ERR_REVIEW_UNKNOWN'
const ABSENT = 'ERR_REVIEW_ABSENT'

// A bill under review is open to the auditor's own people, sealed or not: reading it is what they are asked for.
/** Bills that people must read. */
export const reviewRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/reviews',
    operationId: 'listReviews',
    summary: 'Bills that people must read',
    tag: 'Reviews',
    access: ['review'],
    answers: { 200: { description: 'All of the region', schema: reviewList } },
    problems: [],
    handle: async (_call, node) => ({ reviews: await node.listReviews() }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/reviews/{cid}',
    operationId: 'getReview',
    summary: 'One bill that people must read',
    tag: 'Reviews',
    access: ['review'],
    params: cidParams,
    answers: { 200: { description: 'The bill under review', schema: reviewView } },
    problems: [UNKNOWN],
    handle: async ({ params, signal }, node) => node.showReview(params.cid, signal),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/reviews/{cid}/file',
    operationId: 'getReviewFile',
    summary: "The bill's own bytes, opened",
    tag: 'Reviews',
    access: ['review'],
    params: cidParams,
    answers: { 200: FILE_ANSWER },
    problems: [UNKNOWN, ABSENT, 'ERR_API_DOWNLOADS'],
    compress: false,
    handle: async (call, node, { downloads }) => {
      const { params, principal, requestId, signal, reply } = call
      const by = { actor: `key:${principal.keyId}`, requestId }
      const read = async (): Promise<{ bytes: Uint8Array }> => ({
        bytes: await node.readReview(params.cid, signal, by),
      })
      return sendFile(reply, { ...(await downloads.read(call, read)), sealed: false })
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/reviews/{cid}/entry',
    operationId: 'enterReview',
    summary: 'Enter what a person read',
    tag: 'Reviews',
    access: ['review'],
    params: cidParams,
    body: entryBody,
    bodyBytes: 1_048_576,
    answers: { 200: { description: 'The bill under review', schema: reviewView } },
    problems: [UNKNOWN, ABSENT, 'ERR_REVIEW_NOT_NEEDED', 'ERR_REVIEW_FACTS', 'ERR_REVIEW_CLOSED'],
    handle: async ({ params, body, signal }, node) => node.enterReview(params.cid, parseEntry(body), signal),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/reviews/{cid}/entry',
    operationId: 'withdrawReview',
    summary: 'Withdraw what a person entered',
    tag: 'Reviews',
    access: ['review'],
    params: cidParams,
    answers: { 200: { description: 'The bill under review', schema: reviewView } },
    problems: [UNKNOWN, 'ERR_REVIEW_CLOSED'],
    handle: async ({ params }, node) => node.withdrawReview(params.cid),
  }),
]

function parseEntry(body: unknown): ReturnType<typeof parseReviewEntry> {
  try {
    return parseReviewEntry(body)
  } catch (cause) {
    const why = cause instanceof ProtocolError ? cause.message : 'entry: not what a person reads in a bill'
    throw new ApiError(why, { code: 'ERR_API_REQUEST', place: 'entry' }, { cause })
  }
}
