import { within } from '../anchoring/within.ts'

/** Options of {@link Cached}. */
export type CachedInit<T> = {
  /** Loads the value; a throw makes it absent. */
  readonly load: (signal: AbortSignal) => Promise<T>
  /** A value older than this is loaded again. */
  readonly maxAgeMs: number
  /** Longest that a load takes. */
  readonly timeoutMs: number
  /** Longest that a caller waits for the first value; later ones come from memory while a new one is loaded. */
  readonly waitMs: number
  /** A clock that never goes back, in ms. */
  readonly nowMs: () => number
}

/** A value that is slow to come by: looked up behind, and told as it was lately. */
export class Cached<T> {
  readonly #init: CachedInit<T>
  readonly #stopped = new AbortController()
  #value: T | undefined
  #loadedAtMs = -Infinity
  #loading: Promise<void> | undefined

  constructor(init: CachedInit<T>) {
    this.#init = init
  }

  /** The value as it was at most some time ago; `undefined` when it cannot be had. */
  async get(): Promise<T | undefined> {
    const { maxAgeMs, waitMs, nowMs } = this.#init
    if (this.#stopped.signal.aborted) return this.#value
    if (nowMs() - this.#loadedAtMs <= maxAgeMs) return this.#value
    const isFirst = this.#loadedAtMs === -Infinity
    this.#loading ??= this.#load()
    if (isFirst) await within(this.#loading, AbortSignal.timeout(waitMs)).catch(() => undefined)
    return this.#value
  }

  /** Ends what is under way; idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loading
  }

  async #load(): Promise<void> {
    const { load, timeoutMs, nowMs } = this.#init
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(timeoutMs)])
    try {
      this.#value = await load(signal)
    } catch {
      this.#value = undefined
    }
    this.#loadedAtMs = nowMs()
    this.#loading = undefined
  }
}
