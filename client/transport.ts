import { readBytes, readJson, readRefusal } from './answer.ts'
import { ClientError } from './client-error.ts'
import { CALL_TIMEOUT_MS } from './constants.ts'
import { WEB_PLATFORM } from './platform.ts'
import type { Platform } from './platform.ts'
import { DEFAULT_RETRY, withRetry } from './retry.ts'
import type { RetryPolicy } from './retry.ts'

/** What a client is made with. */
export type ClientInit = {
  /** Base URL of the node's listener, such as `https://auditor.example`; empty on a page that the node's own origin serves. */
  readonly url: string
  /** API key (`kw_…`); without one only what is public. */
  readonly key?: string | undefined
  /** Ends everything that is under way, and all that comes later. */
  readonly signal?: AbortSignal | undefined
  /** Time for a call with all its attempts. @default 120_000 */
  readonly timeoutMs?: number | undefined
  readonly retry?: Partial<RetryPolicy> | undefined
  /** Told before each wait for another attempt. */
  readonly onRetry?: ((failure: ClientError, waitMs: number) => void) | undefined
  /** Turns a failure into what is thrown, for programs with errors of their own. @default the failure itself */
  readonly toError?: ((failure: ClientError) => Error) | undefined
  /** @default the web platform */
  readonly platform?: Partial<Platform> | undefined
}

/** Options of every call. */
export type CallOptions = {
  /** Ends the call; its reason is thrown. */
  readonly signal?: AbortSignal | undefined
  /** Time for the call with all its attempts. @default that of the client */
  readonly timeoutMs?: number | undefined
  /** How often it is sent at most. @default that of the client */
  readonly attempts?: number | undefined
}

/** A value of a query; `undefined` is left out. */
type QueryValue = string | number | undefined

/** One request. */
export type ClientRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** From the base URL on, with parts that are escaped already. */
  readonly path: string
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes, or what is written as JSON. */
  readonly body?: Uint8Array<ArrayBuffer> | Blob | { readonly json: unknown } | undefined
  /** Sent twice, it does what it does once. @default all but POST */
  readonly isRepeatable?: boolean
  /** Statuses beside 2xx that are answers. */
  readonly accepted?: readonly number[]
}

const KEY = /^[\x21-\x7e]+$/

/** Sends requests to one listener of a node, with its key, again where that helps, within one time. */
export class Transport {
  readonly url: string
  readonly hasKey: boolean
  readonly platform: Platform
  readonly #key: string | undefined
  readonly #init: ClientInit
  readonly #retry: RetryPolicy

