import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { ApiError } from './api-error.ts'
import { identify } from './auth.ts'
import { COUNTED_CALLERS, RATE_WINDOW_MS } from './constants.ts'
import type { KeyRing } from './views/accounts.ts'

/** How many requests a minute are taken. */
export type Rates = {
  /** Of one address (IPv6: one /64) without a valid key. */
  readonly requestsPerMinuteAddress: number
  /** Of one key, from wherever it is used. */
  readonly requestsPerMinuteKey: number
}

/**
 * Finds out whose key each request carries, and counts it: a request with a valid key for the key, every other for its
 * address. This comes first of all, before routes, bodies and scopes, so that refused requests count as well.
 */
export async function registerCallers(server: FastifyInstance, keys: KeyRing, rates: Rates): Promise<void> {
  await server.register(rateLimit, { global: false, cache: COUNTED_CALLERS })
  const count = server.createRateLimit({
    timeWindow: RATE_WINDOW_MS,
    keyGenerator: ({ principal, ip }) => (principal === undefined ? `address ${normalizeIP(ip)}` : principal.keyId),
    max: ({ principal }) => (principal === undefined ? rates.requestsPerMinuteAddress : rates.requestsPerMinuteKey),
  })
  server.decorateRequest('principal', undefined)
  server.addHook('onRequest', async (request, reply) => {
    request.principal = identify(keys, request)
    const state = await count(request)
    if (state.isAllowed) return
    reply.header('ratelimit-limit', state.max)
    reply.header('ratelimit-remaining', state.remaining)
    reply.header('ratelimit-reset', state.ttlInSeconds)
    if (!state.isExceeded) return
    const whose = request.principal === undefined ? 'of this address without a valid key' : 'of this key'
    throw new ApiError(`more than ${state.max} requests ${whose} in a minute`, {
      code: 'ERR_API_RATE',
      retryAfterS: state.ttlInSeconds,
      limit: state.max,
    })
  })
}
