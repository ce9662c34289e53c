import { Server as HttpsServer } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { ApiError } from './api-error.ts'
import { STOP_GRACE_MS } from './constants.ts'
import type { ApiServerComponents, ApiServerInit } from './server-init.ts'
import { Uploads } from './uploads.ts'

/** One listener of a node's HTTP API. */
export class ApiServer {
  readonly #init: ApiServerInit
  readonly #components: ApiServerComponents
  readonly #uploads: Uploads
  #server: FastifyInstance | undefined

  constructor(init: ApiServerInit, components: ApiServerComponents) {
    this.#init = init
    this.#components = components
    this.#uploads = new Uploads({ dir: init.uploadsDir, createName: init.createId })
  }

  /** Base URL that the API answers at; only after `start`. */
  get url(): string {
    const address = this.#server?.server.address()
    if (address === null || address === undefined || typeof address === 'string') {
      throw new TypeError('the API is not started')
    }
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
    return `${this.#init.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`
  }

  /** @throws {ApiError} ERR_API_LISTEN when its address cannot be had. */
  async start(): Promise<void> {
    if (this.#init.kind !== 'operator') await this.#uploads.start()
    // Loaded here: whoever wants the types and keys of the API alone, such as a command, needs no server.
    const { createListener } = await import('./listener.ts')
    this.#server = await createListener(this.#init, this.#components, this.#uploads)
    await listen(this.#server, this.#init)
  }

  /** Shows another certificate from the next connection on; connections that are open keep theirs. */
  renewTls(tls: NonNullable<ApiServerInit['tls']>): void {
    const server = this.#server?.server
    if (server instanceof HttpsServer) server.setSecureContext(tls)
  }

  /** Takes no new requests, lets running ones end for a moment, and closes. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const timer = setTimeout(() => server.server.closeAllConnections(), STOP_GRACE_MS)
    await server.close()
    clearTimeout(timer)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it',
  EACCES: 'this user may not have it',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name is not known',
}

async function listen(server: FastifyInstance, { kind, host, port }: ApiServerInit): Promise<void> {
  try {
    await server.listen({ host, port })
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? REASONS[String(cause.code)] : undefined
    if (reason === undefined) throw cause
    const key = kind === 'operator' ? 'operator' : 'api'
    const message = `cannot listen at ${host} port ${port} (${key}.host, ${key}.port): ${reason}`
    throw new ApiError(message, { code: 'ERR_API_LISTEN', host, port }, { cause })
  }
}
