import assert from 'node:assert/strict'
import fc from 'fast-check'
import { imposeLock, requestLock } from '#consensus'
import type { Lock, LockRequest } from '#consensus'
import { equalBytes, toHex } from '#protocol'
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

function assertSound(locks: readonly Lock[]): void {
  for (const [i, later] of locks.entries()) {
    const before = locks[i - 1]
    if (before === undefined) continue
    assert.ok(before.startDay <= later.startDay, 'locks are out of order')
    assert.ok(before.endDay <= later.startDay, 'two locks overlap')
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
    assert.deepEqual(
      grant(locks, lock('c', 12, 18, 'a')).map((held) => toHex(held.claimId)),
      [hashOf('c'), hashOf('b')].map(toHex),
    )
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

  it('never overlap after any sequence of requests and certificates, and agree with a calendar of days', () => {
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
        // The model: who holds which day.
        let days = new Map<number, string>()
        for (const step of sequence) {
          // A claim's id fixes its period, as claimIdOf does.
          const label = `${step.claim} ${step.start} ${step.days}`
          const holder = toHex(hashOf(label))
          const target = step.supersedes === undefined ? undefined : locks[step.supersedes % Math.max(locks.length, 1)]
          const base = lock(label, step.start, step.start + step.days)
          const request = target === undefined ? base : { ...base, supersedes: target.claimId }
          const wanted = Array.from({ length: step.days }, (_, i) => step.start + i)
          const freed = target === undefined || equalBytes(target.claimId, base.claimId) ? '' : toHex(target.claimId)
          const isHeld = [...days.values()].includes(holder)
          const standing = new Map([...days].filter(([, by]) => by !== freed))
          const obstacles = new Set(wanted.flatMap((day) => standing.get(day) ?? []).filter((by) => by !== holder))
          if (step.certified) {
            locks = imposeLock(locks, request)
            days = new Map([...standing].filter(([, by]) => !obstacles.has(by)))
            for (const day of wanted) days.set(day, holder)
          } else {
            const outcome = requestLock(locks, request)
            assert.equal(outcome.kind, isHeld ? 'held' : obstacles.size > 0 ? 'refused' : 'granted')
            if (outcome.kind === 'refused') assert.ok(obstacles.has(toHex(outcome.heldBy)))
            if (outcome.kind === 'granted') {
              locks = outcome.locks
              days = standing
              for (const day of wanted) days.set(day, holder)
            }
          }
          assertSound(locks)
          const held = locks.flatMap((each) =>
            Array.from(
              { length: each.endDay - each.startDay },
              (_, i) => [each.startDay + i, toHex(each.claimId)] as const,
            ),
          )
          assert.deepEqual(
            new Map(held.toSorted(([a], [b]) => a - b)),
            new Map([...days].toSorted(([a], [b]) => a - b)),
          )
        }
      }),
      { numRuns: 300 },
    )
  })
})
