import { z } from 'zod'
import { toHex } from '#protocol'
import { ChainError } from './chain-error.ts'
import { RPC_RESPONSE_BYTES, RPC_TIMEOUT_MS } from './constants.ts'
import { decodeRevert } from './registry-abi.ts'

/** Options of {@link JsonRpc}. */
export type JsonRpcInit = {
  /** HTTP(S) endpoint. It may carry an access key, so only its origin appears in errors. */
  readonly url: string
  /** @default 10_000 */
  readonly timeoutMs?: number
}

/** Options of one request. */
export type RequestOptions = { readonly signal?: AbortSignal | undefined }

const answerShape = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
})

/** JSON-RPC's code for "execution reverted", with the revert's bytes as `data`. */
const REVERTED = 3

/*
 * Own client, not ethers' JsonRpcProvider: that one retries for ever on a dead endpoint, writes to the console, polls on timers of
 * its own and takes no AbortSignal.
 */

/** JSON-RPC 2.0 over HTTP with a time limit, a size limit and typed failures. Holds no connection and no timer between calls. */
export class JsonRpc {
  readonly #url: string
  readonly #timeoutMs: number
  #lastId = 0

  constructor(init: JsonRpcInit) {
    this.#url = init.url
    this.#timeoutMs = init.timeoutMs ?? RPC_TIMEOUT_MS
  }

  /** Scheme, host and port of the endpoint: safe to show. */
  get origin(): string {
    return URL.canParse(this.#url) ? new URL(this.#url).origin : 'not a URL'
  }

  /**
   * Result of one call, not checked further.
   *
   * @throws {ChainError} ERR_CHAIN_UNREACHABLE, ERR_CHAIN_RPC, ERR_CHAIN_REVERTED; the signal's reason when it aborts.
   */
  async request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted()
    this.#lastId += 1
    const answer = await this.#post({ jsonrpc: '2.0', id: this.#lastId, method, params }, options)
    if (answer.error === undefined) return answer.result ?? null
    const { code, message, data } = answer.error
    if (code === REVERTED || /revert/i.test(message)) throw decodeRevert(data)
    throw new ChainError(`${method} failed: ${message.slice(0, 200)}`, {
      code: 'ERR_CHAIN_RPC',
      method,
      rpcCode: code,
      rpcMessage: message.slice(0, 200),
    })
  }

  /**
   * Result of one call in the shape given; `null` results only if the shape has them.
   *
   * @throws {ChainError} as {@link request}; ERR_CHAIN_UNREACHABLE also for an answer of another shape.
   */
  async call<T>(
    shape: z.ZodType<T>,
    method: string,
    params: readonly unknown[],
    options: RequestOptions = {},
  ): Promise<T> {
    const parsed = shape.safeParse(await this.request(method, params, options))
    if (!parsed.success) throw this.#unusable(`${method} answered in an unknown form`, parsed.error)
    return parsed.data
  }

  /** Id of the chain that the endpoint serves. */
  async chainId(options: RequestOptions = {}): Promise<number> {
    return Number(await this.call(quantityShape, 'eth_chainId', [], options))
  }

  /** Returned bytes of a read-only call to a contract, at the newest block. */
  async ethCall(to: Uint8Array, input: string, options: RequestOptions = {}): Promise<string> {
    return await this.call(hexShape, 'eth_call', [{ to: toHex(to), data: input }, 'latest'], options)
  }

  async #post(body: unknown, options: RequestOptions): Promise<z.infer<typeof answerShape>> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
      })
      const text = await readLimited(response, RPC_RESPONSE_BYTES)
      // Some servers send the JSON-RPC error with status 400 or 500: the body counts if it is one.
      const answer = answerShape.safeParse(parseJson(text))
      if (answer.success && (response.ok || answer.data.error !== undefined)) return answer.data
      throw new Error(`HTTP ${response.status} without a JSON-RPC answer`)
    } catch (cause) {
      if (options.signal?.aborted === true) throw options.signal.reason
      throw this.#unusable('no usable answer', cause)
    }
  }

  #unusable(what: string, cause: unknown): ChainError {
    return new ChainError(
      `${this.origin}: ${what}`,
      { code: 'ERR_CHAIN_UNREACHABLE', endpoint: this.origin },
      { cause },
    )
  }
}

/** `0x` hex of any length. */
export const hexShape = z.string().regex(/^0x[0-9a-fA-F]*$/)
/** Unsigned integer as `0x` hex. */
export const quantityShape = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text))

async function readLimited(response: Response, limitBytes: number): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  for await (const chunk of response.body) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) throw new RangeError(`answer is over ${limitBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
