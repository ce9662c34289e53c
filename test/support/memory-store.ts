import { toHex } from '#protocol'
import { Bucket, ClaimsByBill } from '#storage'
import type { Database, KeyRange, Store, Write } from '#storage'

/** Buckets that the tests of single components use. */
const BUCKETS = [
  'bills',
  'billsByPlainHash',
  'billsByTime',
  'queue',
  'claims',
  'claimsByBill',
  'superseded',
  'batches',
  'chains',
  'unanchored',
  'ownVotes',
  'votes',
  'locks',
  'equivocations',
  'reviews',
  'reviewEntries',
  'reviewNotices',
  'withdrawals',
  'withdrawn',
  'dailyCounts',
  'billsTold',
] as const

/** A store without a disk; real buckets, so that what is written is encoded and decoded. */
export type MemoryStore = Pick<Store, (typeof BUCKETS)[number] | 'commit'> & {
  /** Commits so far, those that failed included. */
  commits: number
  /** While set, every commit fails with it. */
  fault: Error | undefined
}

/** Makes an empty store. */
export function createMemoryStore(): MemoryStore {
  const values = new Map<string, Uint8Array>()
  const database = {
    find: async (key: Uint8Array) => values.get(toHex(key)),
    findMany: async (keys: readonly Uint8Array[]) => keys.map((key) => values.get(toHex(key))),
    async *entries(from: Uint8Array, below: Uint8Array, range: KeyRange) {
      const keys = [...values.keys()].filter((key) => key >= toHex(from) && key < toHex(below)).toSorted()
      const ordered = range.reverse === true ? keys.toReversed() : keys
      for (const key of ordered.slice(0, range.limit ?? keys.length)) {
        yield [new Uint8Array(Buffer.from(key.slice(2), 'hex')), values.get(key)]
      }
    },
  } as unknown as Database
  const buckets = Object.fromEntries(BUCKETS.map((name, i) => [name, new Bucket(database, i + 1)]))
  const claimsByBill = new ClaimsByBill(database, BUCKETS.length + 1)
  const store = {
    ...buckets,
    claimsByBill,
    commits: 0,
    fault: undefined as Error | undefined,
    async commit(writes: readonly Write[]): Promise<void> {
      store.commits += 1
      if (store.fault !== undefined) {
        // A disk takes its time to fail: a caller that tries again at once must not starve the test.
        await new Promise((resolve) => setImmediate(resolve))
        throw store.fault
      }
      for (const write of writes) {
        if (write.type === 'put') values.set(toHex(write.key), write.value)
        else values.delete(toHex(write.key))
      }
      claimsByBill.changed(writes)
    },
  }
  return store as unknown as MemoryStore
}
