import { equalBytes } from '#protocol'

/** A claimed period of one point tag, civil days, half-open. */
export type Lock = { readonly startDay: number; readonly endDay: number; readonly claimId: Uint8Array }

/** What a claim asks of its point tag's locks. */
export type LockRequest = Lock & { readonly supersedes?: Uint8Array }

/** `locks` unchanged if they have the claim already; with it added, ascending; or the claim that is in the way. */
export type LockOutcome =
  | { readonly kind: 'held' }
  | { readonly kind: 'granted'; readonly locks: readonly Lock[] }
  | { readonly kind: 'refused'; readonly heldBy: Uint8Array }

/**
 * Check-and-set of one point tag's locks; the caller makes it atomic and durable.
 *
 * DESIGN 8: half-open periods, so that adjacent bills never collide; only a claim that names the one it supersedes frees
 * that one's period. It frees it when it is certified ({@link imposeLock}): until then both hold theirs, so that what a
 * shorter period leaves over goes to nobody else while the superseded claim still stands.
 */
export function requestLock(locks: readonly Lock[], request: LockRequest): LockOutcome {
  if (locks.some((lock) => equalBytes(lock.claimId, request.claimId))) return { kind: 'held' }
  const { supersedes } = request
  const standing = supersedes === undefined ? locks : locks.filter((lock) => !equalBytes(lock.claimId, supersedes))
  const obstacle = standing.find((lock) => lock.startDay < request.endDay && request.startDay < lock.endDay)
  if (obstacle !== undefined) return { kind: 'refused', heldBy: obstacle.claimId }
  const added = { startDay: request.startDay, endDay: request.endDay, claimId: request.claimId }
  return { kind: 'granted', locks: [...locks, added].toSorted(orderLocks) }
}

/**
 * Locks after a certificate of the quorum: the certified claim takes its period even from a claim that this auditor
 * had locked for itself, because a quorum can no longer form for the other.
 */
export function imposeLock(locks: readonly Lock[], certified: LockRequest): readonly Lock[] {
  const others = locks.filter(
    (lock) =>
      !equalBytes(lock.claimId, certified.claimId) &&
      (lock.startDay >= certified.endDay || certified.startDay >= lock.endDay),
  )
  const { supersedes } = certified
  const standing = supersedes === undefined ? others : others.filter((lock) => !equalBytes(lock.claimId, supersedes))
  const added = { startDay: certified.startDay, endDay: certified.endDay, claimId: certified.claimId }
  return [...standing, added].toSorted(orderLocks)
}

function orderLocks(a: Lock, b: Lock): number {
  return a.startDay - b.startDay || a.endDay - b.endDay
}
