import { BlockList, isIPv4 } from 'node:net'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import { MAX_CONNECTIONS_OF_ADDRESS } from './constants.ts'

/**
 * Keeps the connections of a server within bounds: in all, and of one address (IPv6: one /64), so that idle ones of one
 * stranger neither take the memory nor keep others out. Trusted proxies speak for many and are bounded in all only. Where
 * there is little room left, each new connection takes the place of the one that has gone longest without a whole request,
 * before its first one or between two: its client opens a new one, if there is one.
 */
export function limitConnections(server: Server, trustProxies: readonly string[], most: number): void {
  const proxies = blockListOf(trustProxies)
  const counts = new Map<string, number>()
  const waiting = new Waiting(server)
  let open = 0
  server.maxConnections = most
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open * 10 >= most * 9) waiting.endLongest()
    waiting.add(socket)
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

/** Connections that nobody waits for an answer on, the longest first. */
class Waiting {
  readonly #waiting = new Map<string, Socket>()
  /** All connections, with the requests that are being answered on each: more than one where they are pipelined. */
  readonly #open = new Map<string, { readonly socket: Socket; requests: number }>()

  constructor(server: Server) {
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const name = nameOf(socket)
      const own = this.#open.get(name)
      if (own === undefined) return
      own.requests += 1
      this.#waiting.delete(name)
      response.once('close', () => {
        own.requests -= 1
        if (own.requests === 0 && this.#open.get(name) === own) this.#waiting.set(name, own.socket)
      })
    })
  }

  add(socket: Socket): void {
    const name = nameOf(socket)
    const own = { socket, requests: 0 }
    this.#open.set(name, own)
    this.#waiting.set(name, socket)
    socket.once('close', () => {
      if (this.#open.get(name) !== own) return
      this.#open.delete(name)
      this.#waiting.delete(name)
    })
  }

  endLongest(): void {
    const [longest] = this.#waiting
    if (longest === undefined) return
    // At once: it is closed in a later turn, and must not be ended twice.
    this.#waiting.delete(longest[0])
    longest[1].destroy()
  }
}

// With TLS a request has another socket than its connection; both know where the other end is.
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
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
