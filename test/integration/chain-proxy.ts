/*
 * A JSON-RPC endpoint between a client and Anvil that can be made to fail as real ones do.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as the proxy sees it. */
export type ProxiedCall = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] }

/** What to answer instead of asking Anvil; `undefined` asks Anvil. A body, or a JSON-RPC `result` or `error`. */
export type Override =
  | undefined
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly status: number; readonly body: string }
  /** Closes the connection without an answer. */
  | 'hang-up'
  /** Never answers. */
  | 'silence'

/** A proxy on the loopback interface. */
export class RpcProxy {
  /** Every call so far, in order. */
  readonly calls: ProxiedCall[] = []
  /** Decides about each call. */
  override: (call: ProxiedCall) => Override | Promise<Override> = () => undefined
  readonly #server: Server
  #waiters: (() => void)[] = []
  #target: string

  private constructor(target: string) {
    this.#target = target
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** A proxy that listens. */
  static async open(target: string): Promise<RpcProxy> {
    const proxy = new RpcProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/secret-access-key`
  }

  /** Calls of one method so far. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length
  }

  /** Settles when a method has been called `count` times. */
  async reached(method: string, count: number): Promise<void> {
    while (this.count(method) < count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiters.push(resolve)
      await promise
    }
  }

  /** Asks another Anvil from now on. */
  retarget(target: string): void {
    this.#target = target
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const call = JSON.parse(body) as ProxiedCall
    this.calls.push(call)
    for (const wake of this.#waiters.splice(0)) wake()
    const override = await this.override(call)
    if (override === 'silence') return
    if (override === 'hang-up') {
      response.destroy()
      return
    }
    if (override === undefined) {
      try {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(this.#target, { method: 'POST', headers, body })
        response.end(await answer.text())
      } catch {
        response.destroy()
      }
    } else if ('body' in override) {
      response.writeHead(override.status).end(override.body)
    } else {
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...override }))
    }
  }
}
