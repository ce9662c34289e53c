import { ClientError } from './client-error.ts'
import type { Platform } from './platform.ts'

/** How often and how long a client tries again. */
export type RetryPolicy = {
  /** How often a request is sent at most. @default 5 */
  readonly attempts: number
  /** First wait where the node does not say how long; it doubles with each attempt. @default 250 */
  readonly firstMs: number
  /** Longest wait. A node that asks for more is not asked again: the caller is told at once. @default 60_000 */
  readonly longestMs: number
}

/**
 * Five attempts are 4 s of waits on their own, enough for a queue that is full; a minute is the longest that a node's rate
 * limits ask for.
 */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstMs: 250, longestMs: 60_000 }

/** What a request is tried with. */
export type RetryInit = {
  readonly policy: RetryPolicy
  readonly platform: Pick<Platform, 'nowMs' | 'schedule' | 'random'>
  /** Sent twice, it does what it does once; then what may have arrived is sent again too. */
  readonly isRepeatable: boolean
  /** When the call must be over, in ms since 1970. */
  readonly deadlineMs: number
  /** Ends everything, waits included. */
  readonly signal: AbortSignal
  /** Told before each wait. */
  readonly onRetry?: ((failure: ClientError, waitMs: number) => void) | undefined
}

/**
 * Makes a request, again while that helps.
 *
 * @throws the last failure, when it is none that passes, or there is no attempt or no time left; the signal's reason.
 */
export async function withRetry<T>(init: RetryInit, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send()
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown
      thrown.attempts = attempt
      const waitMs = isPassing(thrown, init.isRepeatable) ? waitOf(thrown, attempt, init) : undefined
      if (waitMs === undefined || init.platform.nowMs() + waitMs >= init.deadlineMs) throw thrown
      init.onRetry?.(thrown, waitMs)
      await wait(waitMs, init.platform, init.signal)
    }
  }
}

/** True if the same request may succeed a little later, and does no harm if it had arrived already. */
export function isPassing(failure: ClientError, isRepeatable: boolean): boolean {
  if (failure.kind === 'unreachable') return isRepeatable
  if (failure.kind !== 'refused') return false
  // 429 comes before anything is done, and so does a 503 of the node itself. What a proxy says may hide a request that arrived.
  if (failure.status === 429) return true
  if (failure.status === 503) return isRepeatable || failure.isProblem
  return isRepeatable && (failure.status === 502 || failure.status === 504)
}

/** Wait before the next attempt; `undefined` if there is none. */
function waitOf(
  failure: ClientError,
  attempt: number,
  { policy, platform }: Pick<RetryInit, 'policy' | 'platform'>,
): number | undefined {
  if (attempt >= policy.attempts) return undefined
  const { retryAfterMs } = failure
  if (retryAfterMs === undefined) return backOffMs(attempt, policy, platform.random)
  // Later than asked, never earlier: those who were told the same time do not all come at once.
  return retryAfterMs > policy.longestMs ? undefined : retryAfterMs + platform.random() * policy.firstMs
}

/** A wait that doubles, the second half of it by chance. */
function backOffMs(attempt: number, policy: Pick<RetryPolicy, 'firstMs' | 'longestMs'>, random: () => number): number {
  const full = Math.min(policy.firstMs * 2 ** (attempt - 1), policy.longestMs)
  return full / 2 + (random() * full) / 2
}

/** Waits, unless the signal ends it. @throws the signal's reason. */
export async function wait(ms: number, platform: Pick<Platform, 'schedule'>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // What a signal gives as reason is the caller's to choose.
    const fail = (): void => reject(signal.reason as Error)
    if (signal.aborted) {
      fail()
      return
    }
    const cancel = platform.schedule(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      cancel()
      fail()
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

const SECONDS = /^\d{1,9}$/
const IMF_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const RFC850_DATE = /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/**
 * Time that a `Retry-After` names (RFC 9110, 10.2.3): seconds, or a date in one of the three forms of 5.6.7.
 *
 * @returns ms from now, 0 for a date that has passed; `undefined` for what is neither.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  if (SECONDS.test(text)) return Number(text) * 1_000
  const isDate = IMF_DATE.test(text) || RFC850_DATE.test(text)
  // The oldest form has no zone, and is in UTC all the same.
  const time = isDate ? Date.parse(text) : ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.max(0, time - nowMs)
}
