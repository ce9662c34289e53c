import { BlockList, isIP, isIPv4 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ApiError } from './api-error.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Refuses requests whose Host is a name, on a listener of loopback. A page of a stranger whose DNS says that its own site is
 * 127.0.0.1 would else read in the operator's browser what needs no key, as a page of the same site. On other interfaces
 * names are whatever the operator's network gives.
 */
export function refuseOtherHosts(server: FastifyInstance, listenHost: string): void {
  if (!isLoopback(listenHost)) return
  server.addHook('onRequest', (request, _reply, done) => {
    if (isOwn(request.headers.host ?? '')) done()
    else done(new ApiError('this listener has no such name: use localhost', { code: 'ERR_API_HOST' }))
  })
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost'
  return LOOPBACK.check(host, isIPv4(host) ? 'ipv4' : 'ipv6')
}

/** True for addresses, which no DNS can change, and for the one name of loopback. */
function isOwn(header: string): boolean {
  const host = /^(?:\[([0-9a-f:.]+)\]|([^:]+))(?::\d{1,5})?$/i.exec(header)
  const name = (host?.[1] ?? host?.[2] ?? '').toLowerCase()
  return isIP(name) !== 0 || name === 'localhost'
}
