import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from './client.ts'

/** Time between two looks at a bill where the node tells no changes: quick for an eye, cheap for a node. */
const POLL_MS = 250
/** The same where it does: for what it may not have told. */
const LISTENING_POLL_MS = 5_000

/** Says when to look at a bill again: at each of its events, and now and then. */
export class BillBell {
  readonly #client: ApiClient
  readonly #cid: string
  readonly #signal: AbortSignal
  readonly #ended = new AbortController()
  #rung = new AbortController()
  #isListening = false
  #loop: Promise<void> = Promise.resolve()

  constructor(client: ApiClient, cid: string, signal: AbortSignal) {
    this.#client = client
    this.#cid = cid
    this.#signal = signal
  }

  /** Resolves when what happens from now on will ring. A node that tells nothing, to this key or any more, is asked in turns. */
  async start(): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#ended.signal])
    try {
      const { last } = await this.#client.listEvents(Number.MAX_SAFE_INTEGER, 1, { signal, attempts: 1 })
      this.#isListening = true
      this.#loop = this.#listen(last, signal)
    } catch {
      // Whatever it is, the next look at the bill meets it too, or it does not matter.
      this.#isListening = false
    }
  }

  /** Waits until there may be something new, or `signal` ends it. @throws the reason of the signal of the bell. */
  async wait(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([this.#signal, this.#rung.signal, signal])
    const waitMs = this.#isListening ? LISTENING_POLL_MS : POLL_MS
    await delay(waitMs, undefined, { signal: either }).catch(() => this.#signal.throwIfAborted())
    if (this.#rung.signal.aborted) this.#rung = new AbortController()
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#loop
  }

  async #listen(after: number, signal: AbortSignal): Promise<void> {
    try {
      for await (const { cid } of this.#client.followEvents(after, { signal, patienceMs: 0 })) {
        if (cid === this.#cid) this.#rung.abort()
      }
    } catch {
      // As above.
    } finally {
      this.#isListening = false
      this.#rung.abort()
    }
  }
}
