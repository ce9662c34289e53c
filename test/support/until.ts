/** Time between two looks: short beside anything that a region does, long enough to leave it the processor. */
const LOOK_MS = 20

/** Bounds of {@link until}. */
export type UntilInit = {
  /** @default 20_000 */
  readonly deadlineMs?: number
  /** What stood in the way, for the message. */
  readonly lastSeen?: () => unknown
}

/**
 * Waits until `find` finds something other than `undefined` and `false`.
 *
 * @throws {Error} with `what` when the deadline has passed; whatever `find` throws.
 */
export async function until<T>(
  what: string,
  find: () => T | undefined | false | Promise<T | undefined | false>,
  init: UntilInit = {},
): Promise<T> {
  const { deadlineMs = 20_000 } = init
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const found = await find()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) {
      const seen = init.lastSeen === undefined ? '' : `; last seen: ${describe(init.lastSeen())}`
      throw new Error(`not within ${deadlineMs} ms: ${what}${seen}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
