import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { identify } from './auth.ts'
import type { KeyRing } from './views/accounts.ts'

/** Streams of one key: a program of each of its people, and what a proxy has not closed yet. */
const STREAMS_PER_KEY = 10
/** Streams of all keys: some tens of kB each. */
const STREAMS_IN_ALL = 1_000
/** When a client is told to try again that found no place. */
const RETRY_S = 15

/** Times of streams; tests have shorter ones. */
export type StreamTimes = {
  /** Between two comments on a stream that has nothing to tell. */
  readonly heartbeatMs: number
  /** A stream looks so often whether its key is still valid; before each event it looks too. */
  readonly keyCheckMs: number
  /** What a client does not take within this time ends its stream; it comes back with the number of its last event. */
  readonly stallMs: number
}

/** Proxies close what is silent for 30 s or more. A minute without taking anything is a client that is gone. */
const STREAM_TIMES: StreamTimes = { heartbeatMs: 15_000, keyCheckMs: 1_000, stallMs: 60_000 }

/** A stream that has a place. */
export type OpenedStream = {
  /** Aborted when the server stops. */
  readonly signal: AbortSignal
  readonly times: StreamTimes
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
  readonly #times: StreamTimes
  #total = 0

  constructor(keys: KeyRing, times: Partial<StreamTimes> = {}) {
    this.#keys = keys
    this.#times = { ...STREAM_TIMES, ...times }
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
      times: this.#times,
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
