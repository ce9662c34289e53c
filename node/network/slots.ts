/** At most `limit` holders per key at the same time; later ones wait their turn. */
export class Slots {
  readonly #limit: number
  readonly #held = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** True and a slot taken, or false if all are held. */
  tryTake(key: string): boolean {
    const held = this.#held.get(key) ?? 0
    if (held >= this.#limit) return false
    this.#held.set(key, held + 1)
    return true
  }

  /**
   * Takes a slot, waiting for one if need be.
   *
   * @throws the reason of `signal`.
   */
  async take(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.tryTake(key)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const queue = this.#waiting.get(key) ?? []
    const turn = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = (): void => {
      const at = queue.indexOf(turn)
      if (at !== -1) queue.splice(at, 1)
      reject(signal.reason)
    }
    queue.push(turn)
    this.#waiting.set(key, queue)
    signal.addEventListener('abort', leave, { once: true })
    await promise
  }

  /** Gives a slot back, to the first who waits. */
  release(key: string): void {
    const next = this.#waiting.get(key)?.shift()
    if (next !== undefined) {
      next()
      return
    }
    this.#waiting.delete(key)
    const held = (this.#held.get(key) ?? 1) - 1
    if (held > 0) this.#held.set(key, held)
    else this.#held.delete(key)
  }
}
