/**
 * Result of work, or the signal's reason as soon as it aborts; the work itself goes on behind.
 *
 * @throws the signal's reason; whatever the work throws.
 */
export async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const give = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  if (signal.aborted) give()
  signal.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', give)
  }
}
