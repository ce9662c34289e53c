import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyReply } from 'fastify'
import { ApiError } from './api-error.ts'
import { DOWNLOAD_RETRY_S } from './constants.ts'
import type { Principal } from './views/accounts.ts'

/** Who asks, and where the answer goes. */
export type PlacesCall = {
  readonly principal: Principal | undefined
  readonly request: { readonly ip: string }
  readonly reply: FastifyReply
  readonly signal: AbortSignal
}

/** Options of the places. */
export type PlacesInit = {
  readonly inAll: number
  /** Of one account, or of one address without a key. */
  readonly ofCaller: number
  /** Longest time of one answer. @default without end */
  readonly timeoutMs?: number
}

/** Places of large answers on their way out: each is taken until the client has its answer, or is gone. */
export class Places {
  readonly #init: PlacesInit
  readonly #ofCallers = new Map<string, number>()
  #taken = 0

  constructor(init: PlacesInit) {
    this.#init = init
  }

  /** Takes a place for an answer. @throws {ApiError} ERR_API_DOWNLOADS when there is none. */
  take({ reply, signal, ...call }: PlacesCall): void {
    const { inAll, ofCaller, timeoutMs } = this.#init
    // Who is gone already is never told to be: its place would be lost.
    signal.throwIfAborted()
    const caller = callerOf(call)
    const own = this.#ofCallers.get(caller) ?? 0
    if (this.#taken >= inAll || own >= ofCaller) {
      throw new ApiError('too many large answers are on their way out, try again later', {
        code: 'ERR_API_DOWNLOADS',
        retryAfterS: DOWNLOAD_RETRY_S,
      })
    }
    this.#taken += 1
    this.#ofCallers.set(caller, own + 1)
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => reply.raw.destroy(), timeoutMs)
    reply.raw.once('close', () => {
      clearTimeout(timer)
      this.#taken -= 1
      const left = (this.#ofCallers.get(caller) ?? 1) - 1
      if (left > 0) this.#ofCallers.set(caller, left)
      else this.#ofCallers.delete(caller)
    })
  }
}

// Without a key all of one /64 are one, as where requests are counted.
function callerOf({ principal, request }: Pick<PlacesCall, 'principal' | 'request'>): string {
  return principal === undefined ? `address ${normalizeIP(request.ip)}` : `account ${principal.account}`
}
