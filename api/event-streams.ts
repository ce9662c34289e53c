import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { identify } from './auth.ts'
import type { KeyRing } from './views/accounts.ts'

/** Streams of one key: a program of each of its people, and what a proxy has not closed yet. */
export const STREAMS_PER_KEY = 10
/** Streams of all keys: some tens of kB each. */
export const STREAMS_IN_ALL = 1_000
/** When a client is told to try again that found no place. */
const RETRY_S = 15

/** A stream that has a place. */
export type OpenedStream = {
  /** Aborted when the server stops. */
  readonly signal: AbortSignal
  /** False once the key was revoked or has expired. */
  isKeyValid(): boolean
  /** Frees the place; again is harmless. */
  close(): void
}

/** Places of answers that never end by themselves, and how they end with the server. */
export class EventStreams {
  readonly #stopped = new AbortController()
  readonly #byKey = new Map<string, number>()
  readonly #keys: KeyRing
  #total = 0

  constructor(keys: KeyRing) {
    this.#keys = keys
  }

  /** @throws {ApiError} ERR_API_STREAMS. */
  open(keyId: string, request: FastifyRequest): OpenedStream {
    const own = this.#byKey.get(keyId) ?? 0
    if (own >= STREAMS_PER_KEY || this.#total >= STREAMS_IN_ALL) {
      const limit = own >= STREAMS_PER_KEY ? STREAMS_PER_KEY : STREAMS_IN_ALL
      const whose = own >= STREAMS_PER_KEY ? 'this key has' : 'this node serves'
      throw new ApiError(`${whose} ${limit} event streams already`, {
        code: 'ERR_API_STREAMS',
        limit,
        retryAfterS: RETRY_S,
      })
    }
    this.#byKey.set(keyId, own + 1)
    this.#total += 1
    let isOpen = true
    return {
      signal: this.#stopped.signal,
      isKeyValid: () => identify(this.#keys, request) !== undefined,
      close: () => {
        if (!isOpen) return
        isOpen = false
        this.#total -= 1
        const left = (this.#byKey.get(keyId) ?? 1) - 1
        if (left === 0) this.#byKey.delete(keyId)
        else this.#byKey.set(keyId, left)
      },
    }
  }

  /** Ends all streams: a server that closes would wait for them. */
  stop(): void {
    this.#stopped.abort()
  }
}
