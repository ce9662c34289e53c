/** What a client needs of the machine it runs on; tests give their own. */
export type Platform = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** Runs a task later, once. @returns what cancels it */
  readonly schedule: (delayMs: number, task: () => void) => () => void
  /** 0 to 1, for the jitter of waits. */
  readonly random: () => number
  /** A name that no other request has. */
  readonly createId: () => string
}

/** Longest time that a timer of browsers and of Node can wait: 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Browsers, workers, Node: what the web platform has everywhere. */
export const WEB_PLATFORM: Platform = {
  // Not the function itself: browsers refuse one that was taken off its object.
  fetch: async (url, init) => fetch(url, init),
  nowMs: () => Date.now(),
  schedule: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  // `crypto.randomUUID` is missing on pages without TLS.
  createId: () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(''),
}