  /** @throws {ClientError} ERR_CLIENT_REQUEST for a URL or a key that is none. */
  constructor(init: ClientInit) {
    const url = init.url.replace(/\/+$/, '')
    const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: url === '' || url.startsWith('/') ? '' : url }
    if (!['http:', 'https:', ''].includes(protocol)) {
      throw new ClientError(`${url} is no http or https URL`, { kind: 'request', url })
    }
    // Neither the key nor what is wrong with it is told: it may be another secret.
    if (init.key !== undefined && !KEY.test(init.key)) {
      throw new ClientError('what was given is no API key: kw_ and more, on one line', { kind: 'request', url })
    }
    this.url = url
    this.hasKey = init.key !== undefined
    this.platform = { ...WEB_PLATFORM, ...init.platform }
    this.#key = init.key
    this.#init = init
    this.#retry = { ...DEFAULT_RETRY, ...init.retry }
  }

  /** An answer in JSON, which must have `members`. */
  async json<T>(request: ClientRequest, members: readonly string[], options?: CallOptions): Promise<T> {
    // The node is one that was named: its answers are taken as they are, and what counts is verified from the proof.
    return this.#call(request, options, async (response) => (await readJson(response, this, members)) as T)
  }

  /** An answer of bytes, and its headers. */
  async bytes(
    request: ClientRequest,
    options?: CallOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly headers: Headers }> {
    return this.#call(request, options, async (response) => ({
      bytes: await readBytes(response, this),
      headers: response.headers,
    }))
  }

  /** An answer without content. */
  async nothing(request: ClientRequest, options?: CallOptions): Promise<void> {
    await this.#call(request, options, async (response) => {
      await readBytes(response, this)
    })
  }

  /** An answer whose body the caller reads: the time of the call ends with its head, the signals stay. */
  async body(request: ClientRequest, options?: CallOptions): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#call(request, options, async (response) => response)
    return body ?? new ReadableStream({ start: (controller) => controller.close() })
  }

  /** The same for who opens it again and again. @throws {ClientError} as it is, for {@link toError} to come later. */
  async open(request: ClientRequest, options?: CallOptions): Promise<Response> {
    return this.#attempt(request, options ?? {}, async (response) => response)
  }

  /** What is thrown for anything thrown. */
  toError(thrown: unknown): unknown {
    return thrown instanceof ClientError ? (this.#init.toError?.(thrown) ?? thrown) : thrown
  }

  async #call<T>(
    request: ClientRequest,
    options: CallOptions | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#attempt(request, options ?? {}, read)
    } catch (thrown) {
      throw this.toError(thrown)
    }
  }

  async #attempt<T>(
    request: ClientRequest,
    options: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { platform, url } = this
    const timeoutMs = options.timeoutMs ?? this.#init.timeoutMs ?? CALL_TIMEOUT_MS
    const own = [this.#init.signal, options.signal].filter((signal) => signal !== undefined)
    const late = new AbortController()
    const signal = AbortSignal.any([...own, late.signal])
    const cancel = platform.schedule(timeoutMs, () => late.abort())
    try {
      return await withRetry(
        {
          policy: { ...this.#retry, attempts: options.attempts ?? this.#retry.attempts },
          platform,
          isRepeatable: request.isRepeatable ?? request.method !== 'POST',
          deadlineMs: platform.nowMs() + timeoutMs,
          signal,
          onRetry: this.#init.onRetry,
        },
        async () => this.#send(request, signal, read),
      )
    } catch (thrown) {
      // Its own reason, whatever became of the request.
      own.find(({ aborted }) => aborted)?.throwIfAborted()
      if (!late.signal.aborted || thrown instanceof ClientError) throw thrown
      const message = `${url} did not answer within ${timeoutMs / 1_000} s`
      throw new ClientError(message, { kind: 'timeout', url }, { cause: thrown })
    } finally {
      cancel()
    }
  }

  async #send<T>(request: ClientRequest, signal: AbortSignal, read: (response: Response) => Promise<T>): Promise<T> {
    const { url } = this
    let response: Response | undefined
    try {
      response = await this.platform.fetch(`${url}${request.path}${queryOf(request.query)}`, {
        method: request.method ?? 'GET',
        headers: this.#headersOf(request),
        body: bodyOf(request),
        signal,
        redirect: 'manual',
        // A key says who asks; cookies of the same site have no business here.
        credentials: 'omit',
      })
      if (response.ok || request.accepted?.includes(response.status) === true) return await read(response)
    } catch (thrown) {
      if (signal.aborted || thrown instanceof ClientError) throw thrown
      const what = response === undefined ? `cannot reach ${url}` : `the answer of ${url} broke off`
      throw new ClientError(`${what}: ${reasonOf(thrown)}`, { kind: 'unreachable', url }, { cause: thrown })
    }
    throw await readRefusal(response, { url, nowMs: this.platform.nowMs() })
  }

  #headersOf({ headers, body }: ClientRequest): Headers {
    const all = new Headers(headers)
    if (this.#key !== undefined) all.set('authorization', `Bearer ${this.#key}`)
    if (body !== undefined) all.set('content-type', 'json' in body ? 'application/json' : 'application/octet-stream')
    return all
  }
}

/** A part of a path, escaped. */
export function part(text: string | number): string {
  return encodeURIComponent(text)
}

function queryOf(query: Readonly<Record<string, QueryValue>> = {}): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
  const text = given.toString()
  return text === '' ? '' : `?${text}`
}

function bodyOf({ body }: ClientRequest): Uint8Array<ArrayBuffer> | Blob | string | null {
  if (body === undefined) return null
  if (!('json' in body)) return body
  return typeof body.json === 'string' ? body.json : JSON.stringify(body.json)
}

/** fetch hides why behind a cause, where it says it at all. */
function reasonOf(thrown: unknown): string {
  const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (!(inner instanceof Error)) return String(inner)
  const code = 'code' in inner ? String(inner.code) : ''
  return code === 'ECONNREFUSED' ? 'connection refused' : inner.message || code
}
