import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { BillEvent } from '#api'
import { until } from './until.ts'

/** A post that an endpoint got. */
export type Post = {
  readonly id: string
  readonly timestamp: number
  readonly signature: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly atMs: number
}

/** How an endpoint answers its nth post, from 0. */
export type Behaviour = (index: number, response: ServerResponse, post: Post) => void

/** An endpoint of webhooks on loopback, real HTTP. */
export class WebhookEndpoint {
  readonly posts: Post[] = []
  readonly sockets = new Set<Socket>()
  /** Connections that were ever made. */
  connections = 0
  behave: Behaviour
  readonly #server: Server

  private constructor(behave: Behaviour) {
    this.behave = behave
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const text = (name: string): string => String(request.headers[name] ?? '')
        const post = {
          id: text('webhook-id'),
          timestamp: Number(text('webhook-timestamp')),
          signature: text('webhook-signature'),
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          atMs: performance.now(),
        }
        this.posts.push(post)
        this.behave(this.posts.length - 1, response, post)
      })
    })
    this.#server.on('connection', (socket) => {
      this.connections += 1
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  /** An endpoint that answers with 204, unless it is told otherwise. */
  static async start(
    behave: Behaviour = (_index, response) => void response.writeHead(204).end(),
  ): Promise<WebhookEndpoint> {
    const endpoint = new WebhookEndpoint(behave)
    endpoint.#server.listen(0, '127.0.0.1')
    await once(endpoint.#server, 'listening')
    return endpoint
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Waits for so many posts. */
  async until(count: number): Promise<void> {
    await until(`${count} posts`, () => this.posts.length >= count, { lastSeen: () => this.posts.length })
  }

  /** Events of the posts that are no pings, in the order in which they came. */
  events(): BillEvent[] {
    return this.posts
      .map(({ body }) => JSON.parse(body) as { readonly type: string; readonly data: BillEvent })
      .filter(({ type }) => type.startsWith('bill.'))
      .map(({ data }) => data)
  }
}

/** Verifies a post as its receiver would, by the specification alone. */
export function isSigned({ id, timestamp, signature, body }: Post, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return signature.split(' ').some((one) => {
    const [version, mac = ''] = one.split(',')
    const found = Buffer.from(mac, 'base64')
    return version === 'v1' && found.byteLength === expected.byteLength && timingSafeEqual(found, expected)
  })
}
