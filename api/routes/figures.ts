import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import type { Place } from '#protocol'
import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { cidParams } from '../schemas/common.ts'
import {
  estimateAnswer,
  estimateBody,
  explainQuery,
  explanation,
  factorsAnswer,
  factorsQuery,
} from '../schemas/figures.ts'
import { absentFile, unknownBill } from './sending.ts'

/** Factors, estimates, and where the figures of a bill come from. */
export const figureRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v1/estimates',
    operationId: 'estimate',
    summary: 'Emissions by the rules and data sets of the network, without a bill',
    tag: 'Figures',
    access: 'open',
    body: estimateBody,
    isBodyText: true,
    answers: { 200: { description: 'The estimate', schema: estimateAnswer } },
    problems: ['ERR_ESTIMATE_REQUEST', 'ERR_PLACE_UNKNOWN', 'ERR_FACTOR_NOT_AVAILABLE', 'ERR_NODE_BUSY'],
    handle: async ({ request, signal, reply }, node) =>
      // The text as it came: the route says so.
      sendJson(reply, await node.figures.estimate(request.body as string, signal)),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/factors',
    operationId: 'listFactors',
    summary: 'Which factor the rules take for a place and a year, what comes next, and what is never used',
    tag: 'Figures',
    access: 'open',
    query: factorsQuery,
    answers: { 200: { description: 'The factors', schema: factorsAnswer } },
    problems: ['ERR_PLACE_UNKNOWN', 'ERR_FACTOR_NOT_AVAILABLE', 'ERR_FACTOR_DATASET_UNKNOWN', 'ERR_NODE_BUSY'],
    handle: async ({ query, signal, reply }, node) => {
      const { year, dataset, activity, limit } = query
      const place = placeOf(query)
      if (place === undefined && activity === undefined) {
        throw new ApiError('place: give a place such as place=US-CA, or an activity', {
          code: 'ERR_API_REQUEST',
          place: 'place',
        })
      }
      const asked = {
        limit,
        ...(place === undefined ? {} : { place }),
        ...(year === undefined ? {} : { year }),
        ...(dataset === undefined ? {} : { dataset }),
        ...(activity === undefined ? {} : { activity }),
      }
      return sendJson(reply, await node.figures.factors(asked, signal))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bills/{cid}/explain',
    operationId: 'explainBill',
    summary: 'Where the figures of a bill come from, recomputed from its bytes',
    tag: 'Bills',
    access: ['bills:read', 'admin'],
    params: cidParams,
    query: explainQuery,
    answers: {
      200: { description: 'Every step, and whether the certified claims have the same', schema: explanation },
    },
    problems: ['ERR_API_BILL_UNKNOWN', 'ERR_API_BILL_WITHDRAWN', 'ERR_BILL_NO_FIGURES', 'ERR_AUDIT_TIMEOUT'],
    handle: async ({ params: { cid }, query, viewer, signal, reply }, node, { downloads }) => {
      const status = (await node.findStatus(cid, viewer)) ?? unknownBill(cid)
      const explain = async (): Promise<string | undefined> => node.figures.explain(cid, query.claim, signal)
      return sendJson(reply, (await downloads.recompute(explain, signal)) ?? absentFile(status))
    },
  }),
]

/** An answer that is JSON text already. */
function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json)
}

/** The place that the parameters name together, if any. */
function placeOf(query: z.output<typeof factorsQuery>): Place | undefined {
  const [country, state] = query.place?.split('-') ?? []
  const [eia, served] = query.utility?.split(':') ?? []
  const { zip, subregion, nerc } = query
  const american = [query.utility, zip, subregion, nerc].some((text) => text !== undefined)
  if (country === undefined && !american) return undefined
  if (american && country !== undefined && country !== 'US') {
    throw new ApiError('place: utilities, postal codes, subregions and NERC regions are of the US', {
      code: 'ERR_API_REQUEST',
      place: 'place',
    })
  }
  return {
    country: country ?? 'US',
    ...(state === undefined ? {} : { state }),
    ...(eia === undefined || served === undefined ? {} : { utility: { eia: Number(eia), state: served } }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion }),
    ...(nerc === undefined ? {} : { nerc }),
  }
}
