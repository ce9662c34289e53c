import assert from 'node:assert/strict'
import { REFUSAL_BACKOFF_MS, REFUSALS_KEPT } from '../../../../node/network/constants.ts'
import { Refusals } from '../../../../node/network/refusals.ts'
import type { NewRefusal } from '../../../../node/network/refusals.ts'

const verdict: NewRefusal = { peerId: 'p', by: 'them', code: 'ERR_TEST_NO', reason: 'no', isVerdict: true }

describe('refusals', () => {
  let now: number
  let refusals: Refusals

  beforeEach(() => {
    now = 1_000
    refusals = new Refusals(() => now)
  })

  it('leave a peer alone after a verdict, for the whole back-off', () => {
    refusals.record(verdict)
    assert.equal(refusals.waitMs('p'), REFUSAL_BACKOFF_MS)
    assert.equal(refusals.waitMs('other'), 0)
    now += REFUSAL_BACKOFF_MS - 1
    assert.equal(refusals.waitMs('p'), 1)
    now += 5
    assert.equal(refusals.waitMs('p'), 0)
  })

  it('do not keep a peer away when an exchange broke, and do not forget a verdict for it', () => {
    const broken: NewRefusal = { ...verdict, by: 'us', code: 'ERR_NETWORK_TIMEOUT', isVerdict: false }
    refusals.record(broken)
    assert.equal(refusals.waitMs('p'), 0)
    refusals.record(verdict)
    refusals.record(broken)
    assert.equal(refusals.waitMs('p'), REFUSAL_BACKOFF_MS)
    assert.deepEqual(
      refusals.list().map(({ code, count }) => [code, count]),
      [
        ['ERR_TEST_NO', 1],
        ['ERR_NETWORK_TIMEOUT', 2],
      ],
    )
  })

  it('are told to listeners as they are listed, until those have had enough', () => {
    const heard: unknown[] = []
    const unsubscribe = refusals.onRefused((refusal) => heard.push(refusal))
    refusals.record({ ...verdict, reason: 'a\nb' })
    unsubscribe()
    assert.deepEqual(heard, refusals.list())
    assert.deepEqual(heard, [{ peerId: 'p', by: 'them', code: 'ERR_TEST_NO', reason: 'a?b', when: 1_000, count: 1 }])
    refusals.record(verdict)
    assert.equal(heard.length, 1)
  })

  it('are forgotten when the peer is accepted, and the oldest when there are too many', () => {
    refusals.record(verdict)
    refusals.pardon('p')
    assert.deepEqual([refusals.list(), refusals.waitMs('p')], [[], 0])
    for (let i = 0; i <= REFUSALS_KEPT; i += 1) refusals.record({ ...verdict, peerId: `p${i}` })
    assert.equal(refusals.list().length, REFUSALS_KEPT)
    assert.equal(refusals.list()[0]?.peerId, 'p1')
  })
})
