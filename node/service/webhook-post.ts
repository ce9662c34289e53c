import { lookup as dnsLookup } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { guardLookup, isPublicAddress, isPublicHost } from './webhook-address.ts'
import type { Lookup } from './webhook-address.ts'
import { WebhookError } from './webhook-error.ts'

/** Longest that an endpoint may take for its answer: it should note the event and work on it later. */
const POST_TIMEOUT_MS = 15_000
/** Bytes of an answer that are read, so that the connection serves again; a longer answer costs its connection. */
const ANSWER_BYTES = 4_096
/** Bytes of an answer's headers; nothing is taken from them but Retry-After. */
const HEADER_BYTES = 16_384
/** Idle connections kept for each endpoint. */
const IDLE_CONNECTIONS = 2
/** An idle connection is closed after this. */
const IDLE_MS = 5_000

/** What the poster needs. */
export type WebhookPosterInit = {
  /** Also plain http, and addresses that are not public. */
  readonly allowPrivate: boolean
  /** @default `dns.lookup` */
  readonly lookup?: Lookup
  /** @default POST_TIMEOUT_MS */
  readonly timeoutMs?: number
}

/** An answer, whatever its status. */
export type WebhookAnswer = {
  readonly status: number
  /** The header Retry-After as it is. */
  readonly retryAfter?: string
}

/** Posts to endpoints that strangers chose: checks where it connects, follows nothing, and reads next to nothing. */
export class WebhookPoster {
  readonly #init: WebhookPosterInit
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, timeout: IDLE_MS }),
    'https:': new HttpsAgent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, timeout: IDLE_MS }),
  }

  constructor(init: WebhookPosterInit) {
    this.#init = init
  }

  /** Closes all connections. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  /**
   * Posts once.
   *
   * @throws {WebhookError} ERR_WEBHOOK_ADDRESS, ERR_WEBHOOK_POST.
   */
  async post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<WebhookAnswer> {
    const { allowPrivate, timeoutMs = POST_TIMEOUT_MS } = this.#init
    // An address in the URL is never looked up.
    if (!allowPrivate && !isPublicHost(url)) {
      throw new WebhookError('the host is not public', { code: 'ERR_WEBHOOK_ADDRESS' })
    }
    const deadline = AbortSignal.timeout(timeoutMs)
    const ended = AbortSignal.any([signal, deadline])
    try {
      return await this.#try(url, headers, body, ended, true)
    } catch (cause) {
      if (cause instanceof WebhookError) throw cause
      const reason = deadline.aborted ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(cause)
      throw new WebhookError(`not delivered: ${reason}`, { code: 'ERR_WEBHOOK_POST', reason }, { cause })
    }
  }

  async #try(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
    isFirst: boolean,
  ): Promise<WebhookAnswer> {
    const sent = this.#send(url, headers, body, signal)
    try {
      const response = await answerOf(sent)
      const status = response.statusCode ?? 0
      const retryAfter = response.headers['retry-after']
      discard(response)
      return { status, ...(retryAfter === undefined ? {} : { retryAfter }) }
    } catch (cause) {
      // The endpoint closed an idle connection at the moment when it was used again: nothing was said about the event.
      if (isFirst && sent.reusedSocket && !signal.aborted) return this.#try(url, headers, body, signal, false)
      throw cause
    }
  }

  #send(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): ClientRequest {
    const { allowPrivate, lookup = dnsLookup } = this.#init
    const isTls = url.protocol === 'https:'
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: isTls ? this.#agents['https:'] : this.#agents['http:'],
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      maxHeaderSize: HEADER_BYTES,
      signal,
      ...(allowPrivate ? {} : { lookup: guardLookup(lookup) }),
    })
    if (!allowPrivate) request.once('socket', refusePrivate)
    request.end(body)
    return request
  }
}

// Whatever found the address: TLS, and with it the request, begins only after this.
function refusePrivate(socket: Socket): void {
  if (!socket.connecting) return
  socket.once('connect', () => {
    if (socket.remoteAddress !== undefined && isPublicAddress(socket.remoteAddress)) return
    socket.destroy(new WebhookError('the host is not public', { code: 'ERR_WEBHOOK_ADDRESS' }))
  })
}

async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    // Nobody asked for another protocol.
    request.once('upgrade', (_response, socket) => socket.destroy())
    request.once('close', () => reject(new Error('the connection was closed without an answer')))
  })
}

// The status is all that counts; the rest is read so that the connection serves again, or else cut off.
function discard(response: IncomingMessage): void {
  let bytes = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes > ANSWER_BYTES) response.destroy()
  })
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'failed'
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.message
  // Codes of sockets, DNS and TLS; never what the endpoint wrote.
  return code.slice(0, 100)
}
