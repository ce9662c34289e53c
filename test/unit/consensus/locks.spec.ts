import assert from 'node:assert/strict'
import fc from 'fast-check'
import { imposeLock, requestLock } from '#consensus'
import type { Lock, LockRequest } from '#consensus'
import { toHex } from '#protocol'
import { hashOf } from '../../support/region-fixture.ts'

function lock(label: string, startDay: number, endDay: number, supersedes?: string): LockRequest {
  const claimId = hashOf(label)
  return { startDay, endDay, claimId, ...(supersedes === undefined ? {} : { supersedes: hashOf(supersedes) }) }
}

function grant(locks: readonly Lock[], request: LockRequest): readonly Lock[] {
  const outcome = requestLock(locks, request)
  assert.equal(outcome.kind, 'granted')
  return outcome.kind === 'granted' ? outcome.locks : locks
}

/** Who holds which days, and whom it is to replace. */
type Model = Map<string, { readonly days: ReadonlySet<number>; readonly replaces: string | undefined }>

function assertSound(locks: readonly Lock[], model: Model): void {
  for (const [i, later] of locks.entries()) {
    assert.ok((locks[i - 1]?.startDay ?? later.startDay) <= later.startDay, 'locks are out of order')
    for (const before of locks.slice(0, i)) {
      if (before.endDay <= later.startDay) continue
      const [a, b] = [toHex(before.claimId), toHex(later.claimId)]
      assert.ok(model.get(a)?.replaces === b || model.get(b)?.replaces === a, 'two locks overlap')
    }
  }
  assert.equal(new Set(locks.map((held) => toHex(held.claimId))).size, locks.length, 'a claim holds two locks')
}

describe('locks', () => {
  it('never collide where one bill ends on the day the next begins', () => {
    const locks = grant(grant([], lock('a', 10, 20)), lock('b', 20, 30))
    assert.deepEqual(
      grant(locks, lock('c', 0, 10)).map((held) => held.startDay),
      [0, 10, 20],
    )
  })

  it('refuse any shared day and name the claim that holds it', () => {
    const locks = grant([], lock('a', 10, 20))
    for (const [start, end] of [
      [19, 25],
      [5, 11],
      [12, 13],
      [0, 100],
      [10, 20],
    ] as const) {
      const outcome = requestLock(locks, lock('b', start, end))
      assert.deepEqual(outcome, { kind: 'refused', heldBy: hashOf('a') }, `${start} to ${end}`)
    }
  })

  it('are held already when the same claim comes again, from whomever', () => {
    const locks = grant([], lock('a', 10, 20))
    assert.deepEqual(requestLock(locks, lock('a', 10, 20)), { kind: 'held' })
  })

  it('give a period up only to a claim that names its holder', () => {
    const locks = grant(grant([], lock('a', 10, 20)), lock('b', 20, 30))
    const replacing = grant(locks, lock('c', 12, 18, 'a'))
    const holders = (held: readonly Lock[]): readonly string[] => held.map(({ claimId }) => toHex(claimId))
    // Until it is certified, nothing of the old period is free: the old claim still stands.
    assert.deepEqual(holders(replacing), [hashOf('a'), hashOf('c'), hashOf('b')].map(toHex))
    assert.deepEqual(requestLock(replacing, lock('d', 10, 12)), { kind: 'refused', heldBy: hashOf('a') })
    assert.deepEqual(requestLock(replacing, lock('d', 12, 18, 'a')), { kind: 'refused', heldBy: hashOf('c') })
    const replaced = imposeLock(replacing, lock('c', 12, 18, 'a'))
    assert.deepEqual(holders(replaced), [hashOf('c'), hashOf('b')].map(toHex))
    assert.equal(requestLock(replaced, lock('d', 10, 12)).kind, 'granted')
    assert.deepEqual(requestLock(locks, lock('c', 12, 22, 'a')), { kind: 'refused', heldBy: hashOf('b') })
    assert.deepEqual(requestLock(locks, lock('c', 12, 18, 'x')), { kind: 'refused', heldBy: hashOf('a') })
  })

  it('follow a certificate even against what this auditor had locked', () => {
    const locks = grant(grant([], lock('a', 10, 20)), lock('b', 20, 30))
    const imposed = imposeLock(locks, lock('c', 15, 25))
    assert.deepEqual(
      imposed.map((held) => toHex(held.claimId)),
      [toHex(hashOf('c'))],
    )
    assert.deepEqual(imposeLock(imposed, lock('c', 15, 25)), imposed)
  })

  it('overlap only where one is to replace the other, after any sequence of requests and certificates', () => {
    const steps = fc.record({
      claim: fc.nat(12),
      start: fc.nat(30),
      days: fc.integer({ min: 1, max: 12 }),
      supersedes: fc.option(fc.nat(12), { nil: undefined }),
      certified: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 40 }), (sequence) => {
        let locks: readonly Lock[] = []
        let model: Model = new Map()
        for (const step of sequence) {
          // A claim's id fixes its period and what it replaces, as claimIdOf does.
          const target = step.supersedes === undefined ? undefined : locks[step.supersedes % Math.max(locks.length, 1)]
          const replaces = target === undefined ? undefined : toHex(target.claimId)
          const label = `${step.claim} ${step.start} ${step.days} ${replaces ?? ''}`
          const holder = toHex(hashOf(label))
          const base = lock(label, step.start, step.start + step.days)
          const request = target === undefined ? base : { ...base, supersedes: target.claimId }
          const wanted = new Set(Array.from({ length: step.days }, (_, i) => step.start + i))
          const others = [...model].filter(([by]) => by !== holder && by !== replaces)
          const obstacles = others.filter(([, { days }]) => !days.isDisjointFrom(wanted)).map(([by]) => by)
          const own = [holder, { days: wanted, replaces }] as const
          if (step.certified) {
            locks = imposeLock(locks, request)
            model = new Map([...others.filter(([by]) => !obstacles.includes(by)), own])
          } else {
            const outcome = requestLock(locks, request)
            assert.equal(outcome.kind, model.has(holder) ? 'held' : obstacles.length > 0 ? 'refused' : 'granted')
            if (outcome.kind === 'refused') assert.ok(obstacles.includes(toHex(outcome.heldBy)))
            if (outcome.kind === 'granted') {
              locks = outcome.locks
              model.set(...own)
            }
          }
          assertSound(locks, model)
          const held = locks.map(({ claimId, startDay, endDay }) => `${toHex(claimId)} ${startDay} ${endDay}`)
          const expected = [...model].map(([by, { days }]) => `${by} ${Math.min(...days)} ${Math.max(...days) + 1}`)
          assert.deepEqual(held.toSorted(), expected.toSorted())
        }
      }),
      { numRuns: 300 },
    )
  })
})
