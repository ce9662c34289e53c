import { defineRoute } from '../route.ts'
import { createdWebhook, newWebhook, webhookList, webhookOutcome, webhookParams } from '../schemas/events.ts'

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
    problems: ['ERR_WEBHOOK_URL', 'ERR_WEBHOOK_LIMIT'],
    handle: async ({ principal, body, reply }, node) => {
      const { webhook, secret } = await node.webhooks.add(principal.account, body.url, body.states)
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
    method: 'DELETE',
    path: '/v1/webhooks/{id}',
    operationId: 'removeWebhook',
    summary: 'Remove a webhook and its secret',
    tag,
    access: ['bills:write'],
    params: webhookParams,
    answers: { 204: { description: 'It is gone; what is under way may still arrive' } },
    problems: ['ERR_WEBHOOK_UNKNOWN'],
    handle: async ({ principal, params, reply }, node) => {
      await node.webhooks.remove(principal.account, params.id)
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
    problems: ['ERR_WEBHOOK_UNKNOWN'],
    handle: async ({ principal, params, signal }, node) => node.webhooks.ping(principal.account, params.id, signal),
  }),
]
