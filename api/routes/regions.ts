import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { cidParams, pageOf } from '../schemas/common.ts'
import {
  anchorParams,
  anchorsQuery,
  anchorView,
  batchesQuery,
  batchView,
  committeeView,
  regionList,
} from '../schemas/region.ts'

/** The network and the region: what anybody may know. */
export const regionRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/regions',
    operationId: 'listRegions',
    summary: 'Regions of the network',
    tag: 'Region',
    access: 'open',
    answers: { 200: { description: 'Every region of the charter', schema: regionList } },
    problems: [],
    hasETag: true,
    handle: (_call, node) => ({ regions: node.regions.listRegions() }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/committee',
    operationId: 'getCommittee',
    summary: "Auditors of this node's region, and which of them are connected",
    tag: 'Region',
    access: 'open',
    answers: { 200: { description: 'The committee', schema: committeeView } },
    problems: [],
    handle: (_call, node) => node.regions.committee(),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/anchors',
    operationId: 'listAnchors',
    summary: 'Anchors of the region on the chain, newest first',
    tag: 'Region',
    access: 'open',
    query: anchorsQuery,
    answers: { 200: { description: 'A page of anchors', schema: pageOf(anchorView) } },
    problems: ['ERR_API_CURSOR'],
    handle: async ({ query: { limit, cursor } }, node) =>
      node.regions.listAnchors({ limit, ...(cursor === undefined ? {} : { cursor }) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/anchors/{seq}',
    operationId: 'getAnchor',
    summary: 'One anchor',
    tag: 'Region',
    access: 'open',
    params: anchorParams,
    answers: { 200: { description: 'The anchor', schema: anchorView } },
    problems: ['ERR_API_ANCHOR_UNKNOWN'],
    hasETag: true,
    handle: async ({ params: { seq } }, node) => {
      const anchor = await node.regions.findAnchor(seq)
      if (anchor !== undefined) return anchor
      throw new ApiError(`no anchor ${seq} was seen on the chain`, { code: 'ERR_API_ANCHOR_UNKNOWN', seq })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/batches',
    operationId: 'listBatches',
    summary: 'Batches of all sponsors of the region',
    description:
      'In an order that stays the same and means nothing. A page that the filter leaves short still has `next` while there is more to look at.',
    tag: 'Region',
    access: 'open',
    query: batchesQuery,
    answers: { 200: { description: 'A page of batches', schema: pageOf(batchView) } },
    problems: ['ERR_API_CURSOR'],
    handle: async ({ query: { limit, cursor, state } }, node) =>
      node.regions.listBatches({
        limit,
        ...(cursor === undefined ? {} : { cursor }),
        ...(state === undefined ? {} : { state }),
      }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/batches/{cid}',
    operationId: 'getBatch',
    summary: 'One batch',
    tag: 'Region',
    access: 'open',
    params: cidParams,
    answers: { 200: { description: 'The batch', schema: batchView } },
    problems: ['ERR_API_BATCH_UNKNOWN'],
    hasETag: true,
    handle: async ({ params: { cid } }, node) => {
      const batch = await node.regions.findBatch(cid)
      if (batch !== undefined) return batch
      throw new ApiError(`no batch ${cid} here`, { code: 'ERR_API_BATCH_UNKNOWN', cid })
    },
  }),
]
