import { setTimeout as wait } from 'node:timers/promises'

/**
 * Waits, or ends at once when the signal aborts.
 *
 * @throws the signal's reason.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? undefined : { signal })
  } catch (thrown) {
    signal?.throwIfAborted()
    throw thrown
  }
}
