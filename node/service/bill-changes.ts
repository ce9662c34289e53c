import type { CID } from 'multiformats/cid'
import type { BillState } from '#api'
import type { Write } from '#storage'

/** Told by whoever changes records which bills may have another state now; the records themselves say which. */
export interface BillChanges {
  /** For the commit that makes a bill an account's: after a crash behind that commit, its state is told at the next start. */
  open(cid: CID): Write
  /** Records of these bills were written. Cheap, never waits, also for bills of others. */
  note(cids: Iterable<CID>): void
  /** A bill became an account's: as {@link note}, and its accounts are looked up anew. Behind the commit. */
  noteAccount(cid: CID): void
}

/** A state as it is told, with the code of its reason. */
export type ToldState = { readonly state: BillState; readonly code?: string; readonly withdrawn?: true }

const PATH: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']

/**
 * States to tell a reader that was told `told` last, so that every bill is told each state that it passed, once and in
 * order, however many changes one look at the records covers.
 *
 * Backwards only what the chain takes back is told (`certified` after `anchored`): a batch that is split and proposed again
 * was proposed before. From `rejected` a bill starts again at `received`: it was handed in once more, or another auditor had
 * claimed it. That its file was withdrawn, or is kept again, is told with the state that it has.
 */
export function statesToTell(told: ToldState | undefined, now: ToldState): readonly ToldState[] {
  const passed = statesPassed(told, now)
  if (passed.length > 0) return [...passed.slice(0, -1), now]
  return told !== undefined && told.withdrawn !== now.withdrawn ? [{ ...now, state: told.state }] : []
}

// The last one, if there is any, is the state that it has now.
function statesPassed(told: ToldState | undefined, now: ToldState): readonly ToldState[] {
  const at = PATH.indexOf(now.state)
  const from = told === undefined ? -1 : PATH.indexOf(told.state)
  if (at < 0) {
    if (told === undefined) return [{ state: 'received' }, now]
    return told.state === now.state && told.code === now.code ? [] : [now]
  }
  if (told?.state === 'needs-review') return along(1, at)
  if (at >= from) return along(from + 1, at)
  return at >= PATH.indexOf('certified') ? [now] : []
}

function along(first: number, last: number): ToldState[] {
  return PATH.slice(first, last + 1).map((state) => ({ state }))
}
