import assert from 'node:assert/strict'
import { RETRY_MS, retryDelayMs } from '../../../node/service/webhook-retries.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.parse('2026-01-01T00:00:00Z')

describe('waits between attempts of a webhook', () => {
  it('grow from seconds to half a day, about three days in all, then there is none', () => {
    assert.equal(RETRY_MS[0], 5_000)
    assert.equal(RETRY_MS.at(-1), 12 * HOUR_MS)
    assert.deepEqual(
      RETRY_MS,
      [...RETRY_MS].sort((a, b) => a - b),
    )
    const totalMs = RETRY_MS.reduce((sum, ms) => sum + ms, 0)
    assert.ok(totalMs > 70 * HOUR_MS && totalMs < 80 * HOUR_MS)
    assert.equal(retryDelayMs(RETRY_MS.length, 0.5, undefined, NOW_MS), 12 * HOUR_MS)
    assert.equal(retryDelayMs(RETRY_MS.length + 1, 0.5, undefined, NOW_MS), undefined)
  })

  it('are a fifth shorter or longer by chance', () => {
    assert.equal(retryDelayMs(1, 0, undefined, NOW_MS), 4_000)
    assert.equal(retryDelayMs(1, 0.999_999_9, undefined, NOW_MS), 6_000)
  })

  it('are as long as the endpoint asks for, within half a day, and never shorter', () => {
    const cases: [string, number][] = [
      ['60', 60_000],
      ['1', 5_000],
      ['0', 5_000],
      ['999999999', 12 * HOUR_MS],
      ['Thu, 01 Jan 2026 00:10:00 GMT', 600_000],
      ['Wed, 31 Dec 2025 00:00:00 GMT', 5_000],
      ['-60', 5_000],
      ['soon', 5_000],
      ['', 5_000],
      ['9'.repeat(400), 5_000],
    ]
    for (const [header, ms] of cases) assert.equal(retryDelayMs(1, 0.5, header, NOW_MS), ms, header)
  })
})
