import type { Platform } from '#client'

/** What a client sent. */
export type SentRequest = { readonly url: string; readonly init: RequestInit; readonly atMs: number }

/** An answer, or what `fetch` rejects with. */
export type FakeAnswer = Response | Error | ((request: SentRequest) => Promise<Response>)

/** A platform with answers by hand, whose time passes as fast as its timers allow. */
export class FakePlatform implements Platform {
  readonly sent: SentRequest[] = []
  readonly #answers: FakeAnswer[]
  #timers: { readonly atMs: number; readonly task: () => void }[] = []
  #nowMs: number
  #ids = 0
  /** Of every jitter. */
  chance = 0

  constructor(answers: readonly FakeAnswer[] = [], startsAt = '2026-01-01T00:00:00Z') {
    this.#answers = [...answers]
    this.#nowMs = Date.parse(startsAt)
  }

  readonly nowMs = (): number => this.#nowMs
  readonly random = (): number => this.chance
  readonly createId = (): string => `id-${(this.#ids += 1)}`
  readonly schedule = (delayMs: number, task: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, task }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
  /** As the real one, it rejects with the signal's reason. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted()
    const request = { url, init, atMs: this.#nowMs }
    this.sent.push(request)
    const answer = this.#answers.shift()
    if (answer === undefined) throw new TypeError('fetch failed')
    if (answer instanceof Error) throw answer
    return answer instanceof Response ? answer : answer(request)
  }

  /** Timers that nobody has cancelled. */
  get timers(): number {
    return this.#timers.length
  }

  /** Times between what was sent, in ms. */
  get waitsMs(): number[] {
    return this.sent.slice(1).map(({ atMs }, i) => atMs - (this.sent[i]?.atMs ?? 0))
  }

  /** Lets time pass, from timer to timer, until a promise is settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    for (;;) {
      // Streams take some turns of the event loop; no real time passes.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      if (isSettled) return promise
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) continue
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.task()
    }
  }
}

/** An answer with problem details. */
export function problemAnswer(status: number, code: string, headers: Record<string, string> = {}): Response {
  const problem = { type: 'about:blank', title: 'x', status, detail: `${code} it is`, instance: 'urn:uuid:1', code }
  return new Response(JSON.stringify({ ...problem, limit: 3 }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': 'request-1', ...headers },
  })
}
