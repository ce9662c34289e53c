import assert from 'node:assert/strict'
import { WorkLanes } from '../../../node/work-lanes.ts'

type Gate = { readonly open: () => void; readonly passed: Promise<void> }

function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, passed: promise }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
}

describe('work lanes', () => {
  const NARROW = { name: 'narrow', width: 1 }

  it('work in one lane though another is full', async () => {
    const lanes = new WorkLanes()
    const never = gate()
    const done: string[] = []
    for (const key of ['a', 'b', 'c']) lanes.begin(NARROW, key, async () => never.passed)
    lanes.begin({ name: 'other', width: 1 }, 'a', async () => void done.push('other'))
    await lanes.settled('other', 'a')
    assert.deepEqual(done, ['other'])
    never.open()
    await lanes.allSettled()
  })

  it('run as many at a time as the lane is wide, in the order asked for', async () => {
    const lanes = new WorkLanes()
    const gates = [gate(), gate(), gate()]
    const begun: number[] = []
    gates.forEach((one, i) =>
      lanes.begin({ name: 'two', width: 2 }, String(i), async () => {
        begun.push(i)
        await one.passed
      }),
    )
    await turns()
    assert.deepEqual(begun, [0, 1])
    gates[1]?.open()
    await turns()
    assert.deepEqual(begun, [0, 1, 2])
    for (const one of gates) one.open()
    await lanes.allSettled()
  })

  it('run a key once more after it was asked for again while under way, however often', async () => {
    const lanes = new WorkLanes()
    const first = gate()
    const runs: string[] = []
    lanes.begin(NARROW, 'key', async () => {
      runs.push('first')
      await first.passed
    })
    await turns()
    for (const name of ['second', 'third', 'fourth']) lanes.begin(NARROW, 'key', async () => void runs.push(name))
    first.open()
    await lanes.settled('narrow', 'key')
    assert.deepEqual(runs, ['first', 'fourth'])
  })

  it('lose nothing that is asked for in the very turn in which the last work ends', async () => {
    const lanes = new WorkLanes()
    let runs = 0
    for (let i = 0; i < 50; i += 1) {
      const before = runs
      lanes.begin(NARROW, 'key', async () => void (runs += 1))
      // A different number of turns each time, so that every point of the end is met.
      for (let turn = 0; turn < i % 12; turn += 1) await Promise.resolve()
      lanes.begin(NARROW, 'key', async () => void (runs += 1))
      await lanes.allSettled()
      assert.ok(runs > before)
      assert.equal(lanes.countOthers('narrow', ''), 0)
    }
  })

  it('count the other keys of a lane', async () => {
    const lanes = new WorkLanes()
    const wait = gate()
    for (const key of ['a', 'b', 'c']) lanes.begin(NARROW, key, async () => wait.passed)
    assert.equal(lanes.countOthers('narrow', 'a'), 2)
    assert.equal(lanes.countOthers('narrow', 'x'), 3)
    assert.equal(lanes.countOthers('other', 'a'), 0)
    wait.open()
    await lanes.allSettled()
    assert.equal(lanes.countOthers('narrow', 'x'), 0)
  })
})
