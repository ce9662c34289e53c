import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import type { RouteAccess } from './route.ts'
import { PUBLIC } from './views/access.ts'
import type { Viewer } from './views/access.ts'
import type { Actor, KeyRing, Principal } from './views/accounts.ts'

const BEARER = /^Bearer (\S{1,256})$/i

/** Whose key a request carries; `undefined` without a valid one. It is looked up before the body is read, and again behind it. */
export function identify(keys: KeyRing, request: FastifyRequest): Principal | undefined {
  const text = BEARER.exec(request.headers.authorization ?? '')?.[1]
  return text === undefined ? undefined : keys.authenticate(text)
}

/**
 * Refuses a request that may not call a route.
 *
 * @throws {ApiError} ERR_API_KEY_MISSING, ERR_API_KEY_WRONG, ERR_API_SCOPE.
 */
export function authorise(access: RouteAccess, request: FastifyRequest, principal: Principal | undefined): void {
  if (access === 'open') return
  if (principal === undefined) {
    if (request.headers.authorization === undefined) {
      throw new ApiError('no key: send the header Authorization: Bearer kw_…', { code: 'ERR_API_KEY_MISSING' })
    }
    throw new ApiError('the key is not valid here', { code: 'ERR_API_KEY_WRONG' })
  }
  if (access === 'any-key' || access.some((scope) => principal.scopes.includes(scope))) return
  const scope = access.join(' or ')
  throw new ApiError(`key ${principal.keyId} lacks the scope ${scope}`, { code: 'ERR_API_SCOPE', scope })
}

/** Whose bills a caller may see. */
export function viewerOf(principal: Principal | undefined): Viewer {
  return principal === undefined ? PUBLIC : { account: principal.account, all: principal.scopes.includes('admin') }
}

/** Who does something with a request, for the audit log. */
export function actorOf(principal: Principal, requestId: string): Actor {
  return { actor: `key:${principal.keyId}`, requestId }
}
