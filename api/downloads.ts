import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyReply } from 'fastify'
import { ApiError } from './api-error.ts'
import {
  DOWNLOAD_RETRY_S,
  DOWNLOAD_TIMEOUT_MS,
  MAX_BODIES_IN_MEMORY,
  MAX_DOWNLOADS,
  MAX_DOWNLOADS_OF_CALLER,
  SMALL_BODY_BYTES,
} from './constants.ts'
import { Slots } from './slots.ts'
import type { Principal } from './views/accounts.ts'

/** Who asks, and where the answer goes. */
type DownloadCall = {
  readonly principal: Principal | undefined
  readonly request: { readonly ip: string }
  readonly reply: FastifyReply
  readonly signal: AbortSignal
}

/**
 * Bounds the files that are in memory: a few are read and opened at a time, and large ones on their way out are counted until
 * their client has them, so that clients that ask for many and read none do not take all of it.
 */
export class Downloads {
  readonly #reading = new Slots(MAX_BODIES_IN_MEMORY)
  // Of its own: a recomputation takes seconds, and files do not wait for it.
  readonly #recomputing = new Slots(MAX_BODIES_IN_MEMORY)
  readonly #ofCallers = new Map<string, number>()
  #open = 0

  /**
   * Reads a file for an answer when it is its turn.
   *
   * @throws {ApiError} ERR_API_DOWNLOADS when too many large ones are on their way; whatever `read` throws.
   */
  async read<T extends { readonly bytes: Uint8Array }>(call: DownloadCall, read: () => Promise<T>): Promise<T> {
    return this.#reading.run(async () => {
      const file = await read()
      if (file.bytes.byteLength > SMALL_BODY_BYTES) this.#enter(callerOf(call), call)
      return file
    }, call.signal)
  }

  /** Does something that reads a file and answers without it, when it is its turn. */
  async recompute<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#recomputing.run(task, signal)
  }

  #enter(caller: string, { reply, signal }: DownloadCall): void {
    // Who is gone already is never told to be: its place would be lost.
    signal.throwIfAborted()
    const own = this.#ofCallers.get(caller) ?? 0
    if (this.#open >= MAX_DOWNLOADS || own >= MAX_DOWNLOADS_OF_CALLER) {
      throw new ApiError('too many large files are on their way out, try again later', {
        code: 'ERR_API_DOWNLOADS',
        retryAfterS: DOWNLOAD_RETRY_S,
      })
    }
    this.#open += 1
    this.#ofCallers.set(caller, own + 1)
    const timer = setTimeout(() => reply.raw.destroy(), DOWNLOAD_TIMEOUT_MS)
    reply.raw.once('close', () => {
      clearTimeout(timer)
      this.#open -= 1
      const left = (this.#ofCallers.get(caller) ?? 1) - 1
      if (left > 0) this.#ofCallers.set(caller, left)
      else this.#ofCallers.delete(caller)
    })
  }
}

// Without a key all of one /64 are one, as where requests are counted.
function callerOf({ principal, request: { ip } }: DownloadCall): string {
  if (principal !== undefined) return `account ${principal.account}`
  return `address ${normalizeIP(ip)}`
}
