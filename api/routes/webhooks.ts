import { actorOf } from '../auth.ts'
import { defineRoute } from '../route.ts'
import {
  createdWebhook,
  newWebhook,
  rotateWebhookBody,
  webhookList,
  webhookOutcome,
  webhookParams,
} from '../schemas/events.ts'

const tag = 'Events'

/** Where an account's events are posted to. */
export const webhookRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v1/webhooks',
    operationId: 'createWebhook',
    summary: "Post the account's events to a URL from now on",
    description: 'Signed by Standard Webhooks (docs/webhooks.md). The secret is in this answer and in no other.',
    tag,
    access: ['bills:write'],
    body: newWebhook,
    answers: { 201: { description: 'The webhook and its secret', schema: createdWebhook } },
    problems: ['ERR_WEBHOOK_URL', 'ERR_WEBHOOK_LIMIT', 'ERR_WEBHOOK_CHANGES'],
    handle: async ({ principal, requestId, body, reply }, node) => {
      const { webhook, secret } = await node.webhooks.add(principal.account, body, actorOf(principal, requestId))
      reply.code(201).header('cache-control', 'no-store')
      return { ...webhook, secret }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/webhooks',
    operationId: 'listWebhooks',
    summary: "The account's webhooks, how far they are and how their last delivery went",
    tag,
    access: ['bills:read', 'bills:write'],
    answers: { 200: { description: 'Webhooks, oldest first', schema: webhookList } },
    problems: [],
    handle: async ({ principal }, node) => ({ items: await node.webhooks.list(principal.account) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/webhooks/{id}/rotate',
    operationId: 'rotateWebhook',
    summary: 'Give a webhook a new secret; posts are signed with both for a while',
    description:
      'The secret is in this answer and in no other. Of two rotations in a row the first secret ends at once.',
    tag,
    access: ['bills:write'],
    params: webhookParams,
    body: rotateWebhookBody,
    answers: { 200: { description: 'The webhook and its new secret', schema: createdWebhook } },
    problems: ['ERR_WEBHOOK_UNKNOWN', 'ERR_WEBHOOK_CHANGES'],
    handle: async ({ principal, requestId, params, body: { graceMs }, reply }, node) => {
      const change = { graceMs, by: actorOf(principal, requestId) }
      const { webhook, secret } = await node.webhooks.rotate(principal.account, params.id, change)
      reply.header('cache-control', 'no-store')
      return { ...webhook, secret }
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/webhooks/{id}',
    operationId: 'removeWebhook',
    summary: 'Remove a webhook and its secret',
    tag,
    access: ['bills:write'],
    params: webhookParams,
    answers: { 204: { description: 'It is gone; what is under way may still arrive' } },
    problems: ['ERR_WEBHOOK_UNKNOWN'],
    handle: async ({ principal, requestId, params, reply }, node) => {
      await node.webhooks.remove(principal.account, params.id, actorOf(principal, requestId))
      return reply.code(204).send()
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/webhooks/{id}/ping',
    operationId: 'pingWebhook',
    summary: 'Post a ping now; if it is answered, a webhook that was switched off goes on',
    tag,
    access: ['bills:write'],
    params: webhookParams,
    answers: { 200: { description: 'How it went', schema: webhookOutcome } },
    problems: ['ERR_WEBHOOK_UNKNOWN', 'ERR_WEBHOOK_CHANGES'],
    handle: async ({ principal, requestId, params, signal }, node) =>
      node.webhooks.ping(principal.account, params.id, { by: actorOf(principal, requestId), signal }),
  }),
]
