const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Waits before each further attempt: about three days in all, then the webhook is switched off. `docs/webhooks.md` shows them. */
export const RETRY_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  ...Array.from({ length: 5 }, () => 12 * HOUR_MS),
]
/** Longest wait that an endpoint may ask for. */
const LONGEST_MS = 12 * HOUR_MS
/** Part of a wait that chance takes or adds, so that many webhooks of one endpoint do not come back at once. */
const JITTER = 0.2

/**
 * Wait before the next attempt; `undefined` when there is none any more.
 *
 * @param failures attempts that failed one after another, at least 1.
 * @param random in [0, 1).
 * @param retryAfter the header of the answer: seconds or a date. It lengthens a wait and never shortens it.
 * @param retryMs waits, of which there are as many as further attempts.
 */
export function retryDelayMs(
  failures: number,
  random: number,
  retryAfter: string | undefined,
  nowMs: number,
  retryMs: readonly number[] = RETRY_MS,
): number | undefined {
  const delayMs = retryMs[failures - 1]
  if (delayMs === undefined) return undefined
  const jittered = Math.round(delayMs * (1 + JITTER * (2 * random - 1)))
  return Math.max(jittered, Math.min(askedMs(retryAfter, nowMs), LONGEST_MS))
}

function askedMs(retryAfter: string | undefined, nowMs: number): number {
  if (retryAfter === undefined) return 0
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * SECOND_MS
  const date = Date.parse(retryAfter)
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs)
}
