import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { BillState } from '#api'
import { statesToTell } from '../../../node/service/bill-changes.ts'
import type { ToldState } from '../../../node/service/bill-changes.ts'

const PATH = ['received', 'proposed', 'certified', 'anchored', 'final'] as const
const ENDED = ['rejected', 'needs-review'] as const

const state = (name: BillState, code?: string): ToldState => ({ state: name, ...(code === undefined ? {} : { code }) })
const names = (told: ToldState | undefined, now: ToldState): string[] =>
  statesToTell(told, now).map(({ state: name }) => name)

describe('states that readers of events are told', () => {
  it('are all that a bill has passed, whatever it was when it was looked at first', () => {
    for (const [i, now] of PATH.entries()) assert.deepEqual(names(undefined, state(now)), PATH.slice(0, i + 1))
    assert.deepEqual(names(undefined, state('needs-review', 'ERR_X')), ['received', 'needs-review'])
    assert.deepEqual(names(undefined, state('rejected', 'ERR_X')), ['received', 'rejected'])
  })

  it('are those between two looks, and none when nothing changed', () => {
    assert.deepEqual(names(state('received'), state('final')), ['proposed', 'certified', 'anchored', 'final'])
    for (const name of PATH) assert.deepEqual(names(state(name), state(name)), [])
    assert.deepEqual(names(state('rejected', 'A'), state('rejected', 'A')), [])
    assert.deepEqual(statesToTell(state('rejected', 'A'), state('rejected', 'B')), [state('rejected', 'B')])
  })

  it('go back only where the chain takes back', () => {
    assert.deepEqual(names(state('anchored'), state('certified')), ['certified'])
    assert.deepEqual(names(state('final'), state('certified')), ['certified'])
    assert.deepEqual(names(state('proposed'), state('received')), [])
    assert.deepEqual(names(state('certified'), state('proposed')), [])
  })

  it('start again after a refusal, and go on after people have read', () => {
    assert.deepEqual(names(state('rejected', 'A'), state('proposed')), ['received', 'proposed'])
    assert.deepEqual(names(state('needs-review', 'A'), state('received')), [])
    assert.deepEqual(names(state('needs-review', 'A'), state('certified')), ['proposed', 'certified'])
  })

  it('say that a file was withdrawn with the state that stands, once, and that it is kept again', () => {
    const gone: ToldState = { state: 'final', withdrawn: true }
    assert.deepEqual(statesToTell(state('final'), gone), [gone])
    assert.deepEqual(statesToTell(gone, gone), [])
    assert.deepEqual(statesToTell(state('certified'), gone), [state('anchored'), gone])
    assert.deepEqual(statesToTell(gone, state('final')), [state('final')])
    const unread: ToldState = { state: 'needs-review', code: 'E', withdrawn: true }
    assert.deepEqual(statesToTell(state('needs-review', 'E'), unread), [unread])
    // The chain takes back what it had: that is told of a withdrawn one too.
    assert.deepEqual(statesToTell(gone, { state: 'certified', withdrawn: true }), [
      { state: 'certified', withdrawn: true },
    ])
  })

  it('are the same however often somebody looks', () => {
    const steps = fc.array(fc.boolean(), { minLength: PATH.length, maxLength: PATH.length })
    fc.assert(
      fc.property(steps, fc.constantFrom(undefined, ...ENDED), (looks, end) => {
        const path: ToldState[] =
          end === undefined ? PATH.map((name) => state(name)) : [state('received'), state(end, 'E')]
        const heard: string[] = []
        let told: ToldState | undefined
        for (const [i, now] of path.entries()) {
          const isLast = i === path.length - 1
          if (looks[i] !== true && !isLast) continue
          const told1 = statesToTell(told, now)
          heard.push(...told1.map(({ state: name }) => name))
          told = told1.at(-1) ?? told
        }
        assert.deepEqual(
          heard,
          path.map(({ state: name }) => name),
        )
      }),
    )
  })
})
