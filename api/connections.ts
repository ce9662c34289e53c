import { BlockList, isIPv4 } from 'node:net'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import { MAX_CONNECTIONS_OF_ADDRESS } from './constants.ts'

/**
 * Keeps the connections of a server within bounds: in all, and of one address (IPv6: one /64), so that idle ones of one
 * stranger neither take the memory nor keep others out. Trusted proxies speak for many and are bounded in all only. Where
 * there is little room left, connections that wait between two requests make some: their clients open new ones.
 */
export function limitConnections(server: Server, trustProxies: readonly string[], most: number): void {
  const proxies = blockListOf(trustProxies)
  const counts = new Map<string, number>()
  let open = 0
  server.maxConnections = most
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open * 10 >= most * 9) server.closeIdleConnections()
    const remote = socket.remoteAddress
    if (remote === undefined) return
    // Proxies by their whole address: the one of a /64 is not any other.
    const whole = remote.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '')
    if (proxies.check(whole, isIPv4(whole) ? 'ipv4' : 'ipv6')) return
    const address = normalizeIP(remote)
    const count = (counts.get(address) ?? 0) + 1
    if (count > MAX_CONNECTIONS_OF_ADDRESS) {
      socket.destroy()
      return
    }
    counts.set(address, count)
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    })
  })
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
